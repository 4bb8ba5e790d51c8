// Overlaps <left| P |right> of Pauli strings P, taken in the middle of a pass while a tile of each state is in the cache.
//
// A tile gives the share of its own amplitudes. Single letters X or Y are summed three at a time, other strings one by
// one; many strings of Z alone come out of one Walsh-Hadamard transform of the products (see pauli_sum.h).
// Cost: one reading of both tiles, mostly in the first-level cache, for each sum, or a transform for all strings of Z.
#pragma once
#include <vector>

#include "pauli_table.h"

namespace qat {

struct Probe {
    Mask x, z, outer_z;  // bits of the tile, and those outside
    int slot;            // where the imaginary part of the overlap is added,
    double weight = 1;   // times this
};

// Single letters X, or Y, on places of the tile outside the vectors.
struct Letters {
    bool is_y;
    int size, positions[3];
    Probe probes[3];
};

// Strings that are asked for at one place of a pass: in front of instruction `position`.
struct Probes {
    int position;
    std::vector<Probe> diagonal, others;
    std::vector<Letters> near, far;  // within the blocks that a tile is read in, and across

    // Few strings of Z are summed one by one.
    bool is_transformed() const { return diagonal.size() > 6; }
};

// Takes single letters out of `others`, as far as tiles of 2^nb_bits amplitudes are large enough.
void gather_letters(Probes& probes, int nb_bits, int lane_bits);

// Adds the shares of two tiles of 2^nb_bits amplitudes to sums[slot].
template <class Real>
void add_overlaps(const Probes& probes, const Real* left, const Real* right, int nb_bits, Mask outer,
                  const PauliKernels<Real>& kernels, double* sums);

}  // namespace qat
