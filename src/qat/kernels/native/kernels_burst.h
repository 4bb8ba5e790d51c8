// Multiplication-additions that wait for nothing: what the processor can do at most in this instruction set.
#pragma once
#include "simd.h"

namespace qat {
namespace {

constexpr int NB_CHAINS = 12;  // enough for two units that take four cycles, and fewer than there are registers

template <class Real>
Real burst(std::int64_t nb_rounds, Real factor, Real offset) {
    const Vector<Real> factors = broadcast<Real>(factor), offsets = broadcast<Real>(offset);
    Vector<Real> x[NB_CHAINS];
    for (int c = 0; c < NB_CHAINS; ++c) x[c] = broadcast<Real>(c);
    for (std::int64_t i = 0; i < nb_rounds; ++i) {
#pragma GCC unroll 12
        for (int c = 0; c < NB_CHAINS; ++c) x[c] = x[c] * factors + offsets;
    }
    Vector<Real> sum = x[0];
    for (int c = 1; c < NB_CHAINS; ++c) sum += x[c];
    Real total = 0;
    for (int i = 0; i < WIDTH<Real>; ++i) total += sum[i];
    return total;
}

template <class Real>
constexpr double BURST_OPERATIONS = 2.0 * NB_CHAINS * WIDTH<Real>;  // of a round

}  // namespace
}  // namespace qat
