// Turns about Pauli strings: exp(-i angle/2 P) in one sweep, whatever the length of the string.
//
// Amplitude i becomes cos * a[i] + sin * f * s * a[i ^ x], where f = -i * i^popcount(x & z) is 1, -1, i or -i, and s the
// sign (-1)^popcount(z & (i ^ x)). The part of x below a vector is an exchange of lanes known at compile time (`flip`,
// whose lowest bit exchanges real and imaginary parts where f is imaginary). Cost: one load, one store and two
// multiplications for each number.
#pragma once
#include "kernels_rotations.h"

namespace qat {
namespace {

// The factor of the partner's amplitude, for even and for odd parity of the partner's vector number with z.
template <class Real>
struct PartnerFactors {
    Vector<Real> by_parity[2];

    PartnerFactors(const StringTurn& turn, bool is_outer_odd) {
        const int nb_y = __builtin_popcountll(turn.x & turn.z) & 3;
        double sin = (nb_y == 0 || nb_y == 3) ? -turn.sin : turn.sin;
        if (is_outer_odd) sin = -sin;
        if (parity(turn.x & turn.z & (NB_LANES<Real> - 1))) sin = -sin;  // lane_signs are those of i, not of i ^ x
        by_parity[0] = lane_signs<Real>(turn.z) * static_cast<Real>(sin);
        if (!(nb_y & 1)) by_parity[0] *= alternating(Real(1));
        by_parity[1] = -by_parity[0];
    }
};

template <class Real, int flip>
void run_string_of(Real* tile, int nb_bits, const StringTurn& turn, bool is_outer_odd) {
    const PartnerFactors<Real> factors(turn, is_outer_odd);
    const Mask x = turn.x >> LANE_BITS<Real>, z = turn.z >> LANE_BITS<Real>;
    const Mask all = (bit(nb_bits) - 1) >> LANE_BITS<Real>;
    const Vector<Real> cos = broadcast<Real>(turn.cos);
    if (x == 0) {
        for (Mask k = 0; k <= all; ++k) {
            Real* const p = tile + k * WIDTH<Real>;
            const Vector<Real> v = load(p);
            store<Real>(p, v * cos + flipped<flip, Real>(v) * factors.by_parity[parity(k & z)]);
        }
        return;
    }
    const int is_other_odd = parity(x & z);
    for_each_subset(all & ~bit(63 - __builtin_clzll(x)), [&](Mask k) {
        Real *const p = tile + k * WIDTH<Real>, *const q = tile + (k ^ x) * WIDTH<Real>;
        const int is_odd = parity(k & z);
        const Vector<Real> v = load(p), w = load(q);
        store<Real>(p, v * cos + flipped<flip, Real>(w) * factors.by_parity[is_odd ^ is_other_odd]);
        store<Real>(q, w * cos + flipped<flip, Real>(v) * factors.by_parity[is_odd]);
    });
}

template <class Real, int flip = 0>
void run_string(Real* tile, int nb_bits, const StringTurn& turn, Mask outer) {
    if constexpr (flip < WIDTH<Real>) {
        const bool is_imaginary = !parity(turn.x & turn.z);
        const Mask wanted = (turn.x & (NB_LANES<Real> - 1)) << 1 | Mask(is_imaginary);
        if (wanted != Mask(flip)) return run_string<Real, flip + 1>(tile, nb_bits, turn, outer);
        run_string_of<Real, flip>(tile, nb_bits, turn, parity(outer & turn.outer_z));
    }
}

}  // namespace
}  // namespace qat
