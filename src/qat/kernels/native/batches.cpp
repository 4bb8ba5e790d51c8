#include "batches.h"

#include <nanobind/stl/complex.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>

#include "bindings.h"
#include "gradient.h"
#include "parallel.h"
#include "pauli_dispatch.h"

namespace nb = nanobind;

namespace qat {

std::vector<Complex> energies(const Program& program, const double* rows, std::size_t nb_rows, std::size_t nb_columns,
                              const PauliSum& observable, const Complex* coefficients, Complex constant, int nb_threads) {
    std::vector<Complex> found(nb_rows);
    const PauliKernels<double>& kernels = pauli_kernels<double>();
    run_in_parallel(int(nb_rows), nb_threads, [&](int row) {
        const auto state = simulated<double>(program, rows + row * nb_columns, nullptr, {}, {});
        found[row] = observable.expectation(coefficients, constant, state.get(), kernels, 1);
    });
    return found;
}

namespace {

using Rows = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

std::vector<Complex> energies_of(const Program& program, const Rows& rows, const PauliSum& observable,
                                 const Array<Complex>& coefficients, Complex constant, int nb_threads) {
    if (std::int64_t(rows.shape(1)) < program.nb_parameters() || program.nb_supplied())
        throw std::invalid_argument("parameters that do not fit the circuit");
    if (observable.nb_qubits() != program.nb_qubits() || coefficients.size() != observable.size())
        throw std::invalid_argument("an observable that does not fit the circuit");
    return without_gil([&] {
        return energies(program, rows.data(), rows.shape(0), rows.shape(1), observable, coefficients.data(), constant,
                        nb_threads);
    });
}

}  // namespace
}  // namespace qat

void bind_batches(nb::module_& module) { module.def("energies", &qat::energies_of); }
