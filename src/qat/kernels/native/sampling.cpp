#include "sampling.h"

#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <string>

#include "arrays.h"
#include "bindings.h"
#include "random_outcomes.h"

namespace nb = nanobind;

namespace qat {
namespace {

template <class Real>
const Real* reals_of(const Array<std::complex<Real>>& state) {
    return reinterpret_cast<const Real*>(state.data());
}

// `places` are bits of the index of a state, the most significant bit of an outcome first.
template <class Real>
nb::object probabilities(const Array<std::complex<Real>>& state, const std::vector<int>& places) {
    int nb_qubits = 0;
    while (std::size_t(1) << nb_qubits < state.size()) ++nb_qubits;
    if (std::size_t(1) << nb_qubits != state.size())
        throw std::invalid_argument("A state has 2^n amplitudes, got " + std::to_string(state.size()));
    if (places.size() > std::size_t(nb_qubits)) throw std::invalid_argument("A qubit is asked for twice");
    for (int place : places)
        if (place < 0 || place >= nb_qubits)
            throw std::invalid_argument("A state of " + std::to_string(nb_qubits) + " qubits has no bit " + std::to_string(place));
    std::vector<double> out(std::size_t(1) << places.size(), 0.0);
    without_gil([&] { add_marginal(reals_of(state), nb_qubits, places, out.data()); });
    return as_numpy(std::move(out));
}

template <class Work>
nb::object drawn(std::int64_t nb_shots, const Work& work) {
    if (nb_shots < 0) throw std::invalid_argument("Cannot draw " + std::to_string(nb_shots) + " shots");
    Outcomes outcomes = without_gil(work);
    return nb::make_tuple(integers_as_numpy(std::move(outcomes.values), outcomes.size),
                          integers_as_numpy(std::move(outcomes.counts), outcomes.size));
}

template <class Real>
nb::object draw_state(const Array<std::complex<Real>>& state, std::int64_t nb_shots, std::uint64_t seed) {
    return drawn(nb_shots, [&] { return drawn_from_amplitudes(reals_of(state), state.size(), nb_shots, seed); });
}

nb::object draw_weights(const Array<double>& weights, std::int64_t nb_shots, std::uint64_t seed) {
    return drawn(nb_shots, [&] { return drawn_from_weights(weights.data(), weights.size(), nb_shots, seed); });
}

}  // namespace
}  // namespace qat

void bind_sampling(nb::module_& module) {
    using namespace qat;
    module.def("probabilities", &probabilities<double>, nb::arg("state"), nb::arg("places"));
    module.def("probabilities", &probabilities<float>, nb::arg("state"), nb::arg("places"));
    module.def("draw", &draw_weights, nb::arg("weights"), nb::arg("nb_shots"), nb::arg("seed"));
    module.def("draw", &draw_state<double>, nb::arg("state"), nb::arg("nb_shots"), nb::arg("seed"));
    module.def("draw", &draw_state<float>, nb::arg("state"), nb::arg("nb_shots"), nb::arg("seed"));
}
