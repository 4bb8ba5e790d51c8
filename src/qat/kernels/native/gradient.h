// Derivatives of mean values by the parameters of a circuit (adjoint method), and circuits among few basis states.
#pragma once
#include <nanobind/nanobind.h>

void bind_gradient(nanobind::module_& module);
void bind_subspace(nanobind::module_& module);
