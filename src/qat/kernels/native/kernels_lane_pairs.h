// A CNOT after a real rotation of both its places, where one or both of these lie inside a vector.
//
// Cost: one load and one store of the tile. Done gate by gate it would be four of each.
#pragma once
#include "kernels_moves.h"

namespace qat {
namespace {

// Gate i of a product, on a lane position; its scale aside.
template <class Real, int Bit>
struct LaneRotation {
    Vector<Real> own, other;

    LaneRotation(const Rotations& gates, int i) {
        const bool is_crossed = gates.inputs[0] >> i & 1;
        for (int part = 0; part < WIDTH<Real>; ++part) {
            const Real off = static_cast<Real>(gates.off[2 * i + (part >> (Bit + 1) & 1)].re);
            own[part] = is_crossed ? off : Real(1);
            other[part] = is_crossed ? Real(1) : off;
        }
    }
    Vector<Real> operator()(Vector<Real> v) const { return own * v + other * shuffled<Real, OtherLane<Bit>>(v, v); }
};

// The scales of a product of two, lane by lane; `above` has the bits of those positions that are not in the lanes.
template <class Real>
Constant<Real> scales_by_lane(const Rotations& gates, int above) {
    Factor factors[WIDTH<Real> / 2];
    for (int lane = 0; lane < WIDTH<Real> / 2; ++lane) {
        int choice = above;
        for (int i = 0; i < 2; ++i)
            if (gates.positions[i] < LANE_BITS<Real>) choice |= (lane >> gates.positions[i] & 1) << i;
        factors[lane] = gates.scales[choice];
    }
    return constants<Real>(factors);
}

template <class Real, int Control, int Target>
void run_pair_in_lanes(Real* tile, int nb_bits, const Rotations& gates) {
    const LaneRotation<Real, Control> first(gates, 0);
    const LaneRotation<Real, Target> second(gates, 1);
    const Constant<Real> scales = scales_by_lane<Real>(gates, 0);
    const Choice<Real> is_flipped = lanes_with<Real>(gates.outputs[1] == 1 ? ~Mask(0) : bit(Control));
    Real* const end = tile + (std::int64_t(2) << nb_bits);
    for (Real* p = tile; p < end; p += WIDTH<Real>) {
        const Vector<Real> v = times<Real>(second(first(load(p))), scales);
        store<Real>(p, is_flipped ? shuffled<Real, OtherLane<Target>>(v, v) : v);
    }
}

// Gate `lane` of the product is on lane position Bit, the other one is outside.
template <class Real, int Bit>
void run_pair_across(Real* tile, int nb_bits, const Rotations& gates, int lane) {
    const int outside = 1 - lane, position = gates.positions[outside];
    const std::int64_t far = std::int64_t(2) << position;
    const std::int64_t from = gates.inputs[0] >> outside & 1 ? far : 0;
    const Constant<Real> off0 = constant<Real>(gates.off[2 * outside]), off1 = constant<Real>(gates.off[2 * outside + 1]);
    const Constant<Real> scales0 = scales_by_lane<Real>(gates, 0), scales1 = scales_by_lane<Real>(gates, 1 << outside);
    const LaneRotation<Real, Bit> turned(gates, lane);
    const bool is_controlled = gates.outputs[1] != 1, is_target_in_lane = lane == 1;
    const Choice<Real> is_flipped = lanes_with<Real>(is_controlled ? bit(Bit) : ~Mask(0));
    for_each_subset(all_vectors<Real>(nb_bits) & ~(bit(position) >> LANE_BITS<Real>), [&](Mask k) {
        Real* const p = tile + k * WIDTH<Real>;
        const Vector<Real> a = load(p + from), b = load(p + (far - from));
        const Vector<Real> v = times<Real>(turned(a + off0.re * b), scales0), w = times<Real>(turned(b + off1.re * a), scales1);
        if (is_target_in_lane) {
            store<Real>(p, v);
            store<Real>(p + far, is_controlled ? shuffled<Real, OtherLane<Bit>>(w, w) : w);
        } else {
            store<Real>(p, is_flipped ? w : v);
            store<Real>(p + far, is_flipped ? v : w);
        }
    });
}

template <class Real>
void run_lane_pair(Real* tile, int nb_bits, const Rotations& gates) {
    const int control = gates.positions[0], target = gates.positions[1];
    if (target >= LANE_BITS<Real>)
        return with_lane<Real>(control, [&](auto lane) { run_pair_across<Real, decltype(lane)::value>(tile, nb_bits, gates, 0); });
    with_lane<Real>(target, [&](auto lane) {
        constexpr int Target = decltype(lane)::value;
        if (control >= LANE_BITS<Real>) return run_pair_across<Real, Target>(tile, nb_bits, gates, 1);
        with_lane<Real>(control, [&](auto other) {
            if constexpr (decltype(other)::value != Target)
                run_pair_in_lanes<Real, decltype(other)::value, Target>(tile, nb_bits, gates);
        });
    });
}

}  // namespace
}  // namespace qat
