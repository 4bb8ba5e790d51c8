// How many additions and multiplications of real numbers a plan makes, and how many bytes it moves between registers and
// the cache that tiles are in: with what the processor can do at most, bounds for its time.
//
// Counted as the kernels do them, a multiplication-addition as two; copies, shuffles and the making of factors that many
// tiles share are left out, so the bound is too low rather than too high.
#pragma once
#include "schedule.h"

namespace qat {

struct Work {
    double nb_operations = 0;
    double tile_bytes = 0;  // loaded and stored by instructions, each of which goes through a tile once
    double near_bytes = 0;  // the same of sums, which go through parts of tiles that fit into the first-level cache

    Work operator+(const Work& other) const {
        return {nb_operations + other.nb_operations, tile_bytes + other.tile_bytes, near_bytes + other.near_bytes};
    }
};

// Of passes over one state of 2^nb_places amplitudes in double precision, without their probes. Only the share of a tile
// that an instruction has to touch counts, and no tables.
Work work_of(const std::deque<Pass>& passes, int nb_places, int lane_bits);

// Of their probes, for a pair of states.
Work work_of_probes(const std::deque<Pass>& passes, int nb_places);

// What this thread can do in a second at most, in the instruction set that is in use: multiplication-additions on
// registers that do not wait for each other. Measured for a few milliseconds.
template <class Real>
double peak_operations();

// Bytes that this thread moves in a second at most when it goes through an array of this size again and again: loading
// and storing all of it, or loading alone. The best of some runs.
struct Bandwidths {
    double sweep, read;
};
Bandwidths bandwidths(std::size_t nb_bytes);

}  // namespace qat
