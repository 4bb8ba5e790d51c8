#include "sampling.h"

void bind_sampling(nanobind::module_&) {}
