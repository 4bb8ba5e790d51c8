#include "operations.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "dispatch.h"
#include "memory.h"

namespace qat {
namespace {

constexpr std::int64_t BURST_ROUNDS = 200000;
constexpr int NB_BURSTS = 8;
constexpr std::int64_t SWEPT_BYTES = std::int64_t(1) << 26;
constexpr double PRODUCT = 6;            // of complex numbers, of which one is a factor
constexpr double MULTIPLY_ADD = 4;       // a real factor and an addition, for both parts
constexpr double AMPLITUDE_BYTES = 16;
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

// The part of the amplitudes that an instruction has to load and store.
double touched(const Instruction& each) {
    switch (each.opcode) {
        case Opcode::flip:
        case Opcode::phase:
        case Opcode::dense: return std::ldexp(1, -nb_ones(each.mask));
        case Opcode::swap: return 0.5;
        default: return 1;
    }
}

// Both tiles are read once for a sum, or for the letters that are summed together; a transform goes through its table of
// real numbers, which holds more than the registers do, twice.
Work of_probes(const Probes& probes) {
    const std::size_t nb_groups = probes.near.size() + probes.far.size();
    Work work{MULTIPLY_ADD * probes.others.size(), 0, 2 * AMPLITUDE_BYTES * (probes.others.size() + nb_groups)};
    for (const auto* groups : {&probes.near, &probes.far})
        for (const Letters& group : *groups) work.nb_operations += MULTIPLY_ADD * group.size;
    if (probes.is_transformed())
        return work + Work{PRODUCT / 2 + TRANSFORM_BITS, 0, 2 * AMPLITUDE_BYTES + 2 * AMPLITUDE_BYTES};
    const double nb_strings = static_cast<double>(probes.diagonal.size());
    return work + Work{MULTIPLY_ADD * nb_strings, 0, 2 * AMPLITUDE_BYTES * nb_strings};
}

Work times(const Work& work, double nb) { return {work.nb_operations * nb, work.tile_bytes * nb, work.near_bytes * nb}; }

double thread_s() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

}  // namespace

Work work_of(const std::deque<Pass>& passes, int nb_places, int lane_bits) {
    Work total;
    for (const Pass& pass : passes)
        for (const Instruction& each : pass.instructions) {
            const Work one{of_instruction(each, lane_bits), 2 * AMPLITUDE_BYTES * touched(each), 0};
            total = total + times(one, std::ldexp(1, -nb_ones(each.outer)));
        }
    return times(total, std::ldexp(1, nb_places));
}

Work work_of_probes(const std::deque<Pass>& passes, int nb_places) {
    Work total;
    for (const Pass& pass : passes)
        for (const Probes& probes : pass.probes) total = total + of_probes(probes);
    return times(total, std::ldexp(1, nb_places));
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

Bandwidths bandwidths(std::size_t nb_bytes) {
    const Kernels<double>& chosen = kernels<double>();
    const auto nb_reals = std::max(static_cast<std::int64_t>(nb_bytes) >> 10, std::int64_t(1)) << 7;
    const Buffer<double> array = allocated<double>(static_cast<std::size_t>(nb_reals));
    std::fill(array.get(), array.get() + nb_reals, 0.0);
    const std::int64_t nb_rounds = 1 + SWEPT_BYTES / (8 * nb_reals);
    volatile double kept = 0;
    Bandwidths best{0, 0};
    const auto measure = [&](auto way, int nb_ways, double& bandwidth) {
        const double start = thread_s();
        kept = way(array.get(), nb_reals, nb_rounds);
        bandwidth = std::max(bandwidth, 8.0 * nb_ways * nb_reals * nb_rounds / (thread_s() - start));
    };
    for (int i = 0; i < NB_BURSTS; ++i) {
        measure(chosen.sweep, 2, best.sweep);
        measure(chosen.read, 1, best.read);
    }
    static_cast<void>(kept);
    return best;
}

template double peak_operations<double>();
template double peak_operations<float>();

}  // namespace qat
