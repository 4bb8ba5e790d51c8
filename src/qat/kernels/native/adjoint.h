// Derivatives of a mean value by the parameters of a circuit, all at once.
//
// With |ket> the state after a gate U(angle) and <bra| the observable carried back to the same place, the derivative is
// 2 Re <bra| dU/d angle U^-1 |ket>: a sum of Pauli strings between two states. The circuit is planned backwards, with a
// probe for each string in front of the gate that is undone; the probes of a run of one-qubit gates are written as sums
// of the letters in front of it, so the run is still one gate. Both states go through the passes tile by tile, and the
// overlaps are taken while the tiles are in the cache (probes.h).
// Cost: about two runs for undoing, and one reading of the tiles in the cache for each string.
//
// Source: Jones and Gacon, "Efficient calculation of gradients in classical simulations of variational quantum
// algorithms" (2020), algorithm 1.
#pragma once
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
// aligned and padded as `simulated` gives them, and have gates undone afterwards as far as derivatives needed it, but for
// a factor: returns what their squared moduli have to be multiplied by. Throws Interrupted.
double add_gradient(const Adjoint& problem, double* bra, double* ket, int nb_places, double* gradient);

// Its passes over one state, and operations; see operations.h.
WorkOnBoth gradient_work(const Adjoint& problem, int nb_places);

// How long that takes, in seconds; see costs.h.
double gradient_duration_s(const Adjoint& problem, int nb_places);

}  // namespace qat
