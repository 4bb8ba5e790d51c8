#include "ladders.h"

#include <cmath>

namespace qat {
namespace {

using Gate = Program::Gate;
using Kind = Program::Kind;

constexpr int MAX_FLIPPED = MAX_DENSE_QUBITS;  // places that a string may flip: a tile must hold them
constexpr double TOLERANCE = 1e-14;

bool is_identity(const Matrix2& a, const Matrix2& b) {
    return std::abs(a[0] * b[0] + a[1] * b[2] - 1.0) + std::abs(a[0] * b[1] + a[1] * b[3]) +
               std::abs(a[2] * b[0] + a[3] * b[2]) + std::abs(a[2] * b[1] + a[3] * b[3] - 1.0) <
           TOLERANCE;
}

// A gate, and whether it is a quarter turn.
struct Step {
    Gate gate;
    int quarter = 0;
    bool is_dropped = false;
};

class Merger {
public:
    explicit Merger(const Program& program) : program_(program), uses_(program.nb_qubits()) {
        steps_.reserve(program.gates().size());
    }

    void add(const Step& step) {
        if (is_clifford(step) && has_merged(step)) return;
        const int number = static_cast<int>(steps_.size());
        steps_.push_back(step);
        for (Mask rest = places_of(step.gate); rest; rest &= rest - 1) uses_[__builtin_ctzll(rest)].push_back(number);
    }

    Program::Gates merged() const {
        Program::Gates left;
        left.reserve(steps_.size());
        for (const Step& step : steps_)
            if (!step.is_dropped) left.push_back(step.gate);
        return left;
    }

private:
    const Program& program_;
    std::vector<Step> steps_;
    std::vector<std::vector<int>> uses_;  // the steps on each place, in order
    std::map<std::int64_t, LetterMap> letters_of_matrices_;

    Mask places_of(const Gate& gate) const {
        if (gate.is_string) return gate.x | gate.z;
        Mask places = gate.controls;
        for (int i = 0; i < gate.size; ++i) places |= bit_of(program_.places(gate)[i]);
        return places;
    }

    static bool is_turn(const Gate& gate) {
        return gate.size == 1 && gate.kind >= Kind::rx && gate.kind <= Kind::fixed_phase && !gate.controls;
    }

    Matrix2 matrix_of(const Step& step) const {
        return program_.matrix(step.gate, step.quarter ? step.quarter * M_PI_2 : step.gate.value, nullptr);
    }

    // Whether a gate maps Pauli strings to Pauli strings, as far as ladders are made of such gates.
    bool is_clifford(const Step& step) {
        const Gate& gate = step.gate;
        if (gate.size != 1 || gate.is_string) return false;
        switch (gate.kind) {
            case Kind::flip: return __builtin_popcountll(gate.controls) == 1;
            case Kind::matrix: return !gate.controls && letters(step).is_known;
            case Kind::fixed_phase: return !gate.controls && std::abs(std::remainder(gate.value, M_PI_2)) < TOLERANCE;
            default: return step.quarter != 0;
        }
    }

    LetterMap letters(const Step& step) {
        if (step.gate.kind != Kind::matrix) return LetterMap::of(matrix_of(step).data());
        const auto [found, is_new] = letters_of_matrices_.try_emplace(step.gate.matrix);
        if (is_new) found->second = LetterMap::of(matrix_of(step).data());
        return found->second;
    }

    bool is_inverse(const Step& a, const Step& b) {
        if (!is_clifford(a) || program_.places(a.gate)[0] != program_.places(b.gate)[0]) return false;
        if (a.gate.controls || b.gate.controls) return a.gate.controls == b.gate.controls;
        return is_identity(matrix_of(a), matrix_of(b));
    }

    // Finds the inverse of a Clifford gate, and the turn between the two; false if they are not there.
    bool find(const Step& step, int& turn, int& inverse) {
        turn = inverse = -1;
        for (Mask rest = places_of(step.gate); rest; rest &= rest - 1) {
            const std::vector<int>& uses = uses_[__builtin_ctzll(rest)];
            const std::size_t size = uses.size();
            if (size == 0) return false;
            const bool is_at_turn = size >= 2 && is_turn(steps_[uses[size - 1]].gate);
            if (is_at_turn && turn >= 0 && turn != uses[size - 1]) return false;
            if (is_at_turn) turn = uses[size - 1];
            const int before = uses[size - 1 - is_at_turn];
            if (inverse >= 0 && inverse != before) return false;
            inverse = before;
        }
        return turn >= 0 && is_inverse(steps_[inverse], step);
    }

    // Drops a Clifford gate and its inverse if a turn stands between them.
    bool has_merged(const Step& step) {
        int turn, inverse;
        if (!find(step, turn, inverse)) return false;
        const Gate changed = conjugated(as_string(steps_[turn].gate), step);
        if (__builtin_popcountll(changed.x) > MAX_FLIPPED) return false;
        for (Mask rest = places_of(step.gate); rest; rest &= rest - 1) {
            const int place = __builtin_ctzll(rest);
            std::vector<int>& uses = uses_[place];
            if (uses.back() == turn) uses.pop_back();
            uses.pop_back();
            if ((changed.x | changed.z) >> place & 1) uses.push_back(turn);
        }
        steps_[turn] = {changed};
        steps_[inverse].is_dropped = true;
        return true;
    }

    Gate as_string(Gate gate) const {
        if (gate.is_string) return gate;
        const Mask bit = bit_of(program_.places(gate)[0]);
        gate.is_string = true;
        gate.string_sign = 1;
        gate.x = gate.kind == Kind::rx || gate.kind == Kind::ry ? bit : 0;
        gate.z = gate.kind == Kind::rx ? 0 : bit;
        return gate;
    }

    // The string U P U^dagger of a gate U.
    Gate conjugated(Gate turn, const Step& step) {
        const Gate& gate = step.gate;
        const int place = program_.places(gate)[0];
        const Mask bit = bit_of(place);
        if (gate.kind == Kind::flip) {
            const Mask x = turn.x, z = turn.z;
            const bool has_x = x & gate.controls, has_z = z & bit;
            if (has_x && has_z && bool(x & bit) == bool(z & gate.controls)) turn.string_sign = -turn.string_sign;
            if (has_x) turn.x ^= bit;
            if (has_z) turn.z ^= gate.controls;
            return turn;
        }
        const bool has_x = turn.x & bit, has_z = turn.z & bit;
        const LetterMap map = letters(step);
        const int letter = has_x ? (has_z ? 1 : 0) : 2, image = map.letters[letter];
        if (map.signs[letter] < 0) turn.string_sign = -turn.string_sign;
        turn.x = image == 2 ? turn.x & ~bit : turn.x | bit;
        turn.z = image == 0 ? turn.z & ~bit : turn.z | bit;
        return turn;
    }
};

}  // namespace

Program::Gates with_strings(const Program& program, const std::vector<signed char>& quarters) {
    Merger merger(program);
    const Program::Gates& gates = program.gates();
    for (std::size_t i = 0; i < gates.size(); ++i) merger.add({gates[i], quarters.empty() ? 0 : quarters[i]});
    return merger.merged();
}

}  // namespace qat
