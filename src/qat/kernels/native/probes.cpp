#include "probes.h"

#include <algorithm>
#include <complex>

namespace qat {
namespace {

constexpr int BLOCK_BITS = 10;               // two blocks of double precision fit into the first-level cache

double sign(Mask bits) { return __builtin_popcountll(bits) & 1 ? -1.0 : 1.0; }

// Im <left| P |right> is the imaginary or the real part of the signed sum of products, up to a sign: i^popcount(x & z).
bool is_imaginary(const Probe& probe) { return !(__builtin_popcountll(probe.x & probe.z) & 1); }
double factor(const Probe& probe, Mask outer) {
    const int nb_y = __builtin_popcountll(probe.x & probe.z) & 3;
    return (nb_y < 2 ? probe.weight : -probe.weight) * sign(outer & probe.outer_z);
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

// Im <a| P |b> for some letters, with the sign of what is outside the tile.
template <class Real>
void add_letters(const Letters& letters, const Real* left, const Real* right, int nb_bits, Mask outer,
                 const PauliKernels<Real>& kernels, double* sums) {
    double found[3];
    kernels.letter_sums(left, right, nb_bits, letters.positions, letters.size, letters.is_y, found);
    for (int i = 0; i < letters.size; ++i) sums[letters.probes[i].slot] += factor(letters.probes[i], outer) * found[i];
}

void append(std::vector<Letters>& groups, const Probe& probe) {
    const bool is_y = probe.z != 0;
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Letters& each) { return each.is_y == is_y && each.size < 3; });
    if (group == groups.end()) group = groups.insert(group, {is_y, 0, {}, {}});
    group->positions[group->size] = __builtin_ctzll(probe.x);
    group->probes[group->size++] = probe;
}

}  // namespace

void gather_letters(Probes& probes, int nb_bits, int lane_bits) {
    if (nb_bits < lane_bits + 3) return;
    const auto is_letter = [&](const Probe& probe) {
        return (probe.x & (probe.x - 1)) == 0 && probe.x >> lane_bits && (probe.z & ~probe.x) == 0;
    };
    const auto letters = std::stable_partition(probes.others.begin(), probes.others.end(),
                                               [&](const Probe& probe) { return !is_letter(probe); });
    for (auto probe = letters; probe != probes.others.end(); ++probe)
        append(probe->x >> std::min(nb_bits, BLOCK_BITS) ? probes.far : probes.near, *probe);
    probes.others.erase(letters, probes.others.end());
}

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
    const bool is_transformed = probes.is_transformed();
    std::vector<Real> table(is_transformed ? std::size_t(1) << block_bits : 0);
    for (const Letters& letters : probes.far) add_letters(letters, left, right, nb_bits, outer, kernels, sums);
    for (Mask block = 0; block < Mask(1) << (nb_bits - block_bits); ++block) {
        const Real *const own = left + (block << (block_bits + 1)), *const b = right + (block << (block_bits + 1));
        const auto add = [&](const Probe& probe, double value) {
            sums[probe.slot] += factor(probe, outer) * sign(block & (probe.z >> block_bits)) * value;
        };
        const auto add_sum = [&](const Probe& probe) {
            const Real* const a = left + ((block ^ (probe.x >> block_bits)) << (block_bits + 1));
            add(probe, kernels.signed_sum(a, b, block_bits, probe.x & low, probe.z & low, is_imaginary(probe)));
        };
        if (is_transformed) {
            kernels.imaginary_products(own, b, table.data(), block_bits);
            kernels.transform(table.data(), block_bits, 0);
            for (const Probe& probe : probes.diagonal) add(probe, double(table[probe.z & low]));
        } else {
            for (const Probe& probe : probes.diagonal) add_sum(probe);
        }
        for (const Letters& letters : probes.near) add_letters(letters, own, b, block_bits, outer, kernels, sums);
        for (const Probe& probe : probes.others) add_sum(probe);
    }
}

template void add_overlaps(const Probes&, const double*, const double*, int, Mask, const PauliKernels<double>&, double*);
template void add_overlaps(const Probes&, const float*, const float*, int, Mask, const PauliKernels<float>&, double*);

}  // namespace qat
