// What the processor can do at most in this instruction set: multiplication-additions that wait for nothing, and sweeps.
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

// Goes through an array again and again: loads all of it and stores it, in pairs of vectors that change places, or loads
// alone. The answer is of no interest.
constexpr int NB_TOGETHER = 8;

template <class Real>
Real sweep(Real* array, std::int64_t nb_reals, std::int64_t nb_rounds) {
    for (std::int64_t round = 0; round < nb_rounds; ++round)
        for (Real* p = array; p < array + nb_reals; p += NB_TOGETHER * WIDTH<Real>) {
            Vector<Real> x[NB_TOGETHER];
#pragma GCC unroll 8
            for (int j = 0; j < NB_TOGETHER; ++j) x[j] = load(p + j * WIDTH<Real>);
#pragma GCC unroll 8
            for (int j = 0; j < NB_TOGETHER; ++j) store<Real>(p + j * WIDTH<Real>, x[j ^ 1]);
        }
    return array[0];
}

template <class Real>
Real read(Real* array, std::int64_t nb_reals, std::int64_t nb_rounds) {
    Vector<Real> sums[NB_TOGETHER] = {};
    for (std::int64_t round = 0; round < nb_rounds; ++round)
        for (const Real* p = array; p < array + nb_reals; p += NB_TOGETHER * WIDTH<Real>)
#pragma GCC unroll 8
            for (int j = 0; j < NB_TOGETHER; ++j) sums[j] += load(p + j * WIDTH<Real>);
    Vector<Real> total = sums[0];
    for (int j = 1; j < NB_TOGETHER; ++j) total += sums[j];
    return total[0];
}

}  // namespace
}  // namespace qat
