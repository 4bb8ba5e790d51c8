// Vectors of complex numbers, real and imaginary parts side by side, for any width: GCC vector extensions.
//
// Everything lies in an unnamed namespace, because each instruction set compiles it anew (VECTOR_BYTES).
#pragma once
#include <cstdint>
#include <utility>

#include "instructions.h"

namespace qat {
namespace {

template <class Real>
struct VectorType;
template <>
struct VectorType<double> {
    typedef double Type __attribute__((vector_size(VECTOR_BYTES), may_alias));
    typedef std::int64_t Choice __attribute__((vector_size(VECTOR_BYTES)));
};
template <>
struct VectorType<float> {
    typedef float Type __attribute__((vector_size(VECTOR_BYTES), may_alias));
    typedef std::int32_t Choice __attribute__((vector_size(VECTOR_BYTES)));
};
template <class Real>
using Vector = typename VectorType<Real>::Type;
template <class Real>
using Choice = typename VectorType<Real>::Choice;  // -1 where chosen, 0 elsewhere

template <class Real>
constexpr int WIDTH = VECTOR_BYTES / sizeof(Real);
constexpr int log2_of(int x) { return x <= 1 ? 0 : 1 + log2_of(x / 2); }
template <class Real>
constexpr int LANE_BITS = log2_of(WIDTH<Real> / 2);

template <class Real>
inline Vector<Real> load(const Real* p) {
    return *reinterpret_cast<const Vector<Real>*>(p);
}
template <class Real>
inline void store(Real* p, Vector<Real> v) {
    *reinterpret_cast<Vector<Real>*>(p) = v;
}
template <class Real>
inline Vector<Real> broadcast(double x) {
    return static_cast<Real>(x) - Vector<Real>{};
}

// Shuffles with constant indices: element i of the answer is element Map::at(i) of (a, b).
template <class Real, class Map, std::size_t... I>
inline Vector<Real> shuffled(Vector<Real> a, Vector<Real> b, std::index_sequence<I...>) {
    return __builtin_shufflevector(a, b, Map::at(I)...);
}
template <class Real, class Map>
inline Vector<Real> shuffled(Vector<Real> a, Vector<Real> b) {
    return shuffled<Real, Map>(a, b, std::make_index_sequence<WIDTH<Real>>());
}

struct OtherPart {
    static constexpr int at(int i) { return i ^ 1; }
};
struct RealPart {
    static constexpr int at(int i) { return i & ~1; }
};
struct ImaginaryPart {
    static constexpr int at(int i) { return i | 1; }
};
template <int Bit>
struct OtherLane {
    static constexpr int at(int i) { return i ^ (2 << Bit); }
};
// The halves of an exchange of lane bit Bit with a bit outside: `a` holds the amplitudes where that one is 0, `b` 1.
template <class Real, int Bit>
struct LowHalf {
    static constexpr int at(int i) { return (i & (2 << Bit)) ? (i ^ (2 << Bit)) + WIDTH<Real> : i; }
};
template <class Real, int Bit>
struct HighHalf {
    static constexpr int at(int i) { return (i & (2 << Bit)) ? i + WIDTH<Real> : i ^ (2 << Bit); }
};

template <class Real>
inline Vector<Real> exchange_parts(Vector<Real> v) {
    return shuffled<Real, OtherPart>(v, v);
}

// A complex factor for each lane, so that a product costs two multiplications and a shuffle.
template <class Real>
struct Constant {
    Vector<Real> re, im;  // im with the sign that its place in a product needs: -, +, -, +, ...
};
template <class Real>
inline Constant<Real> constant(Factor factor) {
    Vector<Real> im;
    for (int i = 0; i < WIDTH<Real>; ++i) im[i] = static_cast<Real>((i & 1) ? factor.im : -factor.im);
    return {broadcast<Real>(factor.re), im};
}
// factors[lane number]
template <class Real>
inline Constant<Real> constants(const Factor* factors) {
    Constant<Real> made{};
    for (int i = 0; i < WIDTH<Real>; ++i) {
        made.re[i] = static_cast<Real>(factors[i / 2].re);
        made.im[i] = static_cast<Real>((i & 1) ? factors[i / 2].im : -factors[i / 2].im);
    }
    return made;
}
template <class Real>
inline Vector<Real> times(Vector<Real> v, const Constant<Real>& c) {
    return v * c.re + exchange_parts<Real>(v) * c.im;
}
template <class Real>
inline Constant<Real> times(const Constant<Real>& a, const Constant<Real>& b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
// A vector of complex numbers as factors.
template <class Real>
inline Constant<Real> spread(Vector<Real> v) {
    const Vector<Real> sign = constant<Real>({0, 1}).im;
    return {shuffled<Real, RealPart>(v, v), shuffled<Real, ImaginaryPart>(v, v) * sign};
}
// The product of two vectors of complex numbers.
template <class Real>
inline Vector<Real> product(Vector<Real> a, Vector<Real> b) {
    return times<Real>(a, spread<Real>(b));
}
// Chooses the lanes whose number contains `mask`.
template <class Real>
inline Choice<Real> lanes_with(Mask mask) {
    Choice<Real> choice;
    for (int i = 0; i < WIDTH<Real>; ++i) choice[i] = (Mask(i / 2) & mask) == mask ? -1 : 0;
    return choice;
}

inline Factor operator*(Factor a, Factor b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
inline bool is_one(Factor a) { return a.re == 1 && a.im == 0; }

template <class Real>
constexpr int NB_LANES = WIDTH<Real> / 2;

template <int flip>
struct Flipped {
    static constexpr int at(int i) { return i ^ flip; }
};
// out[i] = v[i ^ flip]; the lowest bit exchanges real and imaginary parts.
template <int flip, class Real>
inline Vector<Real> flipped(Vector<Real> v) {
    return shuffled<Real, Flipped<flip>>(v, v);
}

inline int parity(Mask bits) { return __builtin_popcountll(bits) & 1; }

// (-1)^popcount(z & c) for the complex lanes c, on both parts.
template <class Real>
Vector<Real> lane_signs(Mask z) {
    Vector<Real> signs{};
    for (int lane = 0; lane < WIDTH<Real>; ++lane) signs[lane] = parity(z & (lane >> 1)) ? Real(-1) : Real(1);
    return signs;
}

// Negates the real parts: multiplication by i is exchanging the parts, then this.
template <class Real>
Vector<Real> alternating(Real value) {
    Vector<Real> signs{};
    for (int lane = 0; lane < WIDTH<Real>; ++lane) signs[lane] = lane & 1 ? value : -value;
    return signs;
}

// Calls body(k) for every k whose bits lie within `free`, in increasing order. Cost: two operations each.
template <class Body>
inline void for_each_subset(Mask free, Body body) {
    Mask k = 0;
    do {
        body(k);
        k = (k - free) & free;
    } while (k != 0);
}

}  // namespace
}  // namespace qat
