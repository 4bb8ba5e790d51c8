// Distributions of qubits in a state, and random outcomes drawn from them.
//
// Everything here is added up in one fixed order by plain arithmetic, compiled without fused multiplications: the same
// numbers give the same outcomes on every processor and with any number of threads.
#pragma once
#include <cstdint>
#include <vector>

#include "memory.h"

namespace qat {

// Distribution of some bits of the index of a state, out[2^places.size()]: bit j of an outcome, counted from the most
// significant one, is bit places[j] of the index. Cost: one pass over the state.
template <class Real>
void add_marginal(const Real* state, int nb_qubits, const std::vector<int>& places, double* out);

// Distinct outcomes in increasing order, and how often each came up.
struct Outcomes {
    Buffer<std::uint64_t> values;
    Buffer<std::int64_t> counts;
    std::size_t size;
};

// Draws from the squared moduli of `size` amplitudes, or from `size` weights (need not be normalised). Cost
// O(size + nb_shots): sorted uniform numbers come from sums of exponential ones, and are merged with the cumulated
// weights, block by block; blocks without shots are skipped. Throws std::invalid_argument when all weights are 0 or
// one is not finite.
//
// Source: Devroye, "Non-Uniform Random Variate Generation" (1986), V.3.1 (uniform spacings).
template <class Real>
Outcomes drawn_from_amplitudes(const Real* amplitudes, std::size_t size, std::int64_t nb_shots, std::uint64_t seed);
Outcomes drawn_from_weights(const double* weights, std::size_t size, std::int64_t nb_shots, std::uint64_t seed);

}  // namespace qat
