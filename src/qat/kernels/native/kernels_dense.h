// Any matrix on any positions, with controls: custom gates, and gates that nothing cheaper fits.
//
// Cost: 2^k complex multiplications for each amplitude that the controls let through. Targets above the lanes of a
// vector are done vector by vector; the scheduler moves others out of the lanes where it can.
#pragma once
#include "kernels_moves.h"

namespace qat {
namespace {

// Bits of an index that spell `choice` on the positions, the first position being the most significant bit.
inline Mask spelled(int choice, const int* positions, int size) {
    Mask index = 0;
    for (int i = 0; i < size; ++i)
        if (choice >> (size - 1 - i) & 1) index |= bit(positions[i]);
    return index;
}

// K: number of targets where it is known in advance, so that all amplitudes stay in registers; 0 otherwise.
template <class Real, int K>
void dense_on_vectors(Real* tile, int nb_bits, const Instruction& gate) {
    constexpr int room = K ? 1 << K : 1 << MAX_DENSE_QUBITS;
    const int size = K ? room : 1 << gate.nb_targets;
    const Split<Real> controls(gate.mask);
    const Choice<Real> chosen = lanes_with<Real>(controls.lanes);
    Mask places[room];
    for (int j = 0; j < size; ++j) places[j] = spelled(j, gate.positions, gate.nb_targets) << 1;
    const Mask targets = places[size - 1] >> (1 + LANE_BITS<Real>);
    const Factor* const matrix = gate.matrix;
    const Vector<Real> sign = constant<Real>({1, 1}).im;
    Vector<Real> x[room];
    for_each_subset(all_vectors<Real>(nb_bits) & ~controls.vectors & ~targets, [&](Mask k) {
        Real* const p = tile + (k | controls.vectors) * WIDTH<Real>;
#pragma GCC unroll 8
        for (int j = 0; j < size; ++j) x[j] = load(p + places[j]);
#pragma GCC unroll 4
        for (int i = 0; i < size; ++i) {
            const Factor* const row = matrix + i * size;
            Vector<Real> straight{}, crossed{};
#pragma GCC unroll 8
            for (int j = 0; j < size; ++j) {
                straight += x[j] * static_cast<Real>(row[j].re);
                crossed += x[j] * static_cast<Real>(row[j].im);
            }
            const Vector<Real> sum = straight + exchange_parts<Real>(crossed) * sign;
            store<Real>(p + places[i], controls.lanes ? (chosen ? sum : x[i]) : sum);
        }
    });
}

template <class Real>
void dense_on_vectors(Real* tile, int nb_bits, const Instruction& gate) {
    switch (gate.nb_targets) {
        case 1: return dense_on_vectors<Real, 1>(tile, nb_bits, gate);
        case 2: return dense_on_vectors<Real, 2>(tile, nb_bits, gate);
        case 3: return dense_on_vectors<Real, 3>(tile, nb_bits, gate);
        default: return dense_on_vectors<Real, 0>(tile, nb_bits, gate);
    }
}

template <class Real>
void dense_on_amplitudes(Real* tile, int nb_bits, const Instruction& gate) {
    const int size = 1 << gate.nb_targets;
    Mask places[1 << MAX_DENSE_QUBITS];
    Factor x[1 << MAX_DENSE_QUBITS];
    for (int j = 0; j < size; ++j) places[j] = spelled(j, gate.positions, gate.nb_targets);
    for_each_subset((bit(nb_bits) - 1) & ~gate.mask & ~places[size - 1], [&](Mask k) {
        Real* const p = tile + 2 * (k | gate.mask);
        for (int j = 0; j < size; ++j) x[j] = {double(p[2 * places[j]]), double(p[2 * places[j] + 1])};
        for (int i = 0; i < size; ++i) {
            Factor sum{0, 0};
            for (int j = 0; j < size; ++j) {
                const Factor term = gate.matrix[i * size + j] * x[j];
                sum = {sum.re + term.re, sum.im + term.im};
            }
            put(p, places[i], sum);
        }
    });
}

template <class Real>
void run_dense(Real* tile, int nb_bits, const Instruction& gate) {
    bool is_above_lanes = true;
    for (int i = 0; i < gate.nb_targets; ++i) is_above_lanes = is_above_lanes && gate.positions[i] >= LANE_BITS<Real>;
    if (is_above_lanes)
        dense_on_vectors<Real>(tile, nb_bits, gate);
    else
        dense_on_amplitudes<Real>(tile, nb_bits, gate);
}

}  // namespace
}  // namespace qat
