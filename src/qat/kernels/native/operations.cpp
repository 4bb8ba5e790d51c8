#include "operations.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "dispatch.h"

namespace qat {
namespace {

constexpr std::int64_t BURST_ROUNDS = 200000;
constexpr int NB_BURSTS = 8;
constexpr double PRODUCT = 6;            // of complex numbers, of which one is a factor
constexpr double MULTIPLY_ADD = 4;       // a real factor and an addition, for both parts
constexpr int TRANSFORM_BITS = 10;       // of the blocks in probes.cpp

int nb_ones(Mask mask) { return __builtin_popcountll(mask); }

// Of one amplitude, as are those that follow.
double of_rotations(const Rotations& gates) {
    const double gate = gates.entries == Entries::complex ? PRODUCT + 2 : MULTIPLY_ADD;
    return gates.size * gate + (gates.has_complex_scales ? PRODUCT : 2);
}

double of_lane_pair(const Rotations& gates, int lane_bits) {
    const int nb_lanes = (gates.positions[0] < lane_bits) + (gates.positions[1] < lane_bits);
    return nb_lanes * (MULTIPLY_ADD + 2) + (2 - nb_lanes) * MULTIPLY_ADD + PRODUCT;
}

double of_diagonal(const Diagonal& diagonal) {
    const int nb_rows = 1 << diagonal.nb_high;
    const auto nb_plain = diagonal.cross ? std::count(diagonal.is_row_plain, diagonal.is_row_plain + nb_rows, 1) : nb_rows;
    const double crossed = PRODUCT + PRODUCT + (diagonal.low_table ? PRODUCT : 0);
    return (nb_plain * PRODUCT + (nb_rows - nb_plain) * crossed) / nb_rows;
}

double of_block(const Block& block) {
    double total = 0;
    for (const Step* step = block.steps; step < block.steps + block.nb_steps; ++step) {
        const double share = std::ldexp(nb_ones(step->registers), -block.size);
        switch (step->kind) {
            case Step::Kind::turn:
            case Step::Kind::imaginary_turn:
            case Step::Kind::lane_turn: total += MULTIPLY_ADD; break;
            case Step::Kind::scale: total += share * PRODUCT; break;
            case Step::Kind::real_scale: total += share * 2; break;
            case Step::Kind::exchange:
            case Step::Kind::choose:
            case Step::Kind::lane_flip: break;
        }
    }
    return total;
}

double of_instruction(const Instruction& each, int lane_bits) {
    switch (each.opcode) {
        case Opcode::rotations: return of_rotations(*each.first);
        case Opcode::two_rotations: return 2 * (2 * MULTIPLY_ADD + PRODUCT);
        case Opcode::lane_rotation: return PRODUCT + 2 + PRODUCT;
        case Opcode::lane_pair: return of_lane_pair(*each.first, lane_bits);
        case Opcode::phase: return std::ldexp(PRODUCT, -nb_ones(each.mask));
        case Opcode::diagonal: return of_diagonal(*each.diagonal);
        case Opcode::dense: return std::ldexp(PRODUCT + 2, each.nb_targets - nb_ones(each.mask));
        case Opcode::string: return PRODUCT;
        case Opcode::block: return of_block(*each.block);
        case Opcode::flip:
        case Opcode::swap:
        case Opcode::transpose: return 0;
    }
    return 0;
}

double of_probes(const Probes& probes) {
    const double transformed = PRODUCT / 2 + TRANSFORM_BITS;
    const double diagonal = probes.is_transformed() ? transformed : MULTIPLY_ADD * probes.diagonal.size();
    double letters = 0;
    for (const auto* groups : {&probes.near, &probes.far})
        for (const Letters& group : *groups) letters += MULTIPLY_ADD * group.size;
    return diagonal + letters + MULTIPLY_ADD * probes.others.size();
}

double thread_s() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

}  // namespace

double nb_operations(const std::deque<Pass>& passes, int nb_places, int lane_bits) {
    double total = 0;
    for (const Pass& pass : passes)
        for (const Instruction& each : pass.instructions)
            total += std::ldexp(of_instruction(each, lane_bits), -nb_ones(each.outer));
    return std::ldexp(total, nb_places);
}

double nb_probe_operations(const std::deque<Pass>& passes, int nb_places) {
    double total = 0;
    for (const Pass& pass : passes)
        for (const Probes& probes : pass.probes) total += of_probes(probes);
    return std::ldexp(total, nb_places);
}

template <class Real>
double peak_operations() {
    const Kernels<Real>& chosen = kernels<Real>();
    volatile Real kept = 0;  // so that the work is done
    double best = 0;
    for (int i = 0; i < NB_BURSTS; ++i) {
        const double start = thread_s();
        kept = chosen.burst(BURST_ROUNDS, Real(0.5), Real(1));
        best = std::max(best, BURST_ROUNDS * chosen.burst_operations / (thread_s() - start));
    }
    static_cast<void>(kept);
    return best;
}

template double peak_operations<double>();
template double peak_operations<float>();

}  // namespace qat
