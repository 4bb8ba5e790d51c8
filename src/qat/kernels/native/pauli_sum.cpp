#include "pauli_sum.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "costs.h"
#include "dispatch.h"
#include "parallel.h"
#include "watch.h"

namespace qat {
namespace {

constexpr int TILE_BITS = 10;  // two tiles of double precision fit into 48 KB of first-level cache
constexpr int PART_BITS = 14;  // two parts fit into the second-level cache
constexpr int MAX_CHUNKS_BITS = 4;
constexpr std::size_t MAX_SINGLE_SUMS = 12;  // Z masks of a group that are summed one by one; more are transformed
constexpr std::size_t MAX_SINGLE_SQUARES = 4;  // the same for values of strings of Z: half as many numbers to transform
constexpr double MIN_WORK_PER_THREAD = 1 << 17;

int parity(Mask bits) { return __builtin_popcountll(bits) & 1; }
double sign(Mask bits) { return parity(bits) ? -1.0 : 1.0; }

// <state| P |state> is i^nb_y times the signed sum of the products, and real: one part of that sum, with a sign.
bool is_imaginary_part(int nb_y) { return nb_y & 1; }
double sign_of_part(int nb_y) { return nb_y == 0 || nb_y == 3 ? 1.0 : -1.0; }

std::complex<double> power_of_i(int exponent) {
    constexpr double re[] = {1, 0, -1, 0}, im[] = {0, 1, 0, -1};
    return {re[exponent & 3], im[exponent & 3]};
}

Mask with_zero(Mask bits, int place) {
    const Mask below = (Mask(1) << place) - 1;
    return ((bits & ~below) << 1) | (bits & below);
}

int highest_bit(Mask bits) { return 63 - __builtin_clzll(bits); }

}  // namespace

PauliSum::PauliSum(int nb_qubits, const Mask* x_masks, const Mask* z_masks, std::size_t size)
    : nb_qubits_(nb_qubits), order_(size) {
    std::iota(order_.begin(), order_.end(), std::size_t(0));
    std::stable_sort(order_.begin(), order_.end(),
                     [x_masks](std::size_t a, std::size_t b) { return x_masks[a] < x_masks[b]; });
    for (std::size_t place : order_) {
        const Mask x = x_masks[place], z = z_masks[place];
        if (groups_.empty() || groups_.back().x != x) groups_.push_back({x, terms_.size(), terms_.size()});
        terms_.push_back({z, __builtin_popcountll(x & z) & 3});
        groups_.back().end = terms_.size();
    }
}

bool PauliSum::has_transformed_values(const Group& group) {
    return group.end - group.first > (group.x ? MAX_SINGLE_SUMS : MAX_SINGLE_SQUARES);
}

PauliSum::Tiles PauliSum::tiles(int min_tile_bits) const {
    const int tile_bits = std::max(min_tile_bits, std::min(nb_qubits_, TILE_BITS));
    const int part_bits = std::max(tile_bits, std::min(PART_BITS, nb_qubits_ - MAX_CHUNKS_BITS));
    return {tile_bits, part_bits, std::min(MAX_CHUNKS_BITS, nb_qubits_ - part_bits), nb_qubits_};
}

int PauliSum::worthwhile_threads(int nb_threads) const {
    const double work = std::ldexp(double(groups_.size()), nb_qubits_);
    return int(std::max(1.0, std::min(double(nb_threads), work / MIN_WORK_PER_THREAD)));
}

// Goes through the pairs of tiles (i ^ x, i) of one chunk of a state. For values, pairs of different tiles are met once
// and counted twice.
template <class Real>
class PauliSum::Walk {
public:
    Walk(const PauliSum& sum, const PauliKernels<Real>& kernels)
        : sum_(sum), kernels_(kernels), tiles_(sum.tiles(kernels.min_tile_bits)), low_((Mask(1) << tiles_.tile_bits) - 1) {}

    // Adds the share of chunk `chunk` to the sums of all terms.
    void add_values(const Real* state, int chunk, double* values) {
        for_each_block(tiles_.part_bits, 0, sum_.groups_.size(), [&](Mask x_of_parts, std::size_t first, std::size_t end) {
            const bool is_paired = x_of_parts != 0;
            const Mask nb = tiles_.nb_parts() >> is_paired;
            for (Mask j = tiles_.share(nb, chunk); j < tiles_.share(nb, chunk + 1); ++j) {
                look(double(first) / sum_.groups_.size());
                const Mask part = is_paired ? with_zero(j, highest_bit(x_of_parts)) : j;
                add_part(state, part, x_of_parts, first, end, values);
            }
        });
    }

    void add_applied(const Complex* coefficients, const Real* in, Real* out, int chunk) {
        const Mask nb = tiles_.nb_parts();
        for (Mask part = tiles_.share(nb, chunk); part < tiles_.share(nb, chunk + 1); ++part)
            for_each_block(tiles_.tile_bits, 0, sum_.groups_.size(), [&](Mask x, std::size_t first, std::size_t end) {
                look(double(part - tiles_.share(nb, chunk)) / double(nb) * tiles_.nb_chunks());
                for (Mask tile = 0; tile < tiles_.nb_tiles(); ++tile)
                    add_applied_tile(coefficients, in, out, part * tiles_.nb_tiles() + tile, x, first, end);
            });
    }

private:
    const PauliSum& sum_;
    const PauliKernels<Real>& kernels_;
    Tiles tiles_;
    Mask low_;
    std::vector<Real> table_;  // once there is something to transform

    // Calls body(high bits, first, end) for the runs of groups whose X masks agree from bit `bits` on.
    template <class Body>
    void for_each_block(int bits, std::size_t first, std::size_t end, const Body& body) const {
        while (first < end) {
            const Mask high = sum_.groups_[first].x >> bits;
            std::size_t next = first;
            while (next < end && sum_.groups_[next].x >> bits == high) ++next;
            body(high, first, next);
            first = next;
        }
    }

    // Tile by tile, which stays in the first-level cache while its partners come and go.
    void add_part(const Real* state, Mask part, Mask x_of_parts, std::size_t first, std::size_t end, double* values) {
        for (Mask j = 0; j < tiles_.nb_tiles(); ++j)
            for (std::size_t g = first; g < end; ++g) {
                const Group& group = sum_.groups_[g];
                const Mask x_of_tiles = group.x >> tiles_.tile_bits;
                const bool is_other_half = x_of_parts == 0 && x_of_tiles && (j >> highest_bit(x_of_tiles) & 1);
                if (!is_other_half) add_tile(state, part * tiles_.nb_tiles() + j, group, x_of_tiles ? 2 : 1, values);
            }
    }

    void add_tile(const Real* state, Mask tile, const Group& group, double times, double* values) {
        const bool is_square = group.x == 0;
        const Real* b = state + (tile << (tiles_.tile_bits + 1));
        const Real* a = state + ((tile ^ (group.x >> tiles_.tile_bits)) << (tiles_.tile_bits + 1));
        const bool is_transformed = has_transformed_values(group);
        if (is_transformed) transform_products(a, b, group.x & low_, is_square);
        for (std::size_t t = group.first; t < group.end; ++t) {
            const Term& term = sum_.terms_[t];
            const Mask z = term.z & low_;
            const bool is_imaginary = is_imaginary_part(term.nb_y);
            const double value = !is_transformed ? kernels_.signed_sum(a, b, tiles_.tile_bits, group.x & low_, z, is_imaginary)
                                                 : double(table_[is_square ? z : 2 * z + is_imaginary]);
            values[t] += times * sign(tile & (term.z >> tiles_.tile_bits)) * value;
        }
    }

    void transform_products(const Real* a, const Real* b, Mask x, bool is_square) {
        table_.resize(std::size_t(2) << tiles_.tile_bits);
        if (is_square) {
            kernels_.squares(b, table_.data(), tiles_.tile_bits);
            kernels_.transform(table_.data(), tiles_.tile_bits, 0);
        } else {
            kernels_.products(a, b, table_.data(), tiles_.tile_bits, x);
            kernels_.transform(table_.data(), tiles_.tile_bits + 1, 1);
        }
    }

    void add_applied_tile(const Complex* coefficients, const Real* in, Real* out, Mask tile, Mask x_of_tiles,
                          std::size_t first, std::size_t end) {
        Real* target = out + (tile << (tiles_.tile_bits + 1));
        const Mask source_tile = tile ^ x_of_tiles;
        const Real* source = in + (source_tile << (tiles_.tile_bits + 1));
        for (std::size_t g = first; g < end; ++g) {
            const Group& group = sum_.groups_[g];
            if (group.end - group.first > MAX_SINGLE_SUMS)
                add_transformed(coefficients, source, target, source_tile, group);
            else
                add_terms(coefficients, source, target, source_tile, group);
        }
    }

    // (-1)^popcount(z & source) counts the bits of the source i ^ x.
    Complex factor(const Complex* coefficients, std::size_t t, Mask source_tile, Mask x) const {
        const Term& term = sum_.terms_[t];
        const double signs = sign(source_tile & (term.z >> tiles_.tile_bits)) * sign(term.z & x & low_);
        return coefficients[sum_.order_[t]] * power_of_i(term.nb_y) * signs;
    }

    void add_terms(const Complex* coefficients, const Real* source, Real* target, Mask source_tile, const Group& group) const {
        for (std::size_t t = group.first; t < group.end; ++t) {
            const Complex c = factor(coefficients, t, source_tile, group.x);
            kernels_.add_signed(source, target, tiles_.tile_bits, group.x & low_, sum_.terms_[t].z & low_, Real(c.real()),
                                Real(c.imag()));
        }
    }

    void add_transformed(const Complex* coefficients, const Real* source, Real* target, Mask source_tile, const Group& group) {
        table_.assign(std::size_t(2) << tiles_.tile_bits, Real(0));
        for (std::size_t t = group.first; t < group.end; ++t) {
            const Complex c = factor(coefficients, t, source_tile, group.x);
            const Mask z = sum_.terms_[t].z & low_;
            table_[2 * z] += Real(c.real());
            table_[2 * z + 1] += Real(c.imag());
        }
        kernels_.transform(table_.data(), tiles_.tile_bits + 1, 1);
        kernels_.add_weighted(table_.data(), source, target, tiles_.tile_bits, group.x & low_);
    }
};

template <class Real>
PauliSum::Complex PauliSum::expectation(const Complex* coefficients, Complex constant, const Real* state,
                                        const PauliKernels<Real>& kernels, int nb_threads) const {
    const std::vector<double> found = term_values(state, kernels, nb_threads);
    Complex total = constant == 0.0 ? 0.0 : constant * squared_norm(state, kernels);
    for (std::size_t t = 0; t < size(); ++t) total += coefficients[t] * found[t];
    return total;
}

template <class Real>
double PauliSum::squared_norm(const Real* state, const PauliKernels<Real>& kernels) const {
    double total = 0;
    if (is_small(kernels.min_tile_bits)) {
        for (Mask i = 0; i < Mask(2) << nb_qubits_; ++i) total += double(state[i]) * state[i];
        return total;
    }
    const int bits = tiles(kernels.min_tile_bits).tile_bits;
    for (Mask tile = 0; tile < Mask(1) << (nb_qubits_ - bits); ++tile) {
        look_sometimes(tile, Mask(1) << (nb_qubits_ - bits));
        const Real* const first = state + (tile << (bits + 1));
        total += kernels.overlap(first, first, bits);
    }
    return total;
}

template <class Real>
std::vector<double> PauliSum::term_values(const Real* state, const PauliKernels<Real>& kernels, int nb_threads) const {
    if (is_small(kernels.min_tile_bits)) return small_values(state);
    const int nb_chunks = tiles(kernels.min_tile_bits).nb_chunks();
    std::vector<std::vector<double>> partial(nb_chunks, std::vector<double>(size(), 0.0));
    run_in_parallel(nb_chunks, worthwhile_threads(nb_threads), [&](int chunk) {
        Walk<Real>(*this, kernels).add_values(state, chunk, partial[chunk].data());
    });
    std::vector<double> found(size(), 0.0);
    for (std::size_t t = 0; t < size(); ++t) {
        double total = 0;
        for (const auto& part : partial) total += part[t];
        found[order_[t]] = sign_of_part(terms_[t].nb_y) * total;
    }
    return found;
}

template <class Real>
std::vector<double> PauliSum::small_values(const Real* state) const {
    std::vector<double> found(size(), 0.0);
    for (const Group& group : groups_)
        for (std::size_t t = group.first; t < group.end; ++t) {
            double total = 0;
            for (Mask i = 0; i < Mask(1) << nb_qubits_; ++i) {
                const Real *a = state + 2 * (i ^ group.x), *b = state + 2 * i;
                const double product = is_imaginary_part(terms_[t].nb_y) ? double(a[0]) * b[1] - double(a[1]) * b[0]
                                                                         : double(a[0]) * b[0] + double(a[1]) * b[1];
                total += sign(i & terms_[t].z) * product;
            }
            found[order_[t]] = sign_of_part(terms_[t].nb_y) * total;
        }
    return found;
}

template <class Real>
void PauliSum::apply(const Complex* coefficients, Complex constant, const Real* in, Real* out,
                     const PauliKernels<Real>& kernels, int nb_threads) const {
    if (is_small(kernels.min_tile_bits)) return apply_small(coefficients, constant, in, out);
    const Tiles cut = tiles(kernels.min_tile_bits);
    const Real re = Real(constant.real()), im = Real(constant.imag());
    run_in_parallel(cut.nb_chunks(), worthwhile_threads(nb_threads), [&](int chunk) {
        const Mask first = cut.share(cut.nb_parts(), chunk) << cut.part_bits;
        const Mask end = cut.share(cut.nb_parts(), chunk + 1) << cut.part_bits;
        for (Mask i = first; i < end; ++i) {
            out[2 * i] = re * in[2 * i] - im * in[2 * i + 1];
            out[2 * i + 1] = re * in[2 * i + 1] + im * in[2 * i];
        }
        Walk<Real>(*this, kernels).add_applied(coefficients, in, out, chunk);
    });
}

template <class Real>
void PauliSum::apply_small(const Complex* coefficients, Complex constant, const Real* in, Real* out) const {
    for (Mask j = 0; j < Mask(1) << nb_qubits_; ++j) {
        Complex total = constant * Complex(in[2 * j], in[2 * j + 1]);
        for (const Group& group : groups_) {
            const Mask i = j ^ group.x;
            const Complex amplitude(in[2 * i], in[2 * i + 1]);
            for (std::size_t t = group.first; t < group.end; ++t)
                total += coefficients[order_[t]] * power_of_i(terms_[t].nb_y) * sign(i & terms_[t].z) * amplitude;
        }
        out[2 * j] = Real(total.real());
        out[2 * j + 1] = Real(total.imag());
    }
}

// Half of the pairs of tiles are met where the two tiles differ.
template <class Real>
double PauliSum::values_duration_s(const PauliKernels<Real>& kernels, int nb_threads) const {
    // an amplitude of small states, a term in a transformed tile, a visit to a pair of tiles
    constexpr double small_s = 2e-9, found_s = 3e-9, visit_s = 1e-8;
    if (is_small(kernels.min_tile_bits)) return std::ldexp(small_s * size(), nb_qubits_);
    const Tiles cut = tiles(kernels.min_tile_bits);
    const PauliCosts& costs = pauli_costs(kernels, cut.tile_bits);
    double seconds = 0;
    Mask parts_before = ~Mask(0);
    for (const Group& group : groups_) {
        const std::size_t nb_terms = group.end - group.first;
        const double transformed = group.x ? costs.products + costs.transform_products : costs.squares + costs.transform_squares;
        const double each = has_transformed_values(group) ? transformed + std::ldexp(found_s * nb_terms, -cut.tile_bits)
                                                       : costs.signed_sum * nb_terms;
        seconds += std::ldexp(each + std::ldexp(visit_s, -cut.tile_bits), nb_qubits_ - (group.x >> cut.tile_bits ? 1 : 0));
        if (group.x >> cut.part_bits != parts_before) seconds += reading_s(nb_qubits_, qat::kernels<Real>());
        parts_before = group.x >> cut.part_bits;
    }
    return seconds / worthwhile_threads(nb_threads);
}

template <class Real>
double PauliSum::apply_duration_s(const PauliKernels<Real>& kernels, int nb_threads) const {
    constexpr double small_s = 3e-9, entered_s = 1e-8;  // an amplitude of small states; a term in a table of weights
    if (is_small(kernels.min_tile_bits)) return std::ldexp(small_s * size(), nb_qubits_);
    const Tiles cut = tiles(kernels.min_tile_bits);
    const PauliCosts& costs = pauli_costs(kernels, cut.tile_bits);
    double seconds = 3 * reading_s(nb_qubits_, qat::kernels<Real>());
    for (const Group& group : groups_) {
        const std::size_t nb_terms = group.end - group.first;
        const double weighted = costs.transform_products + costs.add_weighted + std::ldexp(entered_s * nb_terms, -cut.tile_bits);
        seconds += std::ldexp(nb_terms > MAX_SINGLE_SUMS ? weighted : costs.add_signed * nb_terms, nb_qubits_);
    }
    return seconds / worthwhile_threads(nb_threads);
}

// For each amplitude: a product of complex numbers takes six operations, a transform one addition a bit and part, a string
// summed or applied by itself four or eight. For a sum both tiles are read; a transform goes through its table twice.
// Pairs of tiles are met once.
Work PauliSum::values_work() const {
    constexpr double bytes = 16;
    const int tile_bits = std::min(nb_qubits_, TILE_BITS);
    Work total;
    for (const Group& group : groups_) {
        const double nb_terms = static_cast<double>(group.end - group.first);
        const double nb = std::ldexp(1, nb_qubits_ - (group.x >> tile_bits ? 1 : 0));
        if (!has_transformed_values(group))
            total = total + Work{nb * 4 * nb_terms, 0, nb * 2 * bytes * nb_terms};
        else if (group.x)
            total = total + Work{nb * (6 + 2 * tile_bits), 0, nb * (2 + 4) * bytes};
        else
            total = total + Work{nb * (3 + tile_bits), 0, nb * (1 + 2) * bytes};
    }
    return total;
}

Work PauliSum::apply_work() const {
    constexpr double bytes = 16;
    const double nb = std::ldexp(1, nb_qubits_);
    Work total;
    for (const Group& group : groups_) {
        const double nb_terms = static_cast<double>(group.end - group.first);
        if (nb_terms <= MAX_SINGLE_SUMS)
            total = total + Work{nb * 8 * nb_terms, 0, nb * 3 * bytes * nb_terms};
        else
            total = total + Work{nb * (8 + 2 * std::min(nb_qubits_, TILE_BITS)), 0, nb * (3 + 4) * bytes};
    }
    return total;
}

template double PauliSum::values_duration_s(const PauliKernels<double>&, int) const;
template double PauliSum::values_duration_s(const PauliKernels<float>&, int) const;
template double PauliSum::apply_duration_s(const PauliKernels<double>&, int) const;
template PauliSum::Complex PauliSum::expectation(const Complex*, Complex, const double*, const PauliKernels<double>&, int) const;
template PauliSum::Complex PauliSum::expectation(const Complex*, Complex, const float*, const PauliKernels<float>&, int) const;
template std::vector<double> PauliSum::term_values(const double*, const PauliKernels<double>&, int) const;
template std::vector<double> PauliSum::term_values(const float*, const PauliKernels<float>&, int) const;
template void PauliSum::apply(const Complex*, Complex, const double*, double*, const PauliKernels<double>&, int) const;
template void PauliSum::apply(const Complex*, Complex, const float*, float*, const PauliKernels<float>&, int) const;

}  // namespace qat
