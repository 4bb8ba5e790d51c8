#include "gradient.h"

void bind_gradient(nanobind::module_&) {}
