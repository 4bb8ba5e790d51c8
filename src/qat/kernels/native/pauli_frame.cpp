#include "pauli_frame.h"

#include <cmath>

namespace qat {
namespace {

using Complex = std::complex<double>;
using Matrix = std::array<Complex, 4>;

constexpr double TOLERANCE = 1e-13;
constexpr int X = 0, Y = 1, Z = 2;
const std::array<Matrix, 3> PAULIS = {
    Matrix{0, 1, 1, 0}, Matrix{0, Complex(0, -1), Complex(0, 1), 0}, Matrix{1, 0, 0, -1}};

Matrix times(const Matrix& a, const Matrix& b) {
    return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]};
}

bool is_equal(const Matrix& a, const Matrix& b, double sign) {
    double gap = 0;
    for (int i = 0; i < 4; ++i) gap += std::abs(a[i] - sign * b[i]);
    return gap < TOLERANCE;
}

Matrix conjugated(const Complex* m, const Matrix& pauli) {
    const Matrix dagger = {std::conj(m[0]), std::conj(m[2]), std::conj(m[1]), std::conj(m[3])};
    return times(times({m[0], m[1], m[2], m[3]}, pauli), dagger);
}

// The letter that a 2x2 matrix is, up to the sign; -1 if it is none.
int letter_of(const Matrix& m, int& sign) {
    for (int letter = 0; letter < 3; ++letter)
        for (sign = 1; sign >= -1; sign -= 2)
            if (is_equal(m, PAULIS[letter], sign)) return letter;
    return -1;
}

int nb_ones(Mask bits) { return __builtin_popcountll(bits); }

}  // namespace

PauliString operator*(const PauliString& a, const PauliString& b) {
    PauliString product{a.x ^ b.x, a.z ^ b.z, a.sign * b.sign, a.is_known && b.is_known};
    const int power_of_i =
        nb_ones(a.x & a.z) + nb_ones(b.x & b.z) - nb_ones(product.x & product.z) + 2 * nb_ones(a.z & b.x);
    if (power_of_i & 2) product.sign = -product.sign;
    return product;
}

LetterMap LetterMap::of(const Complex* matrix) {
    LetterMap map{{}, {}, true};
    for (int letter = 0; letter < 3; ++letter) {
        map.letters[letter] = letter_of(conjugated(matrix, PAULIS[letter]), map.signs[letter]);
        map.is_known &= map.letters[letter] >= 0;
    }
    return map;
}

PauliFrame::PauliFrame(int nb_places) : images_(nb_places) {
    for (int place = 0; place < nb_places; ++place) {
        const Mask bit = Mask(1) << place;
        images_[place] = {PauliString{bit, 0}, PauliString{bit, bit}, PauliString{0, bit}};
    }
}

PauliString PauliFrame::image(Mask x, Mask z) const {
    PauliString string;
    for (Mask rest = x | z; rest; rest &= rest - 1) {
        const int place = __builtin_ctzll(rest);
        string = string * image(x >> place & 1 ? (z >> place & 1 ? Y : X) : Z, place);
    }
    return string;
}

void PauliFrame::take_one_qubit(const Complex* matrix, int place) {
    const std::array<PauliString, 3> before = images_[place];
    const LetterMap map = LetterMap::of(matrix);
    for (int letter = 0; letter < 3; ++letter) {
        if (map.letters[letter] < 0) {
            forget(letter, place);
        } else {
            images_[place][letter] = before[map.letters[letter]];
            images_[place][letter].sign *= map.signs[letter];
        }
    }
}

void PauliFrame::take_controlled(const Complex* matrix, int place, Mask controls) {
    if (!controls) return take_one_qubit(matrix, place);
    int sign = 1;
    const int letter = letter_of({matrix[0], matrix[1], matrix[2], matrix[3]}, sign);
    if (letter < 0 || sign < 0 || nb_ones(controls) != 1) {
        for (int each = 0; each < 3; ++each)
            if (!is_equal(conjugated(matrix, PAULIS[each]), PAULIS[each], 1)) forget(each, place);
        return take_diagonal(controls);
    }
    const int control = __builtin_ctzll(controls);
    const PauliString target = images_[place][letter], z_of_control = images_[control][Z];
    for (int each = 0; each < 3; ++each)
        if (each != letter) images_[place][each] = images_[place][each] * z_of_control;
    for (int each : {X, Y}) images_[control][each] = images_[control][each] * target;
}

void PauliFrame::take_swap(int a, int b) { std::swap(images_[a], images_[b]); }

void PauliFrame::take_diagonal(Mask places) {
    for (; places; places &= places - 1)
        for (int letter : {X, Y}) forget(letter, __builtin_ctzll(places));
}

}  // namespace qat
