#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "watch.h"

namespace qat {
namespace {

constexpr auto WAITING_INTERVAL = std::chrono::milliseconds(20);

class Tasks {
public:
    Tasks(int nb_tasks, const std::function<void(int)>& task) : nb_tasks_(nb_tasks), task_(task) {}

    void work() noexcept {
        for (int i = next_++; i < nb_tasks_; i = next_++) try {
                const Watch::Part part(double(i) / nb_tasks_, double(i + 1) / nb_tasks_);
                look(0);
                task_(i);
            } catch (...) {
                const std::lock_guard<std::mutex> lock(mutex_);
                if (!error_) error_ = std::current_exception();
                next_ = nb_tasks_;
            }
    }
    void help(Watch* watch) noexcept {
        {
            const Watch::Helper helper(watch);
            work();
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        ++nb_ended_;
        helper_ended_.notify_one();
    }
    // Until so many helpers have ended. Meanwhile the watch is kept awake.
    void wait_for(int nb_helpers, Watch* watch) {
        std::unique_lock<std::mutex> lock(mutex_);
        while (!helper_ended_.wait_for(lock, WAITING_INTERVAL, [&] { return nb_ended_ == nb_helpers; })) {
            lock.unlock();
            if (watch) watch->ask(1);
            lock.lock();
        }
    }
    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    const int nb_tasks_;
    const std::function<void(int)>& task_;
    std::atomic<int> next_{0};
    std::mutex mutex_;
    std::condition_variable helper_ended_;
    int nb_ended_ = 0;
    std::exception_ptr error_;
};

}  // namespace

void run_in_parallel(int nb_tasks, int nb_threads, const std::function<void(int)>& task) {
    Tasks tasks(nb_tasks, task);
    Watch* const watch = Watch::current();
    std::vector<std::thread> helpers;
    try {
        for (int i = 1; i < std::min(nb_threads, nb_tasks); ++i)
            helpers.emplace_back([&tasks, watch] { tasks.help(watch); });
    } catch (const std::system_error&) {  // the machine has no more threads to give
    }
    tasks.work();
    if (!helpers.empty()) tasks.wait_for(static_cast<int>(helpers.size()), watch);
    for (std::thread& helper : helpers) helper.join();
    tasks.rethrow();
    if (watch && watch->is_stopped()) throw Interrupted();
}

}  // namespace qat
