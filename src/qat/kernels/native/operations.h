// How many additions and multiplications of real numbers a plan makes: with the processor's peak, a bound for its time.
//
// Counted as the kernels do them, a multiplication-addition as two; copies, shuffles and the making of factors that many
// tiles share are left out, so the bound is too low rather than too high.
#pragma once
#include "schedule.h"

namespace qat {

// Of passes over one state of 2^nb_places amplitudes, without their probes.
double nb_operations(const std::deque<Pass>& passes, int nb_places, int lane_bits);

// Of their probes, for a pair of states.
double nb_probe_operations(const std::deque<Pass>& passes, int nb_places);

// What this thread can do in a second at most, in the instruction set that is in use: multiplication-additions on
// registers that do not wait for each other. Measured for a few milliseconds.
template <class Real>
double peak_operations();

}  // namespace qat
