#include "executor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "memory.h"
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

// A pass with what its tiles have in common worked out.
struct Sweep {
    const Pass* pass;
    std::int64_t nb_tiles;
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
    Sweep sweep{&pass, std::int64_t(1) << pass.outer_places.size(), 0, {}};
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
    Run(Real* state, const std::deque<Pass>& passes, const Kernels<Real>& kernels, int nb_threads)
        : state_(state), kernels_(kernels), watch_(Watch::current()), barrier_(nb_threads) {
        std::size_t largest = 0;
        for (const Pass& pass : passes) {
            if (!pass.is_in_place()) largest = std::max(largest, std::size_t(2) << pass.nb_bits());
            sweeps_.push_back(sweep_of(pass));
        }
        for (int i = 0; i < nb_threads; ++i) tiles_.push_back(largest ? allocated<Real>(largest) : nullptr);
    }

    void work(int thread) {
        for (std::size_t i = 0; i < sweeps_.size(); ++i) {
            const Sweep& sweep = sweeps_[i];
            for (std::int64_t tile; (tile = next_tile_.fetch_add(1)) < sweep.nb_tiles && !is_stopped();) {
                if (thread == 0 && watch_) watch_->ask((i + double(tile) / sweep.nb_tiles) / sweeps_.size());
                run_tile(sweep, tile, tiles_[thread].get());
            }
            if (tiles_.size() > 1)
                barrier_.wait([this] { finish_sweep(); });
            else
                finish_sweep();
            if (is_ended_) return;
        }
    }

    bool is_ended() const { return is_ended_; }
    void reduce_to(int nb_threads) { barrier_.reduce_to(nb_threads); }

private:
    bool is_stopped() const { return watch_ && watch_->is_stopped(); }

    // While all threads wait, so that they agree on whether to go on.
    void finish_sweep() {
        next_tile_ = 0;
        is_ended_ = is_stopped();
    }

    void run_tile(const Sweep& sweep, std::int64_t tile, Real* buffer) {
        const Pass& pass = *sweep.pass;
        const Mask outer = static_cast<Mask>(tile);
        Real* const origin = state_ + 2 * spread(outer, pass.outer_places.data(), pass.outer_places.size());
        Real* const place = sweep.offsets.empty() ? origin : buffer;
        const auto nb_runs = static_cast<std::int64_t>(sweep.offsets.size());
        if (nb_runs) kernels_.gather(place, origin, sweep.offsets.data(), nb_runs, sweep.run_bits);
        kernels_.run(place, pass.nb_bits(), pass.instructions.data(), static_cast<int>(pass.instructions.size()), outer);
        if (nb_runs) kernels_.scatter(origin, place, sweep.offsets.data(), nb_runs, sweep.run_bits);
    }

    Real* state_;
    const Kernels<Real>& kernels_;
    Watch* const watch_;
    Barrier barrier_;
    std::vector<Sweep> sweeps_;
    std::vector<Buffer<Real>> tiles_;
    std::atomic<std::int64_t> next_tile_{0};
    bool is_ended_ = false;  // before the last sweep: the run was stopped
};

// Of a pass: more threads than that would have nothing to do.
int most_tiles(const std::deque<Pass>& passes) {
    std::size_t most_places = 0;
    for (const Pass& pass : passes) most_places = std::max(most_places, pass.outer_places.size());
    return 1 << std::min<std::size_t>(most_places, 16);
}

}  // namespace

template <class Real>
void execute(Real* state, int nb_places, const std::deque<Pass>& passes, const Kernels<Real>& kernels,
             const Execution& execution) {
    if (passes.empty()) return;
    const int nb_threads = nb_places < MIN_THREADED_PLACES ? 1 : std::clamp(execution.nb_threads, 1, most_tiles(passes));
    Run<Real> run(state, passes, kernels, nb_threads);
    std::vector<std::thread> others;
    try {
        for (int i = 1; i < nb_threads; ++i) others.emplace_back([&run, i] { run.work(i); });
    } catch (const std::system_error&) {  // the machine has no more threads to give
        run.reduce_to(static_cast<int>(others.size()) + 1);
    }
    run.work(0);
    for (std::thread& other : others) other.join();
    if (run.is_ended()) throw Interrupted();
}

template void execute(double*, int, const std::deque<Pass>&, const Kernels<double>&, const Execution&);
template void execute(float*, int, const std::deque<Pass>&, const Kernels<float>&, const Execution&);

}  // namespace qat
