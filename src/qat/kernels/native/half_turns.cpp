#include "half_turns.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace qat {
namespace {

constexpr double LARGEST = 1e6;                       // of a half angle; above, multiples have too many bits
constexpr double ROUND = 6755399441055744.0;          // 1.5 * 2^52: adding it rounds to an integer, in the lowest bits
constexpr double PI_2_A = 1.57079632673412561417e+00; // pi / 2 in parts of 33 bits
constexpr double PI_2_B = 6.07710050630396597660e-11;
constexpr double PI_2_C = 2.02226624879595063154e-21;

std::uint64_t bits_of(double x) {
    std::uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}
double of_bits(std::uint64_t bits) {
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

}  // namespace

void half_turns(const double* angles, std::size_t size, double* cosines, double* sines) {
    for (std::size_t i = 0; i < size; ++i) {
        const double x = angles[i] * 0.5;
        const double rounded = x * (2 / M_PI) + ROUND;
        const double k = rounded - ROUND;
        const std::uint64_t quadrant = bits_of(rounded);
        const double r = ((x - k * PI_2_A) - k * PI_2_B) - k * PI_2_C;
        const double z = r * r;
        const double sin = r + r * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03 +
                           z * (-1.98412698298579493134e-04 + z * (2.75573137070700676789e-06 +
                           z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
        const double cos = 1 - (0.5 * z - z * z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 +
                           z * (2.48015872894767294178e-05 + z * (-2.75573143513906633035e-07 +
                           z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11))))));
        const std::uint64_t is_odd = 0 - (quadrant & 1);  // all bits or none
        const std::uint64_t s = (bits_of(sin) & ~is_odd) | (bits_of(cos) & is_odd);
        const std::uint64_t c = (bits_of(cos) & ~is_odd) | (bits_of(sin) & is_odd);
        sines[i] = of_bits(s ^ ((quadrant & 2) << 62));
        cosines[i] = of_bits(c ^ (((quadrant + 1) & 2) << 62));
    }
    for (std::size_t i = 0; i < size; ++i) {
        const double x = angles[i] * 0.5;
        if (std::abs(x) <= LARGEST) continue;
        cosines[i] = std::cos(x);
        sines[i] = std::sin(x);
    }
}

}  // namespace qat
