// Pauli strings carried through circuits.
//
// Conjugation by a gate that maps strings to strings (a Clifford gate) costs O(1) and turns a rotation between such
// gates into a rotation about a longer string: CNOT, RZ, CNOT is a rotation about ZZ, whatever the ladder. A gate that
// maps some string to no single string (a rotation by any angle maps only those that commute with its axis) makes the
// images of the others unknown; that is all that has to be recorded about it.
#pragma once
#include <array>
#include <complex>
#include <vector>

#include "instructions.h"

namespace qat {

// sign * P(x, z), Hermitian: on each place X where only x has the bit, Z where only z has it, Y where both do.
struct PauliString {
    Mask x = 0, z = 0;
    int sign = 1;
    bool is_known = true;
};

// Of strings that commute: the product is Hermitian too.
PauliString operator*(const PauliString& a, const PauliString& b);

// What X, Y, Z (0, 1, 2) on one qubit become under a gate U: U P U^dagger is signs[P] times letters[P].
struct LetterMap {
    int letters[3], signs[3];  // letter -1: not a single one
    bool is_known;             // all of them

    static LetterMap of(const std::complex<double>* matrix);
};

class PauliFrame {
public:
    using Complex = std::complex<double>;

    explicit PauliFrame(int nb_places);

    // What P = X, Y or Z (0, 1, 2) on a place becomes.
    const PauliString& image(int letter, int place) const { return images_[place][letter]; }

    // What a string becomes.
    PauliString image(Mask x, Mask z) const;

    // From now on, images are those of U P U^dagger for a gate U in front of all others that were taken.
    void take_one_qubit(const Complex* matrix, int place);
    void take_controlled(const Complex* matrix, int place, Mask controls);
    void take_swap(int a, int b);
    void take_diagonal(Mask places);

private:
    void forget(int letter, int place) { images_[place][letter].is_known = false; }

    std::vector<std::array<PauliString, 3>> images_;
};

}  // namespace qat
