// What the sums over Pauli strings need from an instruction set: loops over tiles of 2^bits amplitudes that fit into
// the first-level cache. Amplitudes are pairs (real, imaginary). A tile has at least min_tile_bits().
#pragma once
#include "instructions.h"

namespace qat {

template <class Real>
struct PauliKernels {
    int min_tile_bits;

    // Real or imaginary part of sum_i (-1)^popcount(z & i) conj(a[i ^ x]) b[i]. Cost: two loads and one
    // multiplication a vector.
    double (*signed_sum)(const Real* a, const Real* b, int bits, Mask x, Mask z, bool is_imaginary);

    // For one to three strings of one letter each, X or Y, on different positions outside the vectors: sums[k] is the
    // signed sum whose part gives Im <a| P_k |b> (see probes.cpp). Cost: one reading of both tiles for all.
    void (*letter_sums)(const Real* a, const Real* b, int bits, const int* positions, int nb, bool is_y, double* sums);

    // out[i] = Im conj(a[i]) b[i], real
    void (*imaginary_products)(const Real* a, const Real* b, Real* out, int bits);

    // out[i] = conj(a[i ^ x]) b[i]
    void (*products)(const Real* a, const Real* b, Real* out, int bits, Mask x);

    // out[i] = |a[i]|^2, real
    void (*squares)(const Real* a, Real* out, int bits);

    // Walsh-Hadamard transform over the bits from `first_bit` on of an array of 2^bits reals, in place.
    void (*transform)(Real* values, int bits, int first_bit);

    // out[i] += factor (-1)^popcount(z & i) in[i ^ x]
    void (*add_signed)(const Real* in, Real* out, int bits, Mask x, Mask z, Real factor_re, Real factor_im);

    // out[i] += weights[i] in[i ^ x]
    void (*add_weighted)(const Real* weights, const Real* in, Real* out, int bits, Mask x);

    // Real part of sum_i conj(a[i]) b[i]
    double (*overlap)(const Real* a, const Real* b, int bits);
};

}  // namespace qat
