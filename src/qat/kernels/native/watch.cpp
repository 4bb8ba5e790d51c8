#include "watch.h"

namespace qat {
namespace {

constexpr auto ASKING_INTERVAL = std::chrono::milliseconds(50);

thread_local Watch* watch_of_thread = nullptr;
thread_local bool is_helper = false;

}  // namespace

Watch::Watch(Question question) : previous_(watch_of_thread), question_(question) { watch_of_thread = this; }
Watch::~Watch() { watch_of_thread = previous_; }

Watch* Watch::current() { return watch_of_thread; }

void Watch::ask(double fraction) {
    if (is_helper) return;
    const Clock::time_point now = Clock::now();
    if (now - asked_ < ASKING_INTERVAL) return;
    if (!is_stopped() && question_(begin_ + width_ * fraction)) is_stopped_ = true;
    asked_ = Clock::now();
}

Watch::Helper::Helper(Watch* watch) {
    watch_of_thread = watch;
    is_helper = true;
}
Watch::Helper::~Helper() {
    watch_of_thread = nullptr;
    is_helper = false;
}

Watch::Part::Part(double begin, double end) {
    Watch* const watch = watch_of_thread;
    if (!watch || is_helper) return;
    begin_ = watch->begin_;
    width_ = watch->width_;
    watch->begin_ = begin_ + width_ * begin;
    watch->width_ = width_ * (end - begin);
}
Watch::Part::~Part() {
    if (!watch_of_thread || is_helper) return;
    watch_of_thread->begin_ = begin_;
    watch_of_thread->width_ = width_;
}

void look(double fraction) {
    Watch* const watch = watch_of_thread;
    if (!watch) return;
    watch->ask(fraction);
    if (watch->is_stopped()) throw Interrupted();
}

}  // namespace qat
