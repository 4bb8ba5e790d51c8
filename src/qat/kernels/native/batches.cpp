#include "batches.h"

#include <nanobind/stl/complex.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <stdexcept>

#include "bindings.h"
#include "gradient.h"
#include "parallel.h"
#include "pauli_dispatch.h"

namespace nb = nanobind;

namespace qat {

std::vector<Complex> mean_values(const std::vector<Case>& cases, int nb_threads) {
    std::vector<Complex> found(cases.size());
    const PauliKernels<double>& kernels = pauli_kernels<double>();
    run_in_parallel(int(cases.size()), nb_threads, [&](int i) {
        const Case& each = cases[i];
        RecycledArray<double> memory;
        const double* state = nullptr;
        simulate<double>(*each.program, each.parameters, nullptr, {}, {}, [&](std::size_t nb_reals) {
            double* const room = memory.take(nb_reals);
            state = room;
            return room;
        });
        found[i] = each.observable->expectation(each.coefficients, each.constant, state, kernels, 1);
    });
    return found;
}

std::vector<Complex> energies(const Program& program, const double* rows, std::size_t nb_rows, std::size_t nb_columns,
                              const PauliSum& observable, const Complex* coefficients, Complex constant, int nb_threads) {
    std::vector<Case> cases;
    for (std::size_t row = 0; row < nb_rows; ++row)
        cases.push_back({&program, rows + row * nb_columns, &observable, coefficients, constant});
    return mean_values(cases, nb_threads);
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

// The numbers of an array, read through the buffer protocol: a fifth of the time that ndarray takes.
template <class Number>
class Numbers {
public:
    Numbers(nb::handle array, const char* format) {
        if (PyObject_GetBuffer(array.ptr(), &view_, PyBUF_ND | PyBUF_FORMAT) != 0) throw nb::python_error();
        if (view_.ndim != 1 || view_.itemsize != sizeof(Number) || std::strcmp(view_.format, format) != 0) {
            PyBuffer_Release(&view_);
            throw std::invalid_argument("an array of another type");
        }
    }
    Numbers(Numbers&& other) noexcept : view_(other.view_) { other.view_.obj = nullptr; }
    Numbers(const Numbers&) = delete;
    ~Numbers() { PyBuffer_Release(&view_); }

    const Number* data() const { return static_cast<const Number*>(view_.buf); }
    std::int64_t size() const { return view_.shape[0]; }

private:
    Py_buffer view_{};
};

// Of (program, parameters, observable, coefficients, constant) each.
std::vector<Complex> mean_values_of(const nb::list& list, int nb_threads) {
    std::vector<nb::tuple> kept;  // while other threads may change the list
    std::vector<Numbers<double>> parameters;
    std::vector<Numbers<Complex>> coefficients;
    std::vector<Case> cases;
    parameters.reserve(list.size());
    coefficients.reserve(list.size());
    for (nb::handle item : list) {
        kept.push_back(nb::cast<nb::tuple>(item));
        const nb::tuple& parts = kept.back();
        if (parts.size() != 5) throw std::invalid_argument("a case of five parts");
        const Program& program = nb::cast<const Program&>(parts[0]);  // None is no reference
        const PauliSum& observable = nb::cast<const PauliSum&>(parts[2]);
        parameters.emplace_back(parts[1], "d");
        coefficients.emplace_back(parts[3], "Zd");
        if (parameters.back().size() < program.nb_parameters() || program.nb_supplied())
            throw std::invalid_argument("parameters that do not fit the circuit");
        if (observable.nb_qubits() != program.nb_qubits() || coefficients.back().size() != std::int64_t(observable.size()))
            throw std::invalid_argument("an observable that does not fit the circuit");
        cases.push_back({&program, parameters.back().data(), &observable, coefficients.back().data(), nb::cast<Complex>(parts[4])});
    }
    return without_gil([&] { return mean_values(cases, nb_threads); });
}

}  // namespace
}  // namespace qat

void bind_batches(nb::module_& module) {
    module.def("energies", &qat::energies_of);
    module.def("mean_values", &qat::mean_values_of);
}
