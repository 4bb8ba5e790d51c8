// Derivatives of mean values by the parameters of a circuit (adjoint method), circuits among few basis states,
// and many parameter sets of one circuit.
#pragma once
#include <nanobind/nanobind.h>

void bind_gradient(nanobind::module_& module);
void bind_subspace(nanobind::module_& module);
void bind_batches(nanobind::module_& module);
