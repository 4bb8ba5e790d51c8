#include "executor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "memory.h"
#include "pauli_dispatch.h"
#include "watch.h"

namespace qat {
namespace {

// Threads wait here for each other; the last one to come runs `then` and lets all go on.
class Barrier {
public:
    explicit Barrier(int nb_threads) : nb_threads_(nb_threads) {}
    template <class Then>
    void wait(Then then) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (++nb_waiting_ == nb_threads_) {
            then();
            nb_waiting_ = 0;
            ++round_;
            all_here_.notify_all();
            return;
        }
        const int round = round_;
        all_here_.wait(lock, [&] { return round != round_; });
    }
    // For threads that could not be started; called before the calling thread waits for the first time.
    void reduce_to(int nb_threads) {
        const std::lock_guard<std::mutex> lock(mutex_);
        nb_threads_ = nb_threads;
    }

private:
    std::mutex mutex_;
    std::condition_variable all_here_;
    int nb_threads_, nb_waiting_ = 0, round_ = 0;
};

constexpr std::int64_t MAX_SHARES = 64;  // of the sums of a pass, which are added up in order

// A pass with what its tiles have in common worked out. Threads take shares of neighbouring tiles.
struct Sweep {
    const Pass* pass;
    std::int64_t nb_tiles, nb_shares;
    int run_bits;                       // lowest places that lie together
    std::vector<std::int64_t> offsets;  // of the runs of a tile, in reals; empty for tiles in place
};

// Spreads the bits of `number` over places.
Mask spread(Mask number, const int* places, std::size_t nb_places) {
    Mask index = 0;
    for (std::size_t i = 0; i < nb_places; ++i)
        if (number >> i & 1) index |= bit_of(places[i]);
    return index;
}

Sweep sweep_of(const Pass& pass) {
    const std::int64_t nb_tiles = std::int64_t(1) << pass.outer_places.size();
    Sweep sweep{&pass, nb_tiles, pass.probes.empty() ? nb_tiles : std::min(nb_tiles, MAX_SHARES), 0, {}};
    if (pass.is_in_place()) return sweep;
    while (pass.tile_places[sweep.run_bits] == sweep.run_bits) ++sweep.run_bits;
    const int nb_rest = pass.nb_bits() - sweep.run_bits;
    for (Mask run = 0; run < bit_of(nb_rest); ++run)
        sweep.offsets.push_back(2 * spread(run, pass.tile_places.data() + sweep.run_bits, nb_rest));
    return sweep;
}

template <class Real>
class Run {
public:
    Run(std::vector<Real*> states, const std::deque<Pass>& passes, int nb_slots, const Kernels<Real>& kernels, int nb_threads)
        : states_(std::move(states)), kernels_(kernels), watch_(Watch::current()), barrier_(nb_threads),
          slots_(nb_slots), sums_(MAX_SHARES * nb_slots) {
        std::size_t largest = 0;
        for (const Pass& pass : passes) {
            if (!pass.is_in_place()) largest = std::max(largest, states_.size() << (pass.nb_bits() + 1));
            sweeps_.push_back(sweep_of(pass));
        }
        for (int i = 0; i < nb_threads; ++i) tiles_.push_back(largest ? allocated<Real>(largest) : nullptr);
    }

    void work(int thread) {
        for (std::size_t i = 0; i < sweeps_.size(); ++i) {
            const Sweep& sweep = sweeps_[i];
            const std::int64_t nb_tiles = sweep.nb_tiles / sweep.nb_shares;
            for (std::int64_t share; (share = next_share_.fetch_add(1)) < sweep.nb_shares && !is_stopped();)
                for (std::int64_t tile = share * nb_tiles; tile < (share + 1) * nb_tiles && !is_stopped(); ++tile) {
                    if (thread == 0 && watch_) watch_->ask((i + double(tile) / sweep.nb_tiles) / sweeps_.size());
                    run_tile(sweep, tile, tiles_[thread].get(), sums_.data() + share * slots_.size());
                }
            if (tiles_.size() > 1)
                barrier_.wait([&] { finish_sweep(sweep); });
            else
                finish_sweep(sweep);
            if (is_ended_) return;
        }
    }

    const std::vector<double>& slots() const { return slots_; }
    bool is_ended() const { return is_ended_; }
    void reduce_to(int nb_threads) { barrier_.reduce_to(nb_threads); }

private:
    bool is_stopped() const { return watch_ && watch_->is_stopped(); }

    // While all threads wait, so that they agree on whether to go on.
    void finish_sweep(const Sweep& sweep) {
        next_share_ = 0;
        is_ended_ = is_stopped();
        if (sweep.pass->probes.empty()) return;
        for (std::size_t i = 0; i < sweep.nb_shares * slots_.size(); ++i) slots_[i % slots_.size()] += sums_[i];
        std::fill(sums_.begin(), sums_.end(), 0.0);
    }

    void run_tile(const Sweep& sweep, std::int64_t tile, Real* buffer, double* sums) {
        const Pass& pass = *sweep.pass;
        const Mask outer = static_cast<Mask>(tile);
        const auto nb_runs = static_cast<std::int64_t>(sweep.offsets.size());
        const std::int64_t first = 2 * spread(outer, pass.outer_places.data(), pass.outer_places.size());
        Real* places[2] = {nullptr, nullptr};
        for (std::size_t s = 0; s < states_.size(); ++s) {
            places[s] = nb_runs ? buffer + (s << (pass.nb_bits() + 1)) : states_[s] + first;
            if (nb_runs) kernels_.gather(places[s], states_[s] + first, sweep.offsets.data(), nb_runs, sweep.run_bits);
        }
        run_instructions(pass, places, outer, sums);
        for (std::size_t s = 0; s < states_.size() && nb_runs; ++s)
            kernels_.scatter(states_[s] + first, places[s], sweep.offsets.data(), nb_runs, sweep.run_bits);
    }

    void run_instructions(const Pass& pass, Real* const* places, Mask outer, double* sums) {
        int begin = 0;
        const auto run_to = [&](int end) {
            const Instruction* const first = pass.instructions.data() + begin;
            if (states_.size() == 1)
                kernels_.run(places[0], pass.nb_bits(), first, end - begin, outer);
            else
                kernels_.run_both(places[0], places[1], pass.nb_bits(), first, end - begin, outer);
            begin = end;
        };
        for (const Probes& probes : pass.probes) {
            run_to(probes.position);
            add_overlaps(probes, places[0], places[1], pass.nb_bits(), outer, pauli_kernels<Real>(), sums);
        }
        run_to(static_cast<int>(pass.instructions.size()));
    }

    std::vector<Real*> states_;  // one, or left and right
    const Kernels<Real>& kernels_;
    Watch* const watch_;
    Barrier barrier_;
    std::vector<Sweep> sweeps_;
    std::vector<Buffer<Real>> tiles_;
    std::atomic<std::int64_t> next_share_{0};
    std::vector<double> slots_, sums_;  // sums_: of each share of the present sweep
    bool is_ended_ = false;  // before the last sweep: the run was stopped
};

// Of a pass: more threads than that would have nothing to do.
int most_tiles(const std::deque<Pass>& passes) {
    std::size_t most_places = 0;
    for (const Pass& pass : passes) most_places = std::max(most_places, pass.outer_places.size());
    return 1 << std::min<std::size_t>(most_places, 16);
}

// Whether the whole state is the tile: a small one.
bool is_one_tile(const Pass& pass) { return pass.outer_places.empty() && pass.is_in_place() && pass.probes.empty(); }

template <class Real>
std::vector<double> execute_on(const std::vector<Real*>& states, int nb_places, const std::deque<Pass>& passes,
                               int nb_slots, const Kernels<Real>& kernels, const Execution& execution) {
    if (passes.empty()) return std::vector<double>(nb_slots);
    if (states.size() == 1 && passes.size() == 1 && is_one_tile(passes.front())) {
        const Pass& pass = passes.front();
        kernels.run(states[0], pass.nb_bits(), pass.instructions.data(), static_cast<int>(pass.instructions.size()), 0);
        return {};
    }
    const int nb_threads = nb_places < MIN_THREADED_PLACES ? 1 : std::clamp(execution.nb_threads, 1, most_tiles(passes));
    Run<Real> run(states, passes, nb_slots, kernels, nb_threads);
    std::vector<std::thread> others;
    try {
        for (int i = 1; i < nb_threads; ++i) others.emplace_back([&run, i] { run.work(i); });
    } catch (const std::system_error&) {  // the machine has no more threads to give
        run.reduce_to(static_cast<int>(others.size()) + 1);
    }
    run.work(0);
    for (std::thread& other : others) other.join();
    if (run.is_ended()) throw Interrupted();
    return run.slots();
}

}  // namespace

template <class Real>
void execute(Real* state, int nb_places, const std::deque<Pass>& passes, const Kernels<Real>& kernels,
             const Execution& execution) {
    execute_on<Real>({state}, nb_places, passes, 0, kernels, execution);
}

template <class Real>
std::vector<double> execute_both(Real* left, Real* right, int nb_places, const std::deque<Pass>& passes, int nb_slots,
                                 const Kernels<Real>& kernels, const Execution& execution) {
    return execute_on<Real>({left, right}, nb_places, passes, nb_slots, kernels, execution);
}

template void execute(double*, int, const std::deque<Pass>&, const Kernels<double>&, const Execution&);
template std::vector<double> execute_both(double*, double*, int, const std::deque<Pass>&, int, const Kernels<double>&,
                                          const Execution&);
template void execute(float*, int, const std::deque<Pass>&, const Kernels<float>&, const Execution&);

}  // namespace qat
