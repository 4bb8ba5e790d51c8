// Gates that move amplitudes or turn phases without mixing: X with controls, SWAP, phases, transpositions of lanes.
//
// Cost: at most one load and one store of the tile; only the part that changes is touched, down to whole vectors.
#pragma once
#include "kernels_rotations.h"

namespace qat {
namespace {

// A mask of positions as a choice of lanes and a mask of vector numbers.
template <class Real>
struct Split {
    Mask lanes, vectors;
    explicit Split(Mask mask) : lanes(mask & (bit(LANE_BITS<Real>) - 1)), vectors(mask >> LANE_BITS<Real>) {}
};

template <class Real>
inline Mask all_vectors(int nb_bits) {
    return (bit(nb_bits) - 1) >> LANE_BITS<Real>;
}

// Calls body(std::integral_constant) for a lane position.
template <class Real, class Body>
inline void with_lane(int position, Body body) {
    if constexpr (LANE_BITS<Real> > 0)
        if (position == 0) return body(std::integral_constant<int, 0>());
    if constexpr (LANE_BITS<Real> > 1)
        if (position == 1) return body(std::integral_constant<int, 1>());
    if constexpr (LANE_BITS<Real> > 2)
        if (position == 2) return body(std::integral_constant<int, 2>());
}

template <class Real>
void flip_vectors(Real* tile, int nb_bits, int target, const Split<Real>& controls) {
    const std::int64_t far = std::int64_t(2) << target;
    const Mask free = all_vectors<Real>(nb_bits) & ~(bit(target) >> LANE_BITS<Real>) & ~controls.vectors;
    const Choice<Real> chosen = lanes_with<Real>(controls.lanes);
    for_each_subset(free, [&](Mask k) {
        Real* const p = tile + (k | controls.vectors) * WIDTH<Real>;
        const Vector<Real> a = load(p), b = load(p + far);
        store<Real>(p, controls.lanes ? (chosen ? b : a) : b);
        store<Real>(p + far, controls.lanes ? (chosen ? a : b) : a);
    });
}

template <class Real>
void flip_lanes(Real* tile, int nb_bits, int target, const Split<Real>& controls) {
    const Choice<Real> chosen = lanes_with<Real>(controls.lanes);
    with_lane<Real>(target, [&](auto lane) {
        for_each_subset(all_vectors<Real>(nb_bits) & ~controls.vectors, [&](Mask k) {
            Real* const p = tile + (k | controls.vectors) * WIDTH<Real>;
            const Vector<Real> v = load(p);
            store<Real>(p, chosen ? shuffled<Real, OtherLane<decltype(lane)::value>>(v, v) : v);
        });
    });
}

template <class Real>
void run_flip(Real* tile, int nb_bits, int target, Mask controls) {
    const Split<Real> split(controls);
    if (target < LANE_BITS<Real>)
        flip_lanes<Real>(tile, nb_bits, target, split);
    else
        flip_vectors<Real>(tile, nb_bits, target, split);
}

template <class Real>
void run_swap(Real* tile, int nb_bits, int a, int b) {
    const int low = a < b ? a : b, high = a < b ? b : a;
    if (high < LANE_BITS<Real>) {
        run_flip<Real>(tile, nb_bits, low, bit(high));
        run_flip<Real>(tile, nb_bits, high, bit(low));
        run_flip<Real>(tile, nb_bits, low, bit(high));
        return;
    }
    const std::int64_t far = std::int64_t(2) << high;
    Mask free = all_vectors<Real>(nb_bits) & ~(bit(high) >> LANE_BITS<Real>);
    if (low >= LANE_BITS<Real>) {
        const std::int64_t near = std::int64_t(2) << low;
        free &= ~(bit(low) >> LANE_BITS<Real>);
        for_each_subset(free, [&](Mask k) {
            Real* const p = tile + k * WIDTH<Real>;
            const Vector<Real> v = load(p + near), w = load(p + far);
            store<Real>(p + near, w);
            store<Real>(p + far, v);
        });
        return;
    }
    with_lane<Real>(low, [&](auto lane) {
        for_each_subset(free, [&](Mask k) {
            Real* const p = tile + k * WIDTH<Real>;
            const Vector<Real> v = load(p), w = load(p + far);
            store<Real>(p, shuffled<Real, LowHalf<Real, decltype(lane)::value>>(v, w));
            store<Real>(p + far, shuffled<Real, HighHalf<Real, decltype(lane)::value>>(v, w));
        });
    });
}

template <class Real, int Bit>
inline void exchange_lane(Vector<Real>* x) {
    constexpr int size = 1 << LANE_BITS<Real>;
#pragma GCC unroll 8
    for (int j = 0; j < size; ++j) {
        if (j >> Bit & 1) continue;
        const Vector<Real> v = x[j], w = x[j | 1 << Bit];
        x[j] = shuffled<Real, LowHalf<Real, Bit>>(v, w);
        x[j | 1 << Bit] = shuffled<Real, HighHalf<Real, Bit>>(v, w);
    }
}

// Exchanges lane bit i with positions[i], for all lanes, in one sweep.
template <class Real>
void run_transpose(Real* tile, int nb_bits, const int* positions) {
    constexpr int size = 1 << LANE_BITS<Real>;
    std::int64_t places[size];
    Mask free = all_vectors<Real>(nb_bits);
    for (int i = 0; i < LANE_BITS<Real>; ++i) free &= ~(bit(positions[i]) >> LANE_BITS<Real>);
    for (int j = 0; j < size; ++j) places[j] = distance(j, positions, LANE_BITS<Real>);
    for_each_subset(free, [&](Mask k) {
        Real* const p = tile + k * WIDTH<Real>;
        Vector<Real> x[size];
#pragma GCC unroll 8
        for (int j = 0; j < size; ++j) x[j] = load(p + places[j]);
        if constexpr (LANE_BITS<Real> > 0) exchange_lane<Real, 0>(x);
        if constexpr (LANE_BITS<Real> > 1) exchange_lane<Real, 1>(x);
        if constexpr (LANE_BITS<Real> > 2) exchange_lane<Real, 2>(x);
#pragma GCC unroll 8
        for (int j = 0; j < size; ++j) store<Real>(p + places[j], x[j]);
    });
}

// A factor where all of `mask` is 1.
template <class Real>
void run_phase(Real* tile, int nb_bits, Mask mask, Factor factor) {
    const Split<Real> split(mask);
    Factor factors[WIDTH<Real> / 2];
    for (int lane = 0; lane < WIDTH<Real> / 2; ++lane)
        factors[lane] = (Mask(lane) & split.lanes) == split.lanes ? factor : Factor{1, 0};
    const Constant<Real> turn = constants<Real>(factors);
    for_each_subset(all_vectors<Real>(nb_bits) & ~split.vectors, [&](Mask k) {
        Real* const p = tile + (k | split.vectors) * WIDTH<Real>;
        store<Real>(p, times<Real>(load(p), turn));
    });
}

}  // namespace
}  // namespace qat
