// Work shared out over threads.
//
// Threads live for one call only and take the next task when they are done with the last, so that a core taken away by
// another program delays one task and nobody waits spinning. Starting a thread costs some 20 microseconds: callers ask
// for more than one only where a call takes a millisecond.
#pragma once
#include <functional>

namespace qat {

// Calls task(0), ..., task(nb_tasks - 1), in any order. Answers that are sums must not depend on it: give each task its
// own place and add up afterwards. The first exception of a task is thrown once all threads have stopped.
// The threads share the watch of the calling one, which tells the progress.
void run_in_parallel(int nb_tasks, int nb_threads, const std::function<void(int)>& task);

}  // namespace qat
