#include "random_outcomes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "watch.h"

namespace qat {
namespace {

using Word = std::uint64_t;

// Compiled for each width of vectors and chosen when the library is loaded: the same operations on every element, so the
// same bits.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define QAT_FOR_ALL_WIDTHS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define QAT_FOR_ALL_WIDTHS
#endif

// The generator xoshiro256**. Source: Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021).
class Generator {
public:
    explicit Generator(Word seed) {  // spread over the state by splitmix64
        for (Word& word : state_) {
            seed += 0x9e3779b97f4a7c15;
            Word z = seed;
            z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
            z = (z ^ z >> 27) * 0x94d049bb133111eb;
            word = z ^ z >> 31;
        }
    }
    Word operator()() {
        const Word result = rotated(state_[1] * 5, 7) * 9, shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotated(state_[3], 45);
        return result;
    }

private:
    static Word rotated(Word x, int k) { return x << k | x >> (64 - k); }
    Word state_[4];
};

// -log(u) for u = 1 - (52 random bits) / 2^52 in (0, 1]; relative error below 1e-13. From nothing but additions,
// multiplications and a division, so that it is the same everywhere and the compiler turns a loop of it into vectors.
inline double exponential_of(Word random) {
    constexpr Word exponent_of_one = Word(1023) << 52, mantissa = (Word(1) << 52) - 1;
    constexpr Word root_of_half = 0x6a09e667f3bcd;  // mantissa of sqrt(2)
    Word bits = random >> 12 | exponent_of_one;
    double u;
    std::memcpy(&u, &bits, 8);
    u = 2.0 - u;
    std::memcpy(&bits, &u, 8);
    const Word is_above = Word((bits & mantissa) > root_of_half);  // then the mantissa is halved
    const Word scaled = (bits & mantissa) | (exponent_of_one - (is_above << 52));
    Word exponent_bits = (bits >> 52) + is_above + (Word(0x433) << 52);  // 2^52 + exponent, as a double
    double m, exponent;
    std::memcpy(&m, &scaled, 8);
    std::memcpy(&exponent, &exponent_bits, 8);
    exponent -= 4503599627370496.0 + 1023.0;
    const double s = (m - 1) / (m + 1), t = s * s;
    const double series =
        1 + t * (1. / 3 + t * (1. / 5 + t * (1. / 7 + t * (1. / 9 + t * (1. / 11 + t * (1. / 13 + t * (1. / 15 + t * (1. / 17))))))));
    return -(exponent * 0.6931471805599453 + 2 * s * series);
}

QAT_FOR_ALL_WIDTHS void exponentials(const Word* random, double* out, int length) {
    for (int i = 0; i < length; ++i) out[i] = exponential_of(random[i]);
}

// `nb` sorted uniform numbers in [0, 1) times `scale`, and an infinite one behind them.
Buffer<double> sorted_uniforms(std::int64_t nb, double scale, Word seed) {
    Generator generator(seed);
    Buffer<double> points = allocated<double>(std::size_t(nb) + 1);
    Word random[256];
    double total = 0;
    for (std::int64_t first = 0; first <= nb; first += 256) {
        look_sometimes(first / 256, nb / 256 + 1);
        const int length = int(std::min<std::int64_t>(256, nb + 1 - first));
        for (int i = 0; i < length; ++i) random[i] = generator();
        double* const chunk = points.get() + first;
        exponentials(random, chunk, length);
        for (int i = 0; i < length; ++i) chunk[i] = total += chunk[i];
    }
    const double factor = total > 0 ? scale / total : 0;
    for (std::int64_t i = 0; i < nb; ++i) points[i] *= factor;
    points[nb] = std::numeric_limits<double>::infinity();
    return points;
}

template <class Real>
struct Amplitudes {
    const Real* reals;
    double operator[](std::size_t i) const {
        const double re = reals[2 * i], im = reals[2 * i + 1];
        return re * re + im * im;
    }
};

constexpr std::size_t BLOCK = 256;
constexpr int MAX_INNER = 20;  // places of the index that are gone through at once
constexpr std::size_t LANES = 8;

// Sum in LANES parts, in an order that suits every width of vectors.
template <class Source>
double sum_of_block(const Source& source, std::size_t first, std::size_t length) {
    double parts[LANES] = {};
    std::size_t i = 0;
    for (; i + LANES <= length; i += LANES)
        for (std::size_t lane = 0; lane < LANES; ++lane) parts[lane] += source[first + i + lane];
    for (; i < length; ++i) parts[i % LANES] += source[first + i];
    double total = 0;
    for (double part : parts) total += part;
    return total;
}

// Merges points with the cumulated weights of some outcomes, a comparison a step.
struct Merge {
    static constexpr std::size_t SIZE = BLOCK / 4;
    const double *point, *limit;
    std::int64_t* count;
    std::ptrdiff_t nb_steps;

    // The points up to `last` belong to the SIZE outcomes from `limits` on.
    Merge(const double* first, const double* last, const double* limits, std::int64_t* counts)
        : point(first), limit(limits), count(counts), nb_steps(last - first + std::ptrdiff_t(SIZE) - 1) {}
    void step() {  // no branches: each would be a coin toss
        const std::ptrdiff_t is_here = *point < *limit;
        *count += is_here;
        point += is_here;
        limit += 1 - is_here;
        count += 1 - is_here;
    }
};

// How many of the points, which are sorted, lie below each limit and not below the one before. A step waits for the one
// before, so four quarters of the limits are gone through side by side.
void count(const double* first, const double* last, const double (&limits)[BLOCK], std::int64_t (&counts)[BLOCK]) {
    const double* starts[5] = {first, nullptr, nullptr, nullptr, last};
    for (int i = 1; i < 4; ++i) starts[i] = std::lower_bound(starts[i - 1], last, limits[i * Merge::SIZE - 1]);
    const auto quarter = [&](int i) {
        return Merge(starts[i], starts[i + 1], limits + i * Merge::SIZE, counts + i * Merge::SIZE);
    };
    Merge merges[4] = {quarter(0), quarter(1), quarter(2), quarter(3)};
    std::ptrdiff_t nb_together = merges[0].nb_steps;
    for (const Merge& merge : merges) nb_together = std::min(nb_together, merge.nb_steps);
    for (std::ptrdiff_t step = 0; step < nb_together; ++step)
        for (Merge& merge : merges) merge.step();
    for (Merge& merge : merges)
        for (std::ptrdiff_t step = nb_together; step < merge.nb_steps; ++step) merge.step();
}

template <class Source>
class Draw {
public:
    Draw(const Source& source, std::size_t size) : source_(source), size_(size), sums_((size + BLOCK - 1) / BLOCK) {
        const Watch::Part part(0, 0.4);
        for (std::size_t block = 0; block < sums_.size(); ++block) {
            look_sometimes(block, sums_.size());
            total_ += sums_[block] = sum_of_block(source_, block * BLOCK, length_of(block));
        }
        if (!(total_ > 0) || !std::isfinite(total_))
            throw std::invalid_argument("Cannot draw outcomes: the probabilities add up to " + std::to_string(total_));
    }

    Outcomes outcomes(std::int64_t nb_shots, Word seed) {
        const Watch::Part part(0.4, 1);
        const Buffer<double> points = sorted_uniforms(nb_shots, total_, seed);
        const double *next = points.get(), *const end = next + nb_shots;
        const std::size_t most = std::min<std::size_t>(size_, nb_shots) + BLOCK;  // a block writes before it counts
        found_ = {allocated<std::uint64_t>(most), allocated<std::int64_t>(most), 0};
        double below = 0;
        for (std::size_t block = 0; block < sums_.size() && next < end; ++block) {
            look_sometimes(block, sums_.size());
            const double above = below + sums_[block];
            if (*next < above) next = merged(block, below, above, next, end);
            below = above;
        }
        if (next < end && found_.size) found_.counts[found_.size - 1] += end - next;  // rounding at the very end
        return std::move(found_);
    }

private:
    Source source_;
    std::size_t size_;
    std::vector<double> sums_;
    double total_ = 0;
    Outcomes found_{};

    std::size_t length_of(std::size_t block) const { return std::min(BLOCK, size_ - block * BLOCK); }

    // Gives the points below `above` to the outcomes of a block; the first point left is returned.
    const double* merged(std::size_t block, double below, double above, const double* next, const double* end) {
        const std::size_t length = length_of(block);
        const double* const last = std::lower_bound(next, end, above);
        double cumulated[BLOCK];
        double sum = below;
        std::size_t last_possible = 0;
        for (std::size_t i = 0; i < length; ++i) {
            const double weight = source_[block * BLOCK + i];
            last_possible = weight > 0 ? i : last_possible;
            cumulated[i] = std::min(sum += weight, above);
        }
        for (std::size_t i = last_possible; i < BLOCK; ++i) cumulated[i] = above;  // sums in another order differ by a rounding
        std::int64_t counts[BLOCK] = {};
        count(next, last, cumulated, counts);
        for (std::size_t k = 0; k < length; ++k) {
            found_.values[found_.size] = block * BLOCK + k;
            found_.counts[found_.size] = counts[k];
            found_.size += counts[k] > 0;
        }
        return last;
    }
};

// Where the bits of an index go in an outcome.
class Scatter {
public:
    Scatter(int first_bit, int nb_bits, const std::vector<int>& places) : table_(std::size_t(1) << nb_bits) {
        const int width = int(places.size());
        for (int j = 0; j < width; ++j) {
            const int bit = places[j] - first_bit;
            if (bit < 0 || bit >= nb_bits) continue;
            for (std::size_t i = 0; i < table_.size(); ++i) table_[i] |= (i >> bit & 1) << (width - 1 - j);
        }
    }
    std::size_t operator[](std::size_t i) const { return table_[i]; }

private:
    std::vector<std::size_t> table_;
};

// How many of the lowest bits of the index are the lowest bits of the outcome too.
int nb_bits_in_place(const std::vector<int>& places) {
    const int width = int(places.size());
    int nb = 0;
    while (nb < width && places[width - 1 - nb] == nb) ++nb;
    return nb;
}

}  // namespace

template <class Real>
void add_marginal(const Real* state, int nb_qubits, const std::vector<int>& places, double* out) {
    const Amplitudes<Real> weights{state};
    const int nb_dropped = places.empty() ? nb_qubits : *std::min_element(places.begin(), places.end());
    const int nb_kept = nb_bits_in_place(places);
    const int nb_inner = std::min(nb_dropped ? nb_dropped : nb_kept, MAX_INNER);
    const int nb_low = (nb_qubits - nb_inner) / 2, first_high = nb_inner + nb_low;
    const Scatter low(nb_inner, nb_low, places), high(first_high, nb_qubits - first_high, places);
    const std::size_t run = std::size_t(1) << nb_inner;
    std::size_t index = 0;
    for (std::size_t h = 0; h < std::size_t(1) << (nb_qubits - first_high); ++h)
        for (std::size_t l = 0; l < std::size_t(1) << nb_low; ++l, index += run) {
            look_sometimes(index / BLOCK, (std::uint64_t(1) << nb_qubits) / BLOCK);
            double* const target = out + (high[h] | low[l]);
            if (nb_dropped)
                *target += sum_of_block(weights, index, run);
            else
                for (std::size_t i = 0; i < run; ++i) target[i] += weights[index + i];
        }
}

template <class Real>
Outcomes drawn_from_amplitudes(const Real* amplitudes, std::size_t size, std::int64_t nb_shots, std::uint64_t seed) {
    return Draw<Amplitudes<Real>>({amplitudes}, size).outcomes(nb_shots, seed);
}

Outcomes drawn_from_weights(const double* weights, std::size_t size, std::int64_t nb_shots, std::uint64_t seed) {
    return Draw<const double*>(weights, size).outcomes(nb_shots, seed);
}

template void add_marginal(const double*, int, const std::vector<int>&, double*);
template void add_marginal(const float*, int, const std::vector<int>&, double*);
template Outcomes drawn_from_amplitudes(const double*, std::size_t, std::int64_t, std::uint64_t);
template Outcomes drawn_from_amplitudes(const float*, std::size_t, std::int64_t, std::uint64_t);

}  // namespace qat
