// Derivatives of a mean value by the parameters of a circuit, all at once.
//
// With |ket> the state after a gate U(angle) and <bra| the observable carried back to the same place, the derivative is
// 2 Re <bra| dU/d angle U^-1 |ket>: a sum of Pauli strings between two states. The circuit is undone from its end, layer
// by layer: a layer grows backward as long as the strings of its gates can be carried to its end, through Clifford gates
// and past whatever they commute with (pauli_frame.h). At the end of a layer all its derivatives come out of the same
// tiles (pauli_sum.h); then the gates of the layer are undone on both states in few passes (executor.h).
// Cost: about three runs and, for each layer, the passes of its distinct X masks.
//
// Source: Jones and Gacon, "Efficient calculation of gradients in classical simulations of variational quantum
// algorithms" (2020), algorithm 1.
#pragma once
#include "pauli_sum.h"
#include "simulate.h"

namespace qat {

// How a gate whose matrix comes from outside depends on one of its parameters.
struct SuppliedRate {
    std::int64_t matrix;  // which gate: where its matrix begins among those supplied
    std::int64_t parameter;
    const Complex* rate;  // dU/d parameter U^-1, as large as the matrix
};

struct Adjoint {
    const Program& program;
    const double* parameters;
    const Complex* supplied;
    std::vector<SuppliedRate> rates;
    const std::uint8_t* is_varied;  // by parameter: whether its derivative is wanted; others may come out as 0
    Settings settings;
};

// Adds the derivatives to gradient[0 .. number of parameters). `bra` is the observable applied to `ket`; both are
// aligned and padded as `simulated` gives them, and hold the states of an earlier moment afterwards, at the earliest
// gate with a parameter. Throws Interrupted.
void add_gradient(const Adjoint& problem, double* bra, double* ket, int nb_places, double* gradient);

}  // namespace qat
