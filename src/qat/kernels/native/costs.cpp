#include "costs.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "executor.h"
#include "memory.h"
#include "planner.h"

namespace qat {
namespace {

constexpr int NB_REPETITIONS = 3;
constexpr double LONG_S = 1e-2;            // what takes longer is measured once
constexpr double SHORT_S = 1e-4;           // what takes less is done many times in a row: wide vectors take 20 us to speed up
constexpr double CALL_S = 3e-8;            // of a kernel
constexpr double THREAD_S = 3e-5;          // to start one
constexpr std::size_t CACHED_BYTES = std::size_t(1) << 19;
constexpr int PROBE_BITS = 10;             // amplitudes that probes are measured on
constexpr int NB_ALIKE_STEPS = 4;          // measured together
constexpr int MAX_BLOCK_FACTORS = 128;
constexpr int STREAM_BITS = 23;            // bytes of the array that memory is measured with

// Of the processor for this thread, so that neighbours do not count.
double processor_s() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

template <class Work>
double seconds_of_some(int count, Work work) {
    const double start = processor_s();
    for (int i = 0; i < count; ++i) work();
    return (processor_s() - start) / count;
}

// Shortest of a few runs, after a first one unless that was long.
template <class Work>
double seconds_of(Work work) {
    double best = seconds_of_some(1, work);
    if (best > LONG_S) return best;
    const int count = 1 + static_cast<int>(SHORT_S / (best + 1e-7));
    best = seconds_of_some(count, work);
    for (int i = 1; i < NB_REPETITIONS; ++i) best = std::min(best, seconds_of_some(count, work));
    return best;
}

template <class Real>
Buffer<Real> zeros(std::size_t nb_reals) {
    auto array = allocated<Real>(nb_reals);
    std::memset(array.get(), 0, nb_reals * sizeof(Real));
    return array;
}

// Instructions of one kind take the same time for each amplitude.
using KindOfInstruction = std::tuple<int, int, int, int, int, int, int, int>;

int nb_ones(Mask mask) { return __builtin_popcountll(mask); }

int kind_of_rotations(const Rotations& rotations, int lane_bits) {
    int lowest = 8;
    for (int i = 0; i < rotations.size; ++i) lowest = std::min(lowest, rotations.positions[i] - lane_bits);
    return (rotations.size * 4 + static_cast<int>(rotations.entries)) * 32 + rotations.has_complex_scales * 16 + lowest;
}

KindOfInstruction kind_of(const Instruction& each, int lane_bits) {
    int first = 0, second = 0, tables = 0;
    if (each.first) first = kind_of_rotations(*each.first, lane_bits);
    if (each.second) second = kind_of_rotations(*each.second, lane_bits);
    if (each.opcode == Opcode::dense || each.opcode == Opcode::transpose) first = each.nb_targets;
    if (each.opcode == Opcode::diagonal) {
        const Diagonal& diagonal = *each.diagonal;
        tables = (diagonal.low_table ? 1 : 0) + (diagonal.cross ? 2 : 0) + (diagonal.has_low_factors ? 4 : 0);
        first = diagonal.nb_low;
        second = (diagonal.nb_low_outer + diagonal.nb_high_outer) / 8;
    }
    if (each.opcode == Opcode::block) first = each.target, second = each.partner;
    const bool has_target = each.opcode == Opcode::lane_rotation || each.opcode == Opcode::flip ||
                            each.opcode == Opcode::swap;
    const int target = has_target ? std::min(each.target, lane_bits) : 0;
    const int partner = has_target ? std::min(each.partner, lane_bits) : 0;
    return {static_cast<int>(each.opcode), first, second, tables, target, partner, nb_ones(each.mask), each.is_crossed};
}

// What memory costs, in seconds a byte: states copied tile by tile, read and written in place, touched the first time.
struct Streaming {
    double copied, in_place, fresh;
};

template <class Real>
class Costs {
public:
    explicit Costs(const Kernels<Real>& kernels) : kernels_(kernels) {}

    double of(const Pass& pass) {
        const std::lock_guard<std::mutex> lock(mutex_);
        double total = 0;
        for (const Instruction& each : pass.instructions)
            total += std::ldexp(CALL_S + of(each, pass.nb_bits()), -nb_ones(each.outer));
        return total;
    }

    const Streaming& streaming() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (streaming_.copied == 0) measure_streaming();
        return streaming_;
    }

private:
    const Kernels<Real>& kernels_;
    std::mutex mutex_;
    std::map<KindOfInstruction, double> known_;
    Streaming streaming_{0, 0, 0};

    // Of one tile.
    double of(const Instruction& each, int nb_bits) {
        return each.opcode == Opcode::block ? of_block(*each.block, nb_bits) : of_kind(each, nb_bits);
    }

    // The loads and stores, and what each step adds to them.
    double of_block(const Block& block, int nb_bits) {
        const double bare = of_steps(Step::Kind::turn, 0, nb_bits);
        double total = bare;
        for (const Step* step = block.steps; step < block.steps + block.nb_steps; ++step) {
            const double added = (of_steps(step->kind, NB_ALIKE_STEPS, nb_bits) - bare) / NB_ALIKE_STEPS;
            total += std::ldexp(std::max(added, 0.0) * nb_ones(step->registers), -block.size - nb_ones(step->outer));
        }
        return total;
    }

    double of_steps(Step::Kind kind, int nb_steps, int nb_bits) {
        Step step{};
        step.kind = kind;
        step.registers = static_cast<std::uint16_t>((1 << (1 << kernels_.block_bits)) - 1);
        step.mask = kind < Step::Kind::scale ? 1 : 0;  // registers, or lane bit 0
        const std::vector<Step> steps(nb_steps, step);
        const std::vector<Factor> factors(MAX_BLOCK_FACTORS, Factor{1, 0});
        Block block{kernels_.block_bits, {}, {}, nb_steps, steps.data(), factors.data()};
        for (int i = 0; i < block.size; ++i) block.positions[i] = kernels_.lane_bits + i;
        for (int r = 0; r < 1 << block.size; ++r) block.outputs[r] = static_cast<std::uint8_t>(r);
        Instruction instruction{};
        instruction.opcode = Opcode::block;
        instruction.target = static_cast<int>(kind);  // for its kind
        instruction.partner = nb_steps;
        instruction.block = &block;
        return of_kind(instruction, nb_bits);
    }

    double of_kind(const Instruction& each, int nb_bits) {
        const auto [known, is_new] = known_.try_emplace(kind_of(each, kernels_.lane_bits), 0.0);
        if (is_new) {
            auto tile = zeros<Real>(std::size_t(2) << nb_bits);
            const double seconds = seconds_of([&] { kernels_.run(tile.get(), nb_bits, &each, 1, each.outer); });
            known->second = std::ldexp(std::max(seconds - CALL_S, 0.0), -nb_bits);
        }
        return std::ldexp(known->second, nb_bits);
    }

    static Pass empty_pass(int nb_places, int nb_bits, int nb_low) {
        Pass pass;
        for (int place = 0; place < nb_places; ++place) {
            const bool is_in_tile = place < nb_low || place >= nb_places - (nb_bits - nb_low);
            (is_in_tile ? pass.tile_places : pass.outer_places).push_back(place);
        }
        return pass;
    }

    void measure_streaming() {
        const int nb_places = STREAM_BITS - (sizeof(Real) == 8 ? 4 : 3), nb_bits = nb_places - 4;
        const double nb_bytes = std::ldexp(1.0, STREAM_BITS);
        const double start = processor_s();
        const std::unique_ptr<Real, decltype(&std::free)> memory(static_cast<Real*>(fresh_memory(std::size_t(nb_bytes))), &std::free);
        Real* const data = memory.get();
        std::memset(data, 0, std::size_t(nb_bytes));
        streaming_.fresh = (processor_s() - start) / nb_bytes;
        std::deque<Pass> copying;
        copying.push_back(empty_pass(nb_places, nb_bits, 4));
        streaming_.copied = seconds_of([&] { execute(data, nb_places, copying, kernels_, {1}); }) / nb_bytes;
        streaming_.in_place = seconds_of([&] { scale(data, std::size_t(2) << nb_places); }) / nb_bytes;
    }

    static void scale(Real* data, std::size_t nb_reals) {
        for (std::size_t i = 0; i < nb_reals; ++i) data[i] *= Real(0.5);
    }
};

template <class Real>
Costs<Real>& costs(const Kernels<Real>& kernels) {
    static std::mutex mutex;
    using Known = std::map<const void*, Costs<Real>>;
    static Known* const known = new Known;  // never destroyed: runs may go on while the process ends
    const std::lock_guard<std::mutex> lock(mutex);
    return known->try_emplace(&kernels, kernels).first->second;
}

template <class Real>
double bytes_of(int nb_places) {
    return std::ldexp(2.0 * sizeof(Real), nb_places);
}

// Of one thread: a pass over one state, without probes.
template <class Real>
double sweep_s(const Pass& pass, int nb_places, const Kernels<Real>& kernels) {
    Costs<Real>& machine = costs(kernels);
    const double nb_bytes = bytes_of<Real>(nb_places);
    const double seconds = std::ldexp(machine.of(pass), static_cast<int>(pass.outer_places.size()));
    if (nb_bytes <= CACHED_BYTES) return seconds;
    const Streaming& memory = machine.streaming();
    return seconds + nb_bytes * (pass.is_in_place() ? memory.in_place : memory.copied);
}

// Of one thread, for each amplitude.
double probes_s(const Probes& probes, const PauliCosts& costs) {
    const double diagonal = probes.is_transformed() ? costs.imaginary_products + costs.transform_squares
                                                    : costs.signed_sum * probes.diagonal.size();
    return diagonal + costs.letter_sums * (probes.near.size() + probes.far.size()) + costs.signed_sum * probes.others.size();
}

double shared(double seconds, int nb_places, int nb_threads) {
    if (nb_places < MIN_THREADED_PLACES) nb_threads = 1;
    return seconds / nb_threads + (nb_threads - 1) * THREAD_S;
}

}  // namespace

template <class Real>
double duration_s(const std::deque<Pass>& passes, int nb_places, const Kernels<Real>& kernels, int nb_threads) {
    const double nb_bytes = bytes_of<Real>(nb_places);
    double total = 0;
    for (const Pass& pass : passes) total += sweep_s(pass, nb_places, kernels);
    total = shared(total, nb_places, nb_threads);
    if (nb_bytes <= CACHED_BYTES) return total;
    const Streaming& memory = costs(kernels).streaming();  // cleared at the start
    return total + nb_bytes * (is_kept(std::size_t(nb_bytes)) ? memory.in_place / 2 : memory.fresh);
}

template <class Real>
double both_duration_s(const std::deque<Pass>& passes, int nb_places, const Kernels<Real>& kernels,
                       const PauliKernels<Real>& pauli_kernels, int nb_threads) {
    const PauliCosts& costs = pauli_costs(pauli_kernels, std::max(pauli_kernels.min_tile_bits, PROBE_BITS));
    double total = 0;
    for (const Pass& pass : passes) {
        total += 2 * sweep_s(pass, nb_places, kernels);
        for (const Probes& probes : pass.probes) total += std::ldexp(probes_s(probes, costs), nb_places);
    }
    return shared(total, nb_places, nb_threads);
}

template <class Real>
double reading_s(int nb_places, const Kernels<Real>& kernels) {
    const double nb_bytes = std::ldexp(2.0 * sizeof(Real), nb_places);
    return nb_bytes <= CACHED_BYTES ? 0 : nb_bytes * costs(kernels).streaming().in_place / 2;
}

template <class Real>
const PauliCosts& pauli_costs(const PauliKernels<Real>& kernels, int tile_bits) {
    static std::mutex mutex;
    using Known = std::map<std::pair<const void*, int>, PauliCosts>;
    static Known* const known = new Known;
    const std::lock_guard<std::mutex> lock(mutex);
    const auto [found, is_new] = known->try_emplace({&kernels, tile_bits});
    if (!is_new) return found->second;
    auto a = zeros<Real>(std::size_t(2) << tile_bits), b = zeros<Real>(std::size_t(2) << tile_bits);
    auto table = zeros<Real>(std::size_t(2) << tile_bits);
    Real *const x = a.get(), *const y = b.get(), *const t = table.get();
    const Mask mask = bit_of(tile_bits) - 1;
    const auto each = [&](auto work) { return std::ldexp(seconds_of(work), -tile_bits); };
    PauliCosts& costs = found->second;
    costs.signed_sum = each([&] { t[0] += Real(kernels.signed_sum(x, y, tile_bits, 0x2a6 & mask, 0x155 & mask, false)); });
    const int letters[3] = {tile_bits - 1, tile_bits - 2, tile_bits - 3};
    double sums[3];
    costs.letter_sums = each([&] { kernels.letter_sums(x, y, tile_bits, letters, 3, false, sums); });
    costs.imaginary_products = each([&] { kernels.imaginary_products(x, y, t, tile_bits); });
    costs.products = each([&] { kernels.products(x, y, t, tile_bits, 0x2a6 & mask); });
    costs.squares = each([&] { kernels.squares(x, t, tile_bits); });
    costs.transform_products = each([&] { kernels.transform(t, tile_bits + 1, 1); });
    costs.transform_squares = each([&] { kernels.transform(t, tile_bits, 0); });
    costs.add_signed = each([&] { kernels.add_signed(x, y, tile_bits, 0x2a6 & mask, 0x155 & mask, 1, 0); });
    costs.add_weighted = each([&] { kernels.add_weighted(t, x, y, tile_bits, 0x2a6 & mask); });
    return costs;
}

template double duration_s(const std::deque<Pass>&, int, const Kernels<double>&, int);
template double duration_s(const std::deque<Pass>&, int, const Kernels<float>&, int);
template double both_duration_s(const std::deque<Pass>&, int, const Kernels<double>&, const PauliKernels<double>&, int);
template double reading_s(int, const Kernels<double>&);
template double reading_s(int, const Kernels<float>&);
template const PauliCosts& pauli_costs(const PauliKernels<double>&, int);
template const PauliCosts& pauli_costs(const PauliKernels<float>&, int);

}  // namespace qat
