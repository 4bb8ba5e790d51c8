// Derivatives of mean values by the parameters of a circuit (adjoint method).
#pragma once
#include <nanobind/nanobind.h>

void bind_gradient(nanobind::module_& module);
