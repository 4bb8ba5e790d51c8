// Mean values of sums of Pauli strings.
#pragma once
#include <nanobind/nanobind.h>

void bind_pauli(nanobind::module_& module);
