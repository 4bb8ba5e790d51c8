// Gates made from an angle, such as RX(0.3), in one step: a GateFamily is a base class of AbstractGate.
//
// Called with one finite float, it makes a ParamGate of its `_quick_form` as AbstractGate._made would, and of anything else
// it has `_made` make a gate, or say what is wrong.
#pragma once
#include <nanobind/nanobind.h>

void bind_gate_family(nanobind::module_& module);
