#include "pauli.h"

#include <nanobind/stl/complex.h>
#include <nanobind/stl/tuple.h>

#include <string>

#include "arrays.h"
#include "bindings.h"
#include "pauli_dispatch.h"
#include "pauli_sum.h"

namespace nb = nanobind;

namespace qat {
namespace {

using Masks = Array<Mask>;
using Coefficients = Array<std::complex<double>>;
template <class Real>
using StateArray = Array<std::complex<Real>>;

void require(bool is_true, const std::string& message) {
    if (!is_true) throw std::invalid_argument(message);
}

PauliSum* made(int nb_qubits, const Masks& x_masks, const Masks& z_masks) {
    require(x_masks.size() == z_masks.size(), "As many X masks as Z masks are needed, got " +
                                                  std::to_string(x_masks.size()) + " and " + std::to_string(z_masks.size()));
    require(nb_qubits >= 0 && nb_qubits < 48, "A state vector of " + std::to_string(nb_qubits) + " qubits is beyond reach");
    for (std::size_t k = 0; k < x_masks.size(); ++k)
        require(((x_masks.data()[k] | z_masks.data()[k]) >> nb_qubits) == 0,
                "A Pauli string reaches beyond " + std::to_string(nb_qubits) + " qubits");
    return new PauliSum(nb_qubits, x_masks.data(), z_masks.data(), x_masks.size());
}

// Operations, bytes in tiles, bytes in parts of tiles.
std::tuple<double, double, double> as_tuple(const Work& work) { return {work.nb_operations, work.tile_bytes, work.near_bytes}; }

template <class Real>
const Real* reals_of(const PauliSum& sum, const StateArray<Real>& state) {
    require(state.size() == std::size_t(1) << sum.nb_qubits(), "A state of " + std::to_string(sum.nb_qubits()) +
                                                                   " qubits is needed, got " + std::to_string(state.size()) +
                                                                   " amplitudes");
    return reinterpret_cast<const Real*>(state.data());
}

template <class Real>
nb::object term_values(const PauliSum& sum, const StateArray<Real>& state, int nb_threads) {
    const Real* reals = reals_of(sum, state);
    return as_numpy(without_gil([&] { return sum.term_values(reals, pauli_kernels<Real>(), nb_threads); }));
}

template <class Real>
std::complex<double> expectation(const PauliSum& sum, const Coefficients& coefficients, std::complex<double> constant,
                                 const StateArray<Real>& state, int nb_threads) {
    const Real* reals = reals_of(sum, state);
    require(coefficients.size() == sum.size(), "A coefficient for each string is needed");
    return without_gil(
        [&] { return sum.expectation(coefficients.data(), constant, reals, pauli_kernels<Real>(), nb_threads); });
}

template <class Real>
nb::object applied(const PauliSum& sum, const Coefficients& coefficients, std::complex<double> constant,
                   const StateArray<Real>& state, int nb_threads) {
    const Real* reals = reals_of(sum, state);
    require(coefficients.size() == sum.size(), "A coefficient for each string is needed");
    auto out = allocated<Real>(2 * state.size());
    without_gil([&] { sum.apply(coefficients.data(), constant, reals, out.get(), pauli_kernels<Real>(), nb_threads); });
    return as_numpy<Real>(std::move(out), state.size());
}

// Seconds: of the values of all strings, and of applying the sum.
double values_duration(const PauliSum& sum, bool is_single, int nb_threads) {
    return without_gil([&] {
        return is_single ? sum.values_duration_s(pauli_kernels<float>(), nb_threads)
                         : sum.values_duration_s(pauli_kernels<double>(), nb_threads);
    });
}
double apply_duration(const PauliSum& sum, int nb_threads) {
    return without_gil([&] { return sum.apply_duration_s(pauli_kernels<double>(), nb_threads); });
}

}  // namespace
}  // namespace qat

void bind_pauli(nb::module_& module) {
    using namespace qat;
    nb::class_<PauliSum>(module, "PauliStrings")
        .def(nb::new_(&made), nb::arg("nb_qubits"), nb::arg("x_masks"), nb::arg("z_masks"))
        .def("__len__", &PauliSum::size)
        .def("term_values", &term_values<double>, nb::arg("state"), nb::arg("nb_threads"))
        .def("term_values", &term_values<float>, nb::arg("state"), nb::arg("nb_threads"))
        .def("expectation", &expectation<double>)
        .def("expectation", &expectation<float>)
        .def("values_work", [](const PauliSum& sum) { return as_tuple(sum.values_work()); })
        .def("apply_work", [](const PauliSum& sum) { return as_tuple(sum.apply_work()); })
        .def("values_duration", &values_duration)
        .def("apply_duration", &apply_duration)
        .def("applied", &applied<double>)
        .def("applied", &applied<float>, nb::arg("coefficients"), nb::arg("constant"), nb::arg("state"),
             nb::arg("nb_threads"));
}
