#include "probes.h"

#include <algorithm>
#include <complex>

namespace qat {
namespace {

constexpr int BLOCK_BITS = 10;               // two blocks of double precision fit into the first-level cache
constexpr std::size_t MAX_SINGLE_SUMS = 12;  // strings of Z that are summed one by one; more are transformed

double sign(Mask bits) { return __builtin_popcountll(bits) & 1 ? -1.0 : 1.0; }

// Im <left| P |right> is the imaginary or the real part of the signed sum of products, up to a sign: i^popcount(x & z).
bool is_imaginary(const Probe& probe) { return !(__builtin_popcountll(probe.x & probe.z) & 1); }
double factor(const Probe& probe, Mask outer) {
    const int nb_y = __builtin_popcountll(probe.x & probe.z) & 3;
    return (nb_y < 2 ? 1.0 : -1.0) * sign(outer & probe.outer_z);
}

// For tiles that are too small for the kernels.
template <class Real>
double small_overlap(const Probe& probe, const Real* left, const Real* right, int nb_bits) {
    double total = 0;
    for (Mask i = 0; i < Mask(1) << nb_bits; ++i) {
        const std::complex<double> a(left[2 * (i ^ probe.x)], left[2 * (i ^ probe.x) + 1]);
        const std::complex<double> product = std::conj(a) * std::complex<double>(right[2 * i], right[2 * i + 1]);
        total += sign(probe.z & i) * (is_imaginary(probe) ? product.imag() : product.real());
    }
    return total;
}

}  // namespace

template <class Real>
void add_overlaps(const Probes& probes, const Real* left, const Real* right, int nb_bits, Mask outer,
                  const PauliKernels<Real>& kernels, double* sums) {
    if (nb_bits < kernels.min_tile_bits) {
        for (const auto* part : {&probes.diagonal, &probes.others})
            for (const Probe& probe : *part)
                sums[probe.slot] += factor(probe, outer) * small_overlap(probe, left, right, nb_bits);
        return;
    }
    const int block_bits = std::min(nb_bits, BLOCK_BITS);
    const Mask low = (Mask(1) << block_bits) - 1;
    const bool is_transformed = probes.diagonal.size() > MAX_SINGLE_SUMS;
    std::vector<Real> table(is_transformed ? std::size_t(2) << block_bits : 0);
    for (Mask block = 0; block < Mask(1) << (nb_bits - block_bits); ++block) {
        const Real* const b = right + (block << (block_bits + 1));
        const auto add = [&](const Probe& probe, double value) {
            sums[probe.slot] += factor(probe, outer) * sign(block & (probe.z >> block_bits)) * value;
        };
        const auto add_sum = [&](const Probe& probe) {
            const Real* const a = left + ((block ^ (probe.x >> block_bits)) << (block_bits + 1));
            add(probe, kernels.signed_sum(a, b, block_bits, probe.x & low, probe.z & low, is_imaginary(probe)));
        };
        if (is_transformed) {
            kernels.products(left + (block << (block_bits + 1)), b, table.data(), block_bits, 0);
            kernels.transform(table.data(), block_bits + 1, 1);
            for (const Probe& probe : probes.diagonal) add(probe, double(table[2 * (probe.z & low) + 1]));
        } else {
            for (const Probe& probe : probes.diagonal) add_sum(probe);
        }
        for (const Probe& probe : probes.others) add_sum(probe);
    }
}

template void add_overlaps(const Probes&, const double*, const double*, int, Mask, const PauliKernels<double>&, double*);
template void add_overlaps(const Probes&, const float*, const float*, int, Mask, const PauliKernels<float>&, double*);

}  // namespace qat
