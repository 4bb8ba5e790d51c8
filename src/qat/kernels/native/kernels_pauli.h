// Pauli strings on tiles; see pauli_table.h.
//
// A string maps i to i ^ x with a sign (-1)^popcount(z & i). The part of x below a vector is a fixed exchange of lanes,
// known at compile time (`flip`); the rest chooses which vectors meet. Signs within a vector and within a block of eight
// vectors are the same everywhere, so they are applied to the sums at the end. What remains, one sign for each block,
// is dealt with by the order of the walk: blocks come in pairs of opposite signs, added to and taken from the sums.
#pragma once
#include "pauli_table.h"
#include "simd.h"

namespace qat {
namespace {

// States come from NumPy, which aligns them to 16 bytes: vectors are read wherever they lie.
template <class Real>
struct Unaligned {
    Vector<Real> value;
} __attribute__((packed, may_alias));
template <class Real>
inline Vector<Real> get(const Real* from) {
    return reinterpret_cast<const Unaligned<Real>*>(from)->value;
}
template <class Real>
inline void put(Real* to, Vector<Real> value) {
    reinterpret_cast<Unaligned<Real>*>(to)->value = value;
}

// `bits` with a 0 put in at `place`.
inline Mask with_zero(Mask bits, int place) {
    const Mask below = (Mask(1) << place) - 1;
    return ((bits & ~below) << 1) | (bits & below);
}

constexpr int BLOCK_BITS = 3;
constexpr int BLOCK = 1 << BLOCK_BITS;

template <class Real>
struct BlockWalk {
    const Real* a;
    const Real* b;
    Mask flip_of_blocks;  // of the blocks of a
    std::ptrdiff_t places_of_a[BLOCK];

    BlockWalk(const Real* a, const Real* b, Mask x_of_vectors)
        : a(a), b(b), flip_of_blocks(x_of_vectors >> BLOCK_BITS) {
        for (int u = 0; u < BLOCK; ++u) places_of_a[u] = (u ^ (x_of_vectors & (BLOCK - 1))) * WIDTH<Real>;
    }
    template <int flip, bool is_minus> void add(Vector<Real>* sums, Mask k) const {
        const Real* from_a = a + (k ^ flip_of_blocks) * (BLOCK * WIDTH<Real>);
        const Real* from_b = b + k * (BLOCK * WIDTH<Real>);
#pragma GCC unroll 8
        for (int u = 0; u < BLOCK; ++u) {
            const Vector<Real> term = flipped<flip, Real>(get(from_a + places_of_a[u])) * get(from_b + u * WIDTH<Real>);
            sums[u] = is_minus ? sums[u] - term : sums[u] + term;
        }
    }
};

// `flip` exchanges lanes of a as the lowest bits of x say; its lowest bit exchanges real and imaginary parts.
template <class Real, int flip>
double signed_sum_of_lanes(const Real* a, const Real* b, int bits, Mask x, Mask z) {
    constexpr int low = LANE_BITS<Real>;
    const BlockWalk<Real> walk(a, b, x >> low);
    const Mask z_of_blocks = (z & ((Mask(1) << bits) - 1)) >> (low + BLOCK_BITS);
    const Mask nb_blocks = Mask(1) << (bits - low - BLOCK_BITS);
    Vector<Real> sums[BLOCK] = {};
    if (z_of_blocks == 0) {
        for (Mask k = 0; k < nb_blocks; ++k) walk.template add<flip, false>(sums, k);
    } else {
        const int pivot = __builtin_ctzll(z_of_blocks);
        for (Mask j = 0; j < nb_blocks / 2; ++j) {
            Mask k = with_zero(j, pivot);
            k |= Mask(parity(k & z_of_blocks)) << pivot;
            walk.template add<flip, false>(sums, k);
            walk.template add<flip, true>(sums, k ^ (Mask(1) << pivot));
        }
    }
    Vector<Real> sum{};
    for (int u = 0; u < BLOCK; ++u) sum = parity(u & (z >> low)) ? sum - sums[u] : sum + sums[u];
    sum *= lane_signs<Real>(z);
    if (flip & 1) sum *= alternating(Real(1));
    double total = 0;
    for (int lane = 0; lane < WIDTH<Real>; ++lane) total += double(sum[lane]);
    return total;
}

template <class Real>
using SignedSum = double (*)(const Real*, const Real*, int, Mask, Mask);

template <class Real, int first> void fill_signed_sums(SignedSum<Real>* table) {
    if constexpr (first < WIDTH<Real>) {
        table[first] = signed_sum_of_lanes<Real, first>;
        fill_signed_sums<Real, first + 1>(table);
    }
}

template <class Real>
struct SignedSums {
    SignedSum<Real> by_flip[WIDTH<Real>];
    SignedSums() { fill_signed_sums<Real, 0>(by_flip); }
};

template <class Real>
double signed_sum(const Real* a, const Real* b, int bits, Mask x, Mask z, bool is_imaginary) {
    static const SignedSums<Real> sums;
    const Mask flip = (x & (NB_LANES<Real> - 1)) << 1 | Mask(is_imaginary);
    return sums.by_flip[flip](a, b, bits, x, z);
}

// Two sums a string, so that additions need not wait for each other.
template <class Real, int K, bool is_y>
void letter_sums_of(const Real* a, const Real* b, int bits, const int* positions, double* totals) {
    constexpr int size = 1 << K;
    std::int64_t places[size] = {};
    Mask free = (Mask(1) << (bits - LANE_BITS<Real>)) - 1;
    for (int i = 0; i < K; ++i) free &= ~((Mask(1) << positions[i]) >> LANE_BITS<Real>);
    for (int j = 0; j < size; ++j)
        for (int i = 0; i < K; ++i)
            if (j >> i & 1) places[j] += std::int64_t(2) << positions[i];
    Vector<Real> sums[K][2] = {};
    for_each_subset(free, [&](Mask k) {
        const Real *const from_a = a + k * WIDTH<Real>, *const from_b = b + k * WIDTH<Real>;
        Vector<Real> x[size];
#pragma GCC unroll 8
        for (int j = 0; j < size; ++j) x[j] = flipped<!is_y, Real>(get(from_a + places[j]));
#pragma GCC unroll 8
        for (int j = 0; j < size; ++j) {
            const Vector<Real> y = get(from_b + places[j]);
#pragma GCC unroll 3
            for (int i = 0; i < K; ++i) {
                const Vector<Real> term = x[j ^ 1 << i] * y;
                Vector<Real>& sum = sums[i][(j >> i ^ j >> (i + 1)) & 1];
                sum = is_y && (j >> i & 1) ? sum - term : sum + term;
            }
        }
    });
    for (int i = 0; i < K; ++i) {
        Vector<Real> sum = sums[i][0] + sums[i][1];
        if (!is_y) sum *= alternating(Real(1));
        totals[i] = 0;
        for (int lane = 0; lane < WIDTH<Real>; ++lane) totals[i] += double(sum[lane]);
    }
}

template <class Real, bool is_y>
void letter_sums_of(const Real* a, const Real* b, int bits, const int* positions, int nb, double* sums) {
    switch (nb) {
        case 1: return letter_sums_of<Real, 1, is_y>(a, b, bits, positions, sums);
        case 2: return letter_sums_of<Real, 2, is_y>(a, b, bits, positions, sums);
        case 3: return letter_sums_of<Real, 3, is_y>(a, b, bits, positions, sums);
    }
}

template <class Real>
void letter_sums(const Real* a, const Real* b, int bits, const int* positions, int nb, bool is_y, double* sums) {
    if (is_y)
        letter_sums_of<Real, true>(a, b, bits, positions, nb, sums);
    else
        letter_sums_of<Real, false>(a, b, bits, positions, nb, sums);
}

// Calls body<flip>() with the flip of x's lowest bits.
template <class Real, class Body, int flip = 0> inline void with_flip(Mask x, const Body& body) {
    if constexpr (flip < WIDTH<Real>) {
        if (Mask(flip) == (x & (NB_LANES<Real> - 1)) << 1)
            body.template run<flip>();
        else
            with_flip<Real, Body, flip + 2>(x, body);
    }
}

template <class Real>
struct Products {
    const Real *a, *b;
    Real* out;
    int bits;
    Mask x;
    template <int flip> void run() const {
        const Mask nb_vectors = Mask(1) << (bits - LANE_BITS<Real>), high = x >> LANE_BITS<Real>;
        const Vector<Real> conjugate = alternating(Real(-1));
        for (Mask k = 0; k < nb_vectors; ++k) {
            const Vector<Real> left = flipped<flip, Real>(get(a + (k ^ high) * WIDTH<Real>)) * conjugate;
            put(out + k * WIDTH<Real>, product<Real>(left, get(b + k * WIDTH<Real>)));
        }
    }
};

template <class Real>
void products(const Real* a, const Real* b, Real* out, int bits, Mask x) {
    with_flip<Real>(x, Products<Real>{a, b, out, bits, x});
}

// Real or imaginary parts of the complex numbers in two vectors.
template <class Real, int part>
struct Parts {
    static constexpr int at(int i) { return 2 * i + part; }
};
template <class Real>
void imaginary_products(const Real* a, const Real* b, Real* out, int bits) {
    for (Mask k = 0; k < Mask(1) << (bits - LANE_BITS<Real>); k += 2) {
        const Real *const from_a = a + k * WIDTH<Real>, *const from_b = b + k * WIDTH<Real>;
        const Vector<Real> x = flipped<1, Real>(get(from_a)) * get(from_b);
        const Vector<Real> y = flipped<1, Real>(get(from_a + WIDTH<Real>)) * get(from_b + WIDTH<Real>);
        put(out + k * (WIDTH<Real> / 2), shuffled<Real, Parts<Real, 1>>(x, y) - shuffled<Real, Parts<Real, 0>>(x, y));
    }
}

template <class Real>
void squares(const Real* a, Real* out, int bits) {
    for (Mask i = 0; i < Mask(1) << bits; ++i) out[i] = a[2 * i] * a[2 * i] + a[2 * i + 1] * a[2 * i + 1];
}

template <class Real, int place> void transform_lanes(Real* values, Mask nb_vectors, int first_bit) {
    if constexpr (place < (LANE_BITS<Real> + 1)) {
        if (place >= first_bit) {
            Vector<Real> signs{};
            for (int lane = 0; lane < WIDTH<Real>; ++lane) signs[lane] = lane >> place & 1 ? Real(-1) : Real(1);
            for (Mask k = 0; k < nb_vectors; ++k) {
                const Vector<Real> v = get(values + k * WIDTH<Real>);
                put(values + k * WIDTH<Real>, v * signs + flipped<(1 << place), Real>(v));
            }
        }
        transform_lanes<Real, place + 1>(values, nb_vectors, first_bit);
    }
}

template <class Real>
void transform(Real* values, int bits, int first_bit) {
    const Mask nb_vectors = Mask(1) << (bits - (LANE_BITS<Real> + 1));
    transform_lanes<Real, 0>(values, nb_vectors, first_bit);
    Mask step = 1;
    for (; step * 4 <= nb_vectors; step *= 4)  // two bits at a time: half the passes
        for (Mask start = 0; start < nb_vectors; start += 4 * step)
            for (Mask k = start; k < start + step; ++k) {
                Real* p = values + k * WIDTH<Real>;
                const std::ptrdiff_t stride = step * WIDTH<Real>;
                const Vector<Real> a = get(p), b = get(p + stride), c = get(p + 2 * stride), d = get(p + 3 * stride);
                const Vector<Real> sum_ab = a + b, sum_cd = c + d, gap_ab = a - b, gap_cd = c - d;
                put(p, sum_ab + sum_cd);
                put(p + stride, gap_ab + gap_cd);
                put(p + 2 * stride, sum_ab - sum_cd);
                put(p + 3 * stride, gap_ab - gap_cd);
            }
    if (step < nb_vectors)
        for (Mask k = 0; k < step; ++k) {
            Real* p = values + k * WIDTH<Real>;
            const Vector<Real> a = get(p), b = get(p + step * WIDTH<Real>);
            put(p, a + b);
            put(p + step * WIDTH<Real>, a - b);
        }
}

template <class Real>
struct AddSigned {
    const Real* in;
    Real* out;
    int bits;
    Mask x, z;
    Real factor_re, factor_im;

    template <int flip> void run() const {
        const Vector<Real> signs = lane_signs<Real>(z);
        const Vector<Real> re = broadcast<Real>(factor_re) * signs, im = alternating(factor_im) * signs;
        if (factor_im == 0)
            add<flip>([re](Vector<Real> v) __attribute__((always_inline)) { return v * re; });
        else if (factor_re == 0)
            add<flip>([im](Vector<Real> v) __attribute__((always_inline)) { return flipped<1, Real>(v) * im; });
        else
            add<flip>([re, im](Vector<Real> v) __attribute__((always_inline)) { return v * re + flipped<1, Real>(v) * im; });
    }
    template <int flip, class Multiply> void add(const Multiply& multiply) const {
        constexpr int low = LANE_BITS<Real>;
        const Mask nb_vectors = Mask(1) << (bits - low), x_high = x >> low, z_high = (z >> low) & (nb_vectors - 1);
        for (Mask k = 0; k < nb_vectors; ++k) {
            const Vector<Real> term = multiply(flipped<flip, Real>(get(in + (k ^ x_high) * WIDTH<Real>)));
            Real* p = out + k * WIDTH<Real>;
            put(p, parity(k & z_high) ? get(p) - term : get(p) + term);
        }
    }
};

template <class Real>
void add_signed(const Real* in, Real* out, int bits, Mask x, Mask z, Real factor_re, Real factor_im) {
    with_flip<Real>(x, AddSigned<Real>{in, out, bits, x, z, factor_re, factor_im});
}

template <class Real>
struct AddWeighted {
    const Real *weights, *in;
    Real* out;
    int bits;
    Mask x;
    template <int flip> void run() const {
        const Mask nb_vectors = Mask(1) << (bits - LANE_BITS<Real>), high = x >> LANE_BITS<Real>;
        for (Mask k = 0; k < nb_vectors; ++k) {
            const Vector<Real> v = flipped<flip, Real>(get(in + (k ^ high) * WIDTH<Real>));
            Real* p = out + k * WIDTH<Real>;
            put(p, get(p) + product<Real>(v, get(weights + k * WIDTH<Real>)));
        }
    }
};

template <class Real>
void add_weighted(const Real* weights, const Real* in, Real* out, int bits, Mask x) {
    with_flip<Real>(x, AddWeighted<Real>{weights, in, out, bits, x});
}

template <class Real>
double overlap(const Real* a, const Real* b, int bits) {
    Vector<Real> sum{};
    const Mask nb_vectors = Mask(1) << (bits - LANE_BITS<Real>);
    for (Mask k = 0; k < nb_vectors; ++k) sum += get(a + k * WIDTH<Real>) * get(b + k * WIDTH<Real>);
    double total = 0;
    for (int lane = 0; lane < WIDTH<Real>; ++lane) total += double(sum[lane]);
    return total;
}

template <class Real>
constexpr PauliKernels<Real> pauli_kernels_of() {
    return {LANE_BITS<Real> + BLOCK_BITS, signed_sum<Real>, letter_sums<Real>, imaginary_products<Real>, products<Real>,
            squares<Real>,                   transform<Real>,  add_signed<Real>,  add_weighted<Real>,       overlap<Real>};
}

}  // namespace
}  // namespace qat
