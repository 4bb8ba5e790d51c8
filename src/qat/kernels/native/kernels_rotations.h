// Products of one-qubit gates in registers: most of the arithmetic of most circuits.
//
// A gate is written as scale * (v + off * partner), so that a real rotation costs one multiplication-addition for each
// number, and the scales of several gates are multiplied into one. Cost: one load and one store of the tile for up to
// three gates (four for two_rotations), whatever permutation comes with them.
#pragma once
#include "simd.h"

namespace qat {
namespace {

inline Mask bit(int position) { return Mask(1) << position; }

// Distance in the tile, in reals, of the amplitudes with the bits of `choice` set at `positions`.
inline std::int64_t distance(int choice, const int* positions, int size) {
    std::int64_t reals = 0;
    for (int i = 0; i < size; ++i)
        if (choice >> i & 1) reals += std::int64_t(2) << positions[i];
    return reals;
}

constexpr bool is_odd(int j) { return __builtin_parity(j); }

// One gate on the i-th bit of `size` registers, scale aside. For imaginary entries the registers with an odd number have
// their parts exchanged all along, because every such gate exchanges parts between an even and an odd one.
template <class Real, Entries entries, int size>
inline void rotate(Vector<Real>* x, int i, const Constant<Real>& off0, const Constant<Real>& off1) {
#pragma GCC unroll 16
    for (int j = 0; j < size; ++j) {
        if (j >> i & 1) continue;
        const Vector<Real> a = x[j], b = x[j | 1 << i];
        if constexpr (entries == Entries::real) {
            x[j] = a + off0.re * b;
            x[j | 1 << i] = b + off1.re * a;
        } else if constexpr (entries == Entries::imaginary) {
            x[j] = is_odd(j) ? a - off0.im * b : a + off0.im * b;
            x[j | 1 << i] = is_odd(j) ? b + off1.im * a : b - off1.im * a;
        } else {
            x[j] = a + times<Real>(b, off0);
            x[j | 1 << i] = b + times<Real>(a, off1);
        }
    }
}

template <class Real, int K, Entries entries, bool has_complex_scales>
void run_rotations_of(Real* tile, int nb_bits, const Rotations& gates) {
    constexpr int size = 1 << K;
    std::int64_t from[size], to[size];
    Constant<Real> off0[K], off1[K], scales[size];
    Mask free = (bit(nb_bits) - 1) >> LANE_BITS<Real>;
    for (int i = 0; i < K; ++i) {
        off0[i] = constant<Real>(gates.off[2 * i]);
        off1[i] = constant<Real>(gates.off[2 * i + 1]);
        free &= ~(bit(gates.positions[i]) >> LANE_BITS<Real>);
    }
    for (int j = 0; j < size; ++j) {
        from[j] = distance(gates.inputs[j], gates.positions, K);
        to[j] = distance(gates.outputs[j], gates.positions, K);
        scales[j] = constant<Real>(gates.scales[j]);
    }
    for_each_subset(free, [&](Mask k) {
        Real* const p = tile + k * WIDTH<Real>;
        Vector<Real> x[size];
#pragma GCC unroll 8
        for (int j = 0; j < size; ++j) {
            x[j] = load(p + from[j]);
            if (entries == Entries::imaginary && is_odd(j)) x[j] = exchange_parts<Real>(x[j]);
        }
#pragma GCC unroll 3
        for (int i = 0; i < K; ++i) rotate<Real, entries, size>(x, i, off0[i], off1[i]);
#pragma GCC unroll 8
        for (int j = 0; j < size; ++j) {
            if (entries == Entries::imaginary && is_odd(j)) x[j] = exchange_parts<Real>(x[j]);
            store<Real>(p + to[j], has_complex_scales ? times<Real>(x[j], scales[j]) : x[j] * scales[j].re);
        }
    });
}

template <class Real, int K, Entries entries>
void run_rotations_of(Real* tile, int nb_bits, const Rotations& gates) {
    if (gates.has_complex_scales)
        run_rotations_of<Real, K, entries, true>(tile, nb_bits, gates);
    else
        run_rotations_of<Real, K, entries, false>(tile, nb_bits, gates);
}

template <class Real, int K>
void run_rotations_of(Real* tile, int nb_bits, const Rotations& gates) {
    switch (gates.entries) {
        case Entries::real: return run_rotations_of<Real, K, Entries::real>(tile, nb_bits, gates);
        case Entries::imaginary: return run_rotations_of<Real, K, Entries::imaginary>(tile, nb_bits, gates);
        case Entries::complex: return run_rotations_of<Real, K, Entries::complex>(tile, nb_bits, gates);
    }
}

template <class Real>
void run_rotations(Real* tile, int nb_bits, const Rotations& gates) {
    switch (gates.size) {
        case 1: return run_rotations_of<Real, 1>(tile, nb_bits, gates);
        case 2: return run_rotations_of<Real, 2>(tile, nb_bits, gates);
        case 3: return run_rotations_of<Real, 3>(tile, nb_bits, gates);
    }
}

// Two products of two real gates on four different positions: half the loads and stores of doing one after the other.
template <class Real>
void run_two_rotations(Real* tile, int nb_bits, const Rotations& first, const Rotations& second) {
    const Rotations* const products[2] = {&first, &second};
    std::int64_t from[16], to[16];
    Constant<Real> off0[4], off1[4], scales[2][4];
    Mask free = (bit(nb_bits) - 1) >> LANE_BITS<Real>;
    for (int i = 0; i < 4; ++i) {
        const Rotations& gates = *products[i / 2];
        off0[i] = constant<Real>(gates.off[2 * (i % 2)]);
        off1[i] = constant<Real>(gates.off[2 * (i % 2) + 1]);
        free &= ~(bit(gates.positions[i % 2]) >> LANE_BITS<Real>);
        scales[0][i] = constant<Real>(first.scales[i]);
        scales[1][i] = constant<Real>(second.scales[i]);
    }
    for (int j = 0; j < 16; ++j) {
        from[j] = distance(first.inputs[j & 3], first.positions, 2) + distance(second.inputs[j >> 2], second.positions, 2);
        to[j] = distance(first.outputs[j & 3], first.positions, 2) + distance(second.outputs[j >> 2], second.positions, 2);
    }
    for_each_subset(free, [&](Mask k) {
        Real* const p = tile + k * WIDTH<Real>;
        Vector<Real> x[16];
#pragma GCC unroll 16
        for (int j = 0; j < 16; ++j) x[j] = load(p + from[j]);
#pragma GCC unroll 2
        for (int i = 0; i < 2; ++i) rotate<Real, Entries::real, 16>(x, i, off0[i], off1[i]);
#pragma GCC unroll 16
        for (int j = 0; j < 16; ++j) x[j] = times<Real>(x[j], scales[0][j & 3]);
#pragma GCC unroll 2
        for (int i = 2; i < 4; ++i) rotate<Real, Entries::real, 16>(x, i, off0[i], off1[i]);
#pragma GCC unroll 16
        for (int j = 0; j < 16; ++j) store<Real>(p + to[j], times<Real>(x[j], scales[1][j >> 2]));
    });
}

// A one-qubit gate on a position inside the vectors.
template <class Real, int Bit>
void run_lane_rotation_of(Real* tile, int nb_bits, const Instruction& gate) {
    Factor off[WIDTH<Real> / 2], scales[WIDTH<Real> / 2];
    for (int lane = 0; lane < WIDTH<Real> / 2; ++lane) {
        off[lane] = gate.off[lane >> Bit & 1];
        scales[lane] = gate.scales[lane >> Bit & 1];
    }
    const Constant<Real> offs = constants<Real>(off), factors = constants<Real>(scales);
    Real* const end = tile + (std::int64_t(2) << nb_bits);
    for (Real* p = tile; p < end; p += WIDTH<Real>) {
        Vector<Real> own = load(p), partner = shuffled<Real, OtherLane<Bit>>(own, own);
        if (gate.is_crossed) std::swap(own, partner);
        store<Real>(p, times<Real>(own + times<Real>(partner, offs), factors));
    }
}

template <class Real>
void run_lane_rotation(Real* tile, int nb_bits, const Instruction& gate) {
    if constexpr (LANE_BITS<Real> > 0)
        if (gate.target == 0) return run_lane_rotation_of<Real, 0>(tile, nb_bits, gate);
    if constexpr (LANE_BITS<Real> > 1)
        if (gate.target == 1) return run_lane_rotation_of<Real, 1>(tile, nb_bits, gate);
    if constexpr (LANE_BITS<Real> > 2)
        if (gate.target == 2) return run_lane_rotation_of<Real, 2>(tile, nb_bits, gate);
}

}  // namespace
}  // namespace qat
