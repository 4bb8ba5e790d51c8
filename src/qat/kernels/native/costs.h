// How long plans take on this machine: seconds, from what is in them.
//
// An instruction costs so much for each amplitude of a tile, whatever its numbers. The first plan that has one of a kind
// measures it, on a tile of zeros, in some 50 microseconds; after that a plan is priced by adding up. Passes also move
// the state through the caches: measured once on an array of 8 MiB, in a few milliseconds. Everything is kept for the
// process. Threads are taken to share the work evenly; neighbours on the machine are not taken into account.
#pragma once
#include <deque>

#include "pauli_table.h"
#include "schedule.h"

namespace qat {

// Of a run over 2^nb_places amplitudes, allocation and all.
template <class Real>
double duration_s(const std::deque<Pass>& passes, int nb_places, const Kernels<Real>& kernels, int nb_threads);

// Of passes over two states with their probes, which are there already.
template <class Real>
double both_duration_s(const std::deque<Pass>& passes, int nb_places, const Kernels<Real>& kernels,
                       const PauliKernels<Real>& pauli_kernels, int nb_threads);

// To read 2^nb_places amplitudes once; nothing if they fit into the cache.
template <class Real>
double reading_s(int nb_places, const Kernels<Real>& kernels);

// What sums over Pauli strings are made of, for each amplitude of a tile.
struct PauliCosts {
    double signed_sum, letter_sums, imaginary_products, products, squares, transform_products, transform_squares, add_signed, add_weighted;
};
template <class Real>
const PauliCosts& pauli_costs(const PauliKernels<Real>& kernels, int tile_bits);

}  // namespace qat
