// Terms of an observable in columns: coefficients, words of Pauli letters and their qubits as they were written. From
// them come the masks of pauli/sums.py, and objects when somebody looks. Cost: some 0.1 microseconds a term.
#pragma once
#include <nanobind/nanobind.h>

void bind_term_columns(nanobind::module_& module);
