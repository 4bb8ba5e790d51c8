#include "simulate.h"

#include <algorithm>
#include <cstring>

#include "costs.h"
#include "dispatch.h"
#include "pauli_dispatch.h"
#include "watch.h"

namespace qat {
namespace {

constexpr int TILE_BYTES_BITS = 19;  // 512 KiB: half of a common second-level cache
constexpr int RUN_BYTES_BITS = 8;    // four cache lines
constexpr int MIN_BLOCK_PLACES = 15; // smaller states are run in the time that it takes to choose blocks
constexpr std::size_t PIECE = std::size_t(1) << 20;  // numbers written between two looks: fresh memory is slow

template <class Real>
TileShape shape_of(const Kernels<Real>& kernels, const Settings& settings) {
    constexpr int amplitude_bits = sizeof(Real) == 8 ? 4 : 3;
    const int wished = settings.nb_tile_bits ? settings.nb_tile_bits : TILE_BYTES_BITS - amplitude_bits;
    const int least = std::max(MAX_DENSE_QUBITS, RUN_BYTES_BITS - amplitude_bits);
    return {kernels.lane_bits, std::clamp(wished, least, MAX_TILE_BITS), RUN_BYTES_BITS - amplitude_bits,
            kernels.block_bits, settings.nb_tile_bits ? 0 : MIN_BLOCK_PLACES};
}

// Zeros.
template <class Real>
void clear(Real* first, std::size_t nb_reals) {
    for (std::size_t i = 0; i < nb_reals; i += PIECE) {
        look(0);
        std::memset(first + i, 0, std::min(PIECE, nb_reals - i) * sizeof(Real));
    }
}

// The given amplitudes, or |0...0>, times a factor; the padding is zero.
template <class Real>
void fill(Real* state, int nb_places, Start<Real> start, Complex factor) {
    const std::size_t nb_reals = std::size_t(2) << nb_places;
    if (!start.amplitudes) {
        clear(state, nb_reals);
        state[0] = static_cast<Real>(factor.real());
        state[1] = static_cast<Real>(factor.imag());
        return;
    }
    const std::size_t nb_given = std::size_t(1) << start.nb_places;
    const Real re = static_cast<Real>(factor.real()), im = static_cast<Real>(factor.imag());
    for (std::size_t first = 0; first < nb_given; first += PIECE) {
        look(0);
        for (std::size_t i = first; i < std::min(nb_given, first + PIECE); ++i) {
            const Real x = start.amplitudes[i].real(), y = start.amplitudes[i].imag();
            state[2 * i] = x * re - y * im;
            state[2 * i + 1] = x * im + y * re;
        }
    }
    clear(state + 2 * nb_given, nb_reals - 2 * nb_given);
}

}  // namespace

template <class Real>
int padded_places(int nb_places) {
    return std::max({nb_places, kernels<Real>().lane_bits, 1});
}

template <class Real>
Buffer<Real> simulated(const Program& program, const double* parameters, const Complex* supplied, Start<Real> start,
                       const Settings& settings) {
    Buffer<Real> state;
    simulate<Real>(program, parameters, supplied, start, settings, [&state](std::size_t nb_reals) {
        state = allocated<Real>(nb_reals);
        return state.get();
    });
    return state;
}

template <class Real>
void simulate(const Program& program, const double* parameters, const Complex* supplied, Start<Real> start,
              const Settings& settings, const std::function<Real*(std::size_t)>& room_for) {
    const Kernels<Real>& chosen = kernels<Real>();
    const int nb_places = padded_places<Real>(start.amplitudes ? start.nb_places : program.nb_qubits());
    Planner planner(nb_places, !start.amplitudes, settings.fusion);
    program.feed(planner, parameters, supplied);
    planner.finish();
    const auto [passes, left_out] = scheduled(planner, nb_places, shape_of(chosen, settings));
    Real* const state = room_for(std::size_t(2) << nb_places);
    fill(state, nb_places, start, planner.global_factor() * left_out);
    execute(state, nb_places, passes, chosen, settings.execution);
}

template <class Real>
void apply(const Program& program, const double* parameters, const Complex* supplied, Real* state, int nb_places,
           const Settings& settings) {
    const Kernels<Real>& chosen = kernels<Real>();
    Planner planner(nb_places, false, settings.fusion);
    program.feed(planner, parameters, supplied);
    planner.finish();
    const Schedule schedule = scheduled(planner, nb_places, shape_of(chosen, settings));
    execute(state, nb_places, schedule.passes, chosen, settings.execution);
    const Complex factor = planner.global_factor() * schedule.left_out;
    if (factor == 1.0) return;
    Instruction turn{};
    turn.opcode = Opcode::phase;
    turn.scales[0] = factor_of(factor);
    chosen.run(state, nb_places, &turn, 1, 0);
}

template <class Real>
Overlaps run_both(Planner& planner, Real* left, Real* right, int nb_places, const Settings& settings) {
    const Kernels<Real>& chosen = kernels<Real>();
    planner.finish_at_probes();
    const auto [passes, left_out] = scheduled(planner, nb_places, shape_of(chosen, settings));
    return {execute_both(left, right, nb_places, passes, planner.nb_slots(), chosen, settings.execution), std::norm(left_out)};
}

template <class Real>
double both_duration_s(Planner& planner, int nb_places, const Settings& settings) {
    const Kernels<Real>& chosen = kernels<Real>();
    planner.finish_at_probes();
    const std::deque<Pass> passes = scheduled(planner, nb_places, shape_of(chosen, settings)).passes;
    return both_duration_s(passes, nb_places, chosen, pauli_kernels<Real>(), settings.execution.nb_threads);
}

template <class Real>
WorkOnBoth work_on_both(Planner& planner, int nb_places, const Settings& settings) {
    const Kernels<Real>& chosen = kernels<Real>();
    planner.finish_at_probes();
    const std::deque<Pass> passes = scheduled(planner, nb_places, shape_of(chosen, settings)).passes;
    const Work one = work_of(passes, nb_places, chosen.lane_bits);
    return {2 * static_cast<std::int64_t>(passes.size()),
            one + one + work_of_probes(passes, nb_places)};
}

template <class Real>
PlanSize plan_size(const Program& program, const double* parameters, const Complex* supplied, const Settings& settings) {
    const Kernels<Real>& chosen = kernels<Real>();
    const int nb_places = padded_places<Real>(program.nb_qubits());
    Planner planner(nb_places, true, settings.fusion);
    program.feed(planner, parameters, supplied);
    planner.finish();
    const std::deque<Pass> passes = scheduled(planner, nb_places, shape_of(chosen, settings)).passes;
    PlanSize size{static_cast<std::int64_t>(planner.nodes().size()), static_cast<std::int64_t>(passes.size()), 0,
                  duration_s(passes, nb_places, chosen, settings.execution.nb_threads),
                  work_of(passes, nb_places, chosen.lane_bits)};
    for (const Pass& pass : passes) size.nb_instructions += static_cast<std::int64_t>(pass.instructions.size());
    return size;
}

#define QAT_FOR_PRECISION(Real)                                                                                     \
    template int padded_places<Real>(int);                                                                          \
    template Buffer<Real> simulated(const Program&, const double*, const Complex*, Start<Real>, const Settings&);   \
    template void simulate(const Program&, const double*, const Complex*, Start<Real>, const Settings&,             \
                           const std::function<Real*(std::size_t)>&);                                               \
    template void apply(const Program&, const double*, const Complex*, Real*, int, const Settings&);                \
    template PlanSize plan_size<Real>(const Program&, const double*, const Complex*, const Settings&);
QAT_FOR_PRECISION(double)
QAT_FOR_PRECISION(float)
#undef QAT_FOR_PRECISION
template double both_duration_s<double>(Planner&, int, const Settings&);
template WorkOnBoth work_on_both<double>(Planner&, int, const Settings&);
template Overlaps run_both(Planner&, double*, double*, int, const Settings&);

}  // namespace qat
