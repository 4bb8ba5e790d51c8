// The structure of a circuit, ready to be planned with any values of its parameters.
//
// Made once from the columns of a tape and kept by the engine; a run feeds it to a planner together with numbers, which
// costs about 0.1 microseconds a gate. Qubit q of n is place n - 1 - q of the state index.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "planner.h"

namespace qat {

// What a gate form is, controls and marks aside. The numbers are those of native_program.py.
enum class FormKind : std::int32_t { fixed = 0, supplied = 1, rx = 2, ry = 3, rz = 4, ph = 5, swap = 6, iswap = 7 };

struct Form {
    FormKind kind;
    int nb_controls;
    double sign;             // of the angle: -1 for marks that turn the rotation round
    std::int64_t matrix;     // fixed: where it begins in the array of matrices
};

struct Columns {
    const std::int32_t *gates, *qubit_starts, *qubits, *parameter_starts;
    std::int64_t nb_rows, nb_qubit_entries;
};

class Program {
public:
    enum class Kind : std::uint8_t { matrix, supplied, rx, ry, rz, phase, fixed_phase, flip, swap, iswap };
    struct Gate {
        Kind kind;
        std::uint8_t size;       // targets
        bool is_string;          // a turn about a Pauli string instead of one place; see ladders.h
        std::int8_t string_sign;
        std::int32_t places;     // where its targets begin in places_
        Mask controls;
        std::int32_t parameter;
        double value;            // sign of the angle, or angle of a fixed phase
        std::int64_t matrix;     // in matrices_, or among those supplied
        Mask x, z;               // of the string

        bool has_angle() const { return kind >= Kind::rx && kind <= Kind::phase; }
    };
    using Gates = std::vector<Gate>;

    Program(int nb_qubits, const Columns& columns, const std::vector<Form>& forms, std::vector<Complex> matrices);

    Program(const Program&) = delete;

    // Plans all gates. `supplied` holds the matrices of the supplied forms, row by row, one after the other.
    void feed(Planner& planner, const double* parameters, const Complex* supplied) const;

    // Plans the inverses of the gates begin <= i < end of `gates`, the last one first.
    void feed_inverse(Planner& planner, const Gates& gates, const double* parameters, const Complex* supplied,
                      std::int64_t begin, std::int64_t end) const;

    // As they came, and with ladders merged into turns about strings as far as the parameters allow. is_varied: for
    // which parameters derivatives are wanted, so that their gates stay; null: for none.
    const Gates& gates() const { return gates_; }
    std::shared_ptr<const Gates> merged(const double* parameters, const std::uint8_t* is_varied = nullptr) const;

    // The targets of a gate.
    const int* places(const Gate& gate) const { return places_.data() + gate.places; }
    // The matrix of a gate on one qubit, controls aside.
    Matrix2 matrix(const Gate& gate, double angle, const Complex* supplied) const;

    int nb_qubits() const { return nb_qubits_; }
    std::int64_t nb_gates() const { return static_cast<std::int64_t>(gates_.size()); }
    std::int64_t nb_parameters() const { return nb_parameters_; }
    std::int64_t nb_supplied() const { return nb_supplied_; }

private:
    void check(const Form& form, const std::int32_t* qubits, int nb_qubits) const;
    void add(const Form& form, const std::int32_t* qubits, int nb_qubits, std::int32_t parameter);
    void classify(Gate& gate) const;
    std::vector<signed char> quarter_turns(const double* parameters, const std::uint8_t* is_varied) const;
    // Cosine and sine of half the angle, for gates that turn by one.
    struct HalfTurn {
        double cos, sin;
    };
    void feed(Planner& planner, const Gate& gate, double angle, HalfTurn half, const Complex* matrix) const;

    int nb_qubits_;
    std::vector<Complex> matrices_;
    Gates gates_;
    std::vector<int> places_;
    std::int64_t nb_parameters_ = 0, nb_supplied_ = 0;
    struct Turn {
        std::int32_t gate, parameter;
        double sign;
    };
    std::vector<Turn> turns_;  // the RX and RY without controls
    std::shared_ptr<const Gates> merged_;
    // The merged gates for the quarter turns that were met last.
    mutable std::mutex mutex_;
    mutable std::vector<signed char> recent_quarters_;
    mutable std::shared_ptr<const Gates> recent_;
};

}  // namespace qat
