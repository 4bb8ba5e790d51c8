#include "subspace.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "pauli_frame.h"
#include "watch.h"

namespace qat {
namespace {

using Kind = Program::Kind;

constexpr double CANCELLED = 1e-12;
constexpr std::size_t MAX_GROUP = 64;       // rotations whose signs are held in one word
constexpr std::size_t MAX_PAIRS = 1 << 24;

int parity(Mask bits) { return __builtin_popcountll(bits) & 1; }
int nb_ones(Mask bits) { return __builtin_popcountll(bits); }

// Whether a turn by this angle maps Pauli strings to Pauli strings.
bool is_clifford(double angle) { return std::abs(std::remainder(angle, M_PI_2)) < 1e-14; }

Matrix2 dagger(const Matrix2& m) { return {std::conj(m[0]), std::conj(m[2]), std::conj(m[1]), std::conj(m[3])}; }

}  // namespace

class Subspace::Builder {
public:
    Builder(const Program& program, const double* probes, std::size_t nb_probes, std::size_t nb_parameters,
            std::size_t max_states)
        : program_(program), probes_(probes), nb_probes_(nb_probes), nb_parameters_(nb_parameters),
          max_states_(max_states), frame_(program.nb_qubits()) {
        states_.push_back(0);
        places_[0] = 0;
    }

    std::optional<Subspace> built(const Strings& observable) {
        for (const Program::Gate& gate : program_.gates())
            if (!take(gate)) return std::nullopt;
        if (!list_states()) return std::nullopt;
        subspace_.nb_states_ = states_.size();
        set_observable(observable);
        return std::move(subspace_);
    }

private:
    const Program& program_;
    const double* probes_;
    std::size_t nb_probes_, nb_parameters_, max_states_;
    PauliFrame frame_;
    Subspace subspace_;
    std::vector<Mask> states_;                       // the basis states reached so far
    std::unordered_map<Mask, std::int32_t> places_;  // where they are

    const double* probe(std::size_t i) const { return probes_ + i * nb_parameters_; }

    bool is_constant(std::int32_t parameter) const {
        for (std::size_t i = 1; i < nb_probes_; ++i)
            if (probe(i)[parameter] != probe(0)[parameter]) return false;
        return true;
    }

    // Puts a gate into the frame or among the rotations; false if it is neither.
    bool take(const Program::Gate& gate) {
        const int* const places = program_.places(gate);
        if (gate.kind == Kind::swap) return frame_.take_swap(places[0], places[1]), true;
        if (gate.kind == Kind::supplied || gate.size > 1) return false;
        const bool is_turn = gate.has_angle() || (gate.kind == Kind::fixed_phase && !is_clifford(gate.value));
        if (!is_turn || is_known_clifford(gate)) return take_clifford(gate, places[0]);
        return add_rotation(gate, places[0]);
    }

    bool is_known_clifford(const Program::Gate& gate) const {
        return gate.has_angle() && is_constant(gate.parameter) && is_clifford(probe(0)[gate.parameter]);
    }

    bool take_clifford(const Program::Gate& gate, int place) {
        double angle = gate.value;
        if (gate.has_angle()) {
            angle *= probe(0)[gate.parameter];
            subspace_.known_.push_back({gate.parameter, probe(0)[gate.parameter]});
        }
        const Matrix2 inverse = dagger(program_.matrix(gate, angle, nullptr));
        if (gate.controls && !is_simple_control(gate, angle)) return false;
        frame_.take_controlled(inverse.data(), place, gate.controls);
        for (int letter = 0; letter < 3; ++letter)
            if (!frame_.image(letter, place).is_known) return false;
        return true;
    }

    static bool is_simple_control(const Program::Gate& gate, double angle) {
        const bool is_z = gate.kind == Kind::fixed_phase && std::abs(std::abs(angle) - M_PI) < 1e-14;
        return nb_ones(gate.controls) == 1 && (gate.kind == Kind::flip || is_z);
    }

    bool add_rotation(const Program::Gate& gate, int place) {
        const int letter = gate.kind == Kind::rx ? 0 : gate.kind == Kind::ry ? 1 : 2;
        const PauliString string = frame_.image(letter, place);
        if (gate.controls) return false;
        if (!parity(string.x & string.z)) return false;  // not real
        // turns i into i ^ x by factor * (-1)^popcount(z & i)
        const double factor = gate.value * string.sign * ((nb_ones(string.x & string.z) & 3) == 1 ? 1 : -1);
        subspace_.rotations_.push_back({string.x, string.z, gate.has_angle() ? gate.parameter : -1, factor});
        return true;
    }

    bool list_states() {
        const auto& rotations = subspace_.rotations_;
        for (std::size_t first = 0; first < rotations.size();) {
            std::size_t end = first + 1;
            while (end < rotations.size() && end - first < MAX_GROUP && rotations[end].x == rotations[first].x) ++end;
            look(double(first) / rotations.size());
            if (!add_group(first, end)) return false;
            first = end;
        }
        return true;
    }

    // One bit for each rotation of a group: whether it turns `state` negatively.
    Mask signs_of(std::size_t first, std::size_t end, Mask state) const {
        Mask signs = 0;
        for (std::size_t k = first; k < end; ++k)
            signs |= Mask(parity(subspace_.rotations_[k].z & state)) << (k - first);
        return signs;
    }

    bool add_group(std::size_t first, std::size_t end) {
        const Mask x = subspace_.rotations_[first].x;
        const std::size_t nb_before = states_.size();
        std::vector<char> is_done(nb_before, 0);
        std::map<Mask, std::vector<Pair>> pairs_of_class;
        std::map<Mask, bool> is_cancelled_class;
        for (std::size_t place = 0; place < nb_before; ++place) {
            if (is_done[place]) continue;
            Mask from = states_[place], to = from ^ x, signs = signs_of(first, end, from);
            if (const auto known = places_.find(to); known != places_.end() && std::size_t(known->second) < nb_before)
                is_done[known->second] = 1;
            if (signs & 1) {  // the other way round all signs are opposite
                std::swap(from, to);
                signs = ~signs & (~Mask(0) >> (64 - (end - first)));
            }
            auto [known, is_new] = is_cancelled_class.try_emplace(signs, false);
            if (is_new) {
                known->second = is_cancelled(first, end, signs);
                if (known->second) subspace_.cancelled_.push_back(class_of(first, end, signs));
            }
            if (known->second) continue;
            const std::int32_t place_from = reached(from), place_to = reached(to);
            pairs_of_class[signs].push_back({place_from, place_to});
            if (states_.size() > max_states_) return false;
        }
        for (const auto& [signs, pairs] : pairs_of_class) {
            Class made = class_of(first, end, signs);
            made.first_pair = std::int32_t(subspace_.pairs_.size());
            subspace_.pairs_.insert(subspace_.pairs_.end(), pairs.begin(), pairs.end());
            made.end_pair = std::int32_t(subspace_.pairs_.size());
            subspace_.classes_.push_back(made);
        }
        return subspace_.pairs_.size() <= MAX_PAIRS;
    }

    std::int32_t reached(Mask state) {
        const auto [found, is_new] = places_.try_emplace(state, std::int32_t(states_.size()));
        if (is_new) states_.push_back(state);
        return found->second;
    }

    Class class_of(std::size_t first, std::size_t end, Mask signs) {
        Class made{};
        made.first_share = std::int32_t(subspace_.shares_.size());
        for (std::size_t k = first; k < end; ++k)
            subspace_.shares_.push_back({std::int32_t(k), signs >> (k - first) & 1 ? -1.0 : 1.0});
        made.end_share = std::int32_t(subspace_.shares_.size());
        return made;
    }

    bool is_cancelled(std::size_t first, std::size_t end, Mask signs) const {
        for (std::size_t i = 0; i < nb_probes_; ++i) {
            double angle = 0;
            for (std::size_t k = first; k < end; ++k)
                angle += (signs >> (k - first) & 1 ? -1 : 1) * subspace_.rotations_[k].angle(probe(i));
            if (std::abs(angle) > CANCELLED) return false;
        }
        return true;
    }

    // Real part of the observable among the reached states: strings with an even number of Y.
    void set_observable(const Strings& observable) {
        struct Term {
            Mask z;
            double coefficient;
        };
        std::map<Mask, std::vector<Term>> by_x;
        subspace_.constant_ = observable.constant;
        for (std::size_t k = 0; k < observable.size; ++k) {
            const PauliString string = frame_.image(observable.x[k], observable.z[k]);
            const int nb_y = nb_ones(string.x & string.z);
            if (nb_y & 1) continue;
            const double coefficient = observable.coefficients[k] * string.sign * (nb_y & 2 ? -1 : 1);
            by_x[string.x].push_back({string.z, coefficient});
        }
        subspace_.row_starts_.push_back(0);
        for (std::size_t row = 0; row < states_.size(); ++row) {
            look(1);
            for (const auto& [x, terms] : by_x) {
                const auto column = places_.find(states_[row] ^ x);
                if (column == places_.end() || std::size_t(column->second) < row) continue;
                double entry = 0;
                for (const Term& term : terms) entry += parity(term.z & states_[row]) ? -term.coefficient : term.coefficient;
                if (std::abs(entry) < 1e-15) continue;
                subspace_.columns_.push_back(column->second);
                subspace_.entries_.push_back(entry);
            }
            subspace_.row_starts_.push_back(std::int32_t(subspace_.columns_.size()));
        }
    }
};

std::optional<Subspace> Subspace::found(const Program& program, const double* probes, std::size_t nb_probes,
                                        std::size_t nb_parameters, const Strings& observable, std::size_t max_states) {
    return Builder(program, probes, nb_probes, nb_parameters, max_states).built(observable);
}

double Subspace::angle(const Class& each, const double* parameters) const {
    double total = 0;
    for (std::int32_t s = each.first_share; s < each.end_share; ++s)
        total += shares_[s].sign * rotations_[shares_[s].rotation].angle(parameters);
    return total;
}

bool Subspace::fits(const double* parameters) const {
    return std::all_of(known_.begin(), known_.end(),
                       [&](const Known& known) { return parameters[known.parameter] == known.value; }) &&
           std::all_of(cancelled_.begin(), cancelled_.end(),
                       [&](const Class& each) { return std::abs(angle(each, parameters)) <= CANCELLED; });
}

void Subspace::run(const double* parameters, double* vector) const {
    std::fill(vector, vector + nb_states_, 0.0);
    vector[0] = 1;
    for (const Class& each : classes_) {
        const double half = angle(each, parameters) / 2, cos = std::cos(half), sin = std::sin(half);
        for (std::int32_t p = each.first_pair; p < each.end_pair; ++p) {
            double &a = vector[pairs_[p].from], &b = vector[pairs_[p].to];
            const double turned = cos * a - sin * b;
            b = cos * b + sin * a;
            a = turned;
        }
    }
}

// out = observable vector, without the constant; returns their product, with it.
double Subspace::apply_observable(const double* vector, double* out) const {
    std::fill(out, out + nb_states_, 0.0);
    double total = 0;
    for (std::size_t row = 0; row < nb_states_; ++row) {
        const double own = vector[row];
        double sum = 0;
        for (std::int32_t i = row_starts_[row]; i < row_starts_[row + 1]; ++i) {
            const std::int32_t column = columns_[i];
            sum += entries_[i] * vector[column];
            if (std::size_t(column) != row) out[column] += entries_[i] * own;
        }
        out[row] += sum;
    }
    for (std::size_t row = 0; row < nb_states_; ++row) total += vector[row] * out[row];
    return total + constant_;
}

double Subspace::value(const double* parameters) const {
    std::vector<double> vectors(2 * nb_states_);
    run(parameters, vectors.data());
    return apply_observable(vectors.data(), vectors.data() + nb_states_);
}

double Subspace::add_gradient(const double* parameters, double* gradient) const {
    std::vector<double> vectors(2 * nb_states_);
    double *const ket = vectors.data(), *const bra = ket + nb_states_;
    run(parameters, ket);
    const double value = apply_observable(ket, bra);
    for (auto each = classes_.rbegin(); each != classes_.rend(); ++each) {
        const double half = angle(*each, parameters) / 2, cos = std::cos(half), sin = std::sin(half);
        double slope = 0;
        for (std::int32_t p = each->first_pair; p < each->end_pair; ++p) {
            double &a = ket[pairs_[p].from], &b = ket[pairs_[p].to];
            double &c = bra[pairs_[p].from], &d = bra[pairs_[p].to];
            slope += d * a - c * b;
            const double ket_before = cos * a + sin * b, bra_before = cos * c + sin * d;
            b = cos * b - sin * a;
            d = cos * d - sin * c;
            a = ket_before;
            c = bra_before;
        }
        for (std::int32_t s = each->first_share; s < each->end_share; ++s) {
            const Rotation& rotation = rotations_[shares_[s].rotation];
            if (rotation.parameter >= 0) gradient[rotation.parameter] += shares_[s].sign * rotation.factor * slope;
        }
    }
    return value;
}

}  // namespace qat
