// Circuits that stay among few basis states, such as those of unitary coupled cluster theory.
//
// Clifford gates are carried through the circuit (pauli_frame.h), which leaves rotations about Pauli strings that start
// from |0...0>; basis changes and CNOT ladders vanish, and X gates become signs. A rotation about a string with an odd
// number of Y turns each pair of basis states i, i ^ x as a real plane, by the angle times a sign that depends on i.
// Successive rotations with one X mask commute: their signed angles are added, and where they cancel for all parameters
// of interest (UCC: wherever the number of particles would change) nothing happens. So the basis states that are reached
// are listed once; a run is plane rotations on a short real vector, and the observable a small sparse matrix.
// Cost: O(pairs + entries) for a value, three times that for all derivatives.
//
// What cancels is learnt from probes, parameter values with which the circuit was or may be run. A run with values for
// which something does not cancel, or a gate taken for a Clifford gate is none, is refused: see `fits`.
#pragma once
#include <optional>
#include <vector>

#include "pauli_sum.h"
#include "program.h"

namespace qat {

struct Strings {  // of an observable
    const Mask *x, *z;
    const double* coefficients;
    std::size_t size;
    double constant;
};

class Subspace {
public:
    // `probes`: nb_probes rows of nb_parameters values. Nothing when the circuit has gates that are neither Clifford nor
    // rotations about real strings, or reaches more than max_states basis states.
    static std::optional<Subspace> found(const Program& program, const double* probes, std::size_t nb_probes,
                                         std::size_t nb_parameters, const Strings& observable, std::size_t max_states);

    std::size_t nb_states() const { return nb_states_; }

    // Whether what was learnt from the probes holds for these parameters.
    bool fits(const double* parameters) const;

    double value(const double* parameters) const;

    // The value; adds the derivatives to gradient. They are exact along all directions in which the cancellations
    // remain, in particular by variables that the probes have varied.
    double add_gradient(const double* parameters, double* gradient) const;

private:
    struct Rotation {  // by sign * parameter / 2, or by `fixed` / 2
        Mask x, z;
        std::int32_t parameter;  // -1: fixed
        double factor;
        double angle(const double* parameters) const { return parameter < 0 ? factor : factor * parameters[parameter]; }
    };
    struct Share {  // of a rotation in the angle of a class
        std::int32_t rotation;
        double sign;
    };
    struct Class {  // pairs that turn by the same angle: the sum of shares
        std::int32_t first_share, end_share, first_pair, end_pair;
    };
    struct Known {  // a parameter taken for a constant
        std::int32_t parameter;
        double value;
    };
    struct Pair {
        std::int32_t from, to;
    };
    class Builder;

    double angle(const Class& each, const double* parameters) const;
    void run(const double* parameters, double* vector) const;
    double apply_observable(const double* vector, double* out) const;

    std::size_t nb_states_ = 1;
    std::vector<Rotation> rotations_;
    std::vector<Share> shares_;
    std::vector<Class> classes_, cancelled_;
    std::vector<Pair> pairs_;
    std::vector<Known> known_;
    std::vector<std::int32_t> row_starts_, columns_;  // upper triangle of the observable, CSR
    std::vector<double> entries_;
    double constant_ = 0;
};

}  // namespace qat
