#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace qat {
namespace {

class Tasks {
public:
    Tasks(int nb_tasks, const std::function<void(int)>& task) : nb_tasks_(nb_tasks), task_(task) {}

    void work() noexcept {
        for (int i = next_++; i < nb_tasks_; i = next_++) try {
                task_(i);
            } catch (...) {
                const std::lock_guard<std::mutex> lock(mutex_);
                if (!error_) error_ = std::current_exception();
                next_ = nb_tasks_;
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
    std::exception_ptr error_;
};

}  // namespace

void run_in_parallel(int nb_tasks, int nb_threads, const std::function<void(int)>& task) {
    Tasks tasks(nb_tasks, task);
    std::vector<std::thread> helpers;
    for (int i = 1; i < std::min(nb_threads, nb_tasks); ++i) helpers.emplace_back([&tasks] { tasks.work(); });
    tasks.work();
    for (std::thread& helper : helpers) helper.join();
    tasks.rethrow();
}

}  // namespace qat
