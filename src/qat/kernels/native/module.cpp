// The Python module qat.kernels._native: each part of the engine binds its own functions.
#include <nanobind/nanobind.h>

#include "engine.h"
#include "gate_family.h"
#include "gradient.h"
#include "layout.h"
#include "pauli.h"
#include "recorder.h"
#include "sampling.h"
#include "tape_columns.h"
#include "term_columns.h"

NB_MODULE(_native, module) {
    // At exit the interpreter leaves some objects alone, such as plans of circuits that a user's class refers to.
    nanobind::set_leak_warnings(false);
    bind_engine(module);
    bind_pauli(module);
    bind_gradient(module);
    bind_sampling(module);
    bind_tape_columns(module);
    bind_layout(module);
    bind_gate_family(module);
    bind_recorder(module);
    bind_term_columns(module);
}
