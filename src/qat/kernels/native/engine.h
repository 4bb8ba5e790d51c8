// Programs and their runs, as Python sees them.
#pragma once
#include <nanobind/nanobind.h>

void bind_engine(nanobind::module_& module);
