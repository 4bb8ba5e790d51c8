// Stopping a run from outside, and telling how far it has come.
//
// Work that may take long calls `look` every millisecond or so. The thread that began the run asks outside, at most
// every 50 ms, whether to go on; its helpers see the answer. Nothing is passed down for this: the watch of a run is
// known to the threads that work for it. Cost of a look: reading a clock, about 25 ns; without a watch: nothing.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

namespace qat {

// The run is to be stopped: what it was computing is of no use. Who answered "stop" knows why.
struct Interrupted {};

class Watch {
public:
    // Told the fraction done; whether to stop.
    using Question = bool (*)(double fraction);

    // Watches what this thread does, and the helpers that join, as long as it lives.
    explicit Watch(Question question);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Of this thread; null when nobody watches.
    static Watch* current();

    // Asks if it is time to, never for helpers. `fraction`: done of the present part.
    void ask(double fraction);
    bool is_stopped() const { return is_stopped_.load(std::memory_order_relaxed); }

    // A helper thread takes part as long as this lives. A null watch is none.
    class Helper {
    public:
        explicit Helper(Watch* watch);
        ~Helper();
    };

    // What follows is the part `begin` to `end` of the part around it, as long as this lives.
    class Part {
    public:
        Part(double begin, double end);
        ~Part();

    private:
        double begin_ = 0, width_ = 1;
    };

private:
    using Clock = std::chrono::steady_clock;
    Watch* const previous_;
    const Question question_;
    Clock::time_point asked_ = Clock::now();
    double begin_ = 0, width_ = 1;
    std::atomic<bool> is_stopped_{false};
};

// Throws Interrupted if the run is to be stopped.
void look(double fraction);

// The same for step `done` of `nb` short ones, every 4096 of them.
inline void look_sometimes(std::uint64_t done, std::uint64_t nb) {
    if ((done & 4095) == 0) look(double(done) / double(nb));
}

}  // namespace qat
