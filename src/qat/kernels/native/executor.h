// Runs passes over a state: tiles are handed out to threads, which meet after every pass.
//
// A tile whose places are not the lowest ones is copied into a buffer and back. Threads take the next free tile, so a
// busy neighbour slows a run down by what it takes and no more. Results do not depend on the number of threads: tiles
// are the same, and they do not share amplitudes.
#pragma once
#include <deque>

#include "schedule.h"

namespace qat {

struct Execution {
    int nb_threads = 1;
};

constexpr int MIN_THREADED_PLACES = 17;  // smaller states are done before other threads have begun

// Throws Interrupted when the watch of the calling thread says so.
template <class Real>
void execute(Real* state, int nb_places, const std::deque<Pass>& passes, const Kernels<Real>& kernels,
             const Execution& execution);

// The same for two states at once, with the overlaps that the passes ask for: slots[k] is the imaginary part of
// <left| P_k |right>. The tiles of both are in the cache together.
template <class Real>
std::vector<double> execute_both(Real* left, Real* right, int nb_places, const std::deque<Pass>& passes, int nb_slots,
                                 const Kernels<Real>& kernels, const Execution& execution);

}  // namespace qat
