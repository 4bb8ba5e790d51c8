#include "pauli.h"

void bind_pauli(nanobind::module_&) {}
