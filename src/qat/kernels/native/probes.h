// Overlaps <left| P |right> of Pauli strings P, taken in the middle of a pass while a tile of each state is in the cache.
//
// A tile gives the share of its own amplitudes. Strings with the same X mask on few places are summed one by one; many
// strings of Z alone come out of one Walsh-Hadamard transform of the products (see pauli_sum.h).
// Cost: one reading of both tiles for each string, or a transform for all strings of Z.
#pragma once
#include <vector>

#include "pauli_table.h"

namespace qat {

struct Probe {
    Mask x, z, outer_z;  // bits of the tile, and those outside
    int slot;            // where the imaginary part of the overlap is added
};

// Strings that are asked for at one place of a pass: in front of instruction `position`.
struct Probes {
    int position;
    std::vector<Probe> diagonal, others;
};

// Adds the shares of two tiles of 2^nb_bits amplitudes to sums[slot].
template <class Real>
void add_overlaps(const Probes& probes, const Real* left, const Real* right, int nb_bits, Mask outer,
                  const PauliKernels<Real>& kernels, double* sums);

}  // namespace qat
