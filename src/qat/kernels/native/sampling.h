// Random outcomes and distributions of a state.
#pragma once
#include <nanobind/nanobind.h>

void bind_sampling(nanobind::module_& module);
