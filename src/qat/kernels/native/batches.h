// Many parameter sets of one circuit with one observable, and many short circuits with an observable each.
#pragma once
#include "pauli_sum.h"
#include "simulate.h"

namespace qat {

// Mean values for each of nb_rows parameter sets of nb_columns numbers. The sets are shared out over the threads, and a
// run uses one thread; so the values are those of single runs. The program has no supplied matrices.
std::vector<Complex> energies(const Program& program, const double* rows, std::size_t nb_rows, std::size_t nb_columns,
                              const PauliSum& observable, const Complex* coefficients, Complex constant, int nb_threads);

// One run: a circuit with its parameters, and its observable.
struct Case {
    const Program* program;
    const double* parameters;
    const PauliSum* observable;
    const Complex* coefficients;
    Complex constant;
};

// The mean value of each case, as above.
std::vector<Complex> mean_values(const std::vector<Case>& cases, int nb_threads);

}  // namespace qat
