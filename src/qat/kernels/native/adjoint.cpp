#include "adjoint.h"

#include <algorithm>
#include <cmath>

#include "pauli_dispatch.h"
#include "pauli_frame.h"
#include "watch.h"

namespace qat {
namespace {

using Gate = Program::Gate;
using Kind = Program::Kind;

constexpr double NEGLIGIBLE = 1e-15;
const Complex I(0, 1);

// A string of a derivative: dU/d parameter U^-1 has the term i * weight * P. (It is anti-Hermitian for unitary gates.)
struct Contribution {
    std::int64_t parameter;
    double weight;
};

class Layer {
public:
    explicit Layer(int nb_places) : frame_(nb_places) {}

    PauliFrame& frame() { return frame_; }
    bool is_empty() const { return contributions_.empty(); }

    void add(const PauliString& string, std::int64_t parameter, Complex weight) {
        if ((string.x | string.z) == 0) return;  // <bra|ket> is real
        x_masks_.push_back(string.x);
        z_masks_.push_back(string.z);
        contributions_.push_back({parameter, weight.imag() * string.sign});
    }

    void add_to(double* gradient, const double* bra, const double* ket, int nb_places, int nb_threads) const {
        if (is_empty()) return;
        const PauliSum strings(nb_places, x_masks_.data(), z_masks_.data(), x_masks_.size());
        const std::vector<double> values = strings.imaginary_overlaps(bra, ket, pauli_kernels<double>(), nb_threads);
        for (std::size_t t = 0; t < values.size(); ++t)
            gradient[contributions_[t].parameter] -= 2 * contributions_[t].weight * values[t];
    }

private:
    PauliFrame frame_;
    std::vector<Mask> x_masks_, z_masks_;
    std::vector<Contribution> contributions_;
};

struct Term {
    PauliString string;
    Complex weight;
};
// The string of all terms at the end of a layer, or nothing if one of them cannot be carried there.
struct Terms {
    std::vector<Term> terms;
    bool is_known = true;

    void add(const PauliString& string, Complex weight) {
        is_known &= string.is_known;
        terms.push_back({string, weight});
    }
};

// Every term times the projector (1 - Z) / 2 on the 1 of each control.
Terms controlled(Terms terms, Mask controls, const PauliFrame& frame) {
    for (; controls; controls &= controls - 1) {
        const PauliString& z = frame.image(2, __builtin_ctzll(controls));
        const std::size_t size = terms.terms.size();
        for (std::size_t t = 0; t < size; ++t) {
            terms.terms[t].weight /= 2;
            terms.add(terms.terms[t].string * z, -terms.terms[t].weight);
        }
    }
    return terms;
}

// The matrix dU/d parameter U^-1 as strings: the weight of P is Tr(P rate) / 2^size.
Terms strings_of(const Complex* rate, const int* places, int size, const PauliFrame& frame) {
    Terms terms;
    const int dimension = 1 << size;
    for (int x = 0; x < dimension; ++x)
        for (int z = 0; z < dimension; ++z) {
            Complex trace = 0;
            for (int c = 0; c < dimension; ++c)
                trace += (__builtin_popcount(z & c) & 1 ? -1.0 : 1.0) * rate[c * dimension + (c ^ x)];
            const int nb_y = __builtin_popcount(x & z);
            for (int y = 0; y < nb_y; ++y) trace *= I;
            if (std::abs(trace) < NEGLIGIBLE) continue;
            PauliString string;
            for (int i = 0; i < size; ++i) {
                const int bit = size - 1 - i, letter = (x >> bit & 1) ? (z >> bit & 1) : (z >> bit & 1) ? 2 : -1;
                if (letter >= 0) string = string * frame.image(letter, places[i]);
            }
            terms.add(string, trace / double(dimension));
        }
    return terms;
}

class Backward {
public:
    Backward(const Adjoint& problem, double* bra, double* ket, int nb_places, double* gradient)
        : problem_(problem), program_(problem.program), merged_(program_.merged(problem.parameters, problem.is_varied)), bra_(bra), ket_(ket), nb_places_(nb_places),
          gradient_(gradient), layer_(nb_places) {}

    void run() {
        const auto& gates = *merged_;
        const std::int64_t first = first_with_parameter();
        std::int64_t end = std::int64_t(gates.size());
        for (std::int64_t i = end - 1; i >= first; --i) {
            if (!can_add(gates[i])) {
                finish_layer(i + 1, end);
                end = i + 1;
                can_add(gates[i]);
            }
            take(gates[i]);
        }
        layer_.add_to(gradient_, bra_, ket_, nb_places_, problem_.settings.execution.nb_threads);
    }

private:
    const Adjoint& problem_;
    const Program& program_;
    std::shared_ptr<const Program::Gates> merged_;
    double *bra_, *ket_;
    int nb_places_;
    double* gradient_;
    Layer layer_;

    bool has_rate(const Gate& gate) const {
        return gate.kind == Kind::supplied &&
               std::any_of(problem_.rates.begin(), problem_.rates.end(),
                           [&](const SuppliedRate& rate) { return rate.matrix == gate.matrix; });
    }

    std::int64_t first_with_parameter() const {
        const auto& gates = *merged_;
        const auto found = std::find_if(gates.begin(), gates.end(),
                                        [this](const Gate& gate) { return gate.has_angle() || has_rate(gate); });
        return found - gates.begin();
    }

    double angle_of(const Gate& gate) const {
        return gate.has_angle() ? gate.value * problem_.parameters[gate.parameter] : gate.value;
    }

    // Adds the derivatives of a gate, unless some string cannot be carried to the end of the layer.
    bool can_add(const Gate& gate) {
        if (gate.has_angle()) return add(derivative(gate), gate.parameter);
        if (gate.kind != Kind::supplied) return true;
        std::vector<std::pair<Terms, std::int64_t>> found;
        for (const SuppliedRate& rate : problem_.rates)
            if (rate.matrix == gate.matrix) {
                Terms terms = strings_of(rate.rate, program_.places(gate), gate.size, layer_.frame());
                found.emplace_back(controlled(std::move(terms), gate.controls, layer_.frame()), rate.parameter);
                if (!found.back().first.is_known) return false;
            }
        for (const auto& [terms, parameter] : found) add(terms, parameter);
        return true;
    }

    bool add(const Terms& terms, std::int64_t parameter) {
        if (!terms.is_known) return false;
        for (const Term& term : terms.terms) layer_.add(term.string, parameter, term.weight);
        return true;
    }

    Terms derivative(const Gate& gate) {
        const PauliFrame& frame = layer_.frame();
        const int place = program_.places(gate)[0];
        Terms terms;
        if (gate.is_string) {
            terms.add(frame.image(gate.x, gate.z), -0.5 * gate.value * gate.string_sign * I);
            return terms;
        }
        if (gate.kind == Kind::phase) terms.add({}, 0.5 * gate.value * I);
        const int letter = gate.kind == Kind::rx ? 0 : gate.kind == Kind::ry ? 1 : 2;
        terms.add(frame.image(letter, place), -0.5 * gate.value * I);
        return controlled(std::move(terms), gate.controls, frame);
    }

    // Carries the frame to before a gate.
    void take(const Gate& gate) {
        PauliFrame& frame = layer_.frame();
        const int* const places = program_.places(gate);
        const Mask bit = Mask(1) << places[0];
        if (gate.is_string) return frame.take_rotation(gate.x, gate.z);
        if (gate.kind == Kind::swap) return frame.take_swap(places[0], places[1]);
        if (gate.kind == Kind::iswap) {
            frame.take_diagonal(bit | Mask(1) << places[1]);
            return frame.take_swap(places[0], places[1]);
        }
        if (gate.size > 1) return frame.take_unknown(places, gate.size, gate.controls);
        const Matrix2 matrix = program_.matrix(gate, angle_of(gate), problem_.supplied);
        frame.take_controlled(matrix.data(), places[0], gate.controls);
    }

    void finish_layer(std::int64_t begin, std::int64_t end) {
        const double nb_gates = double(program_.gates().size());
        const Watch::Part part(1 - end / nb_gates, 1 - begin / nb_gates);
        layer_.add_to(gradient_, bra_, ket_, nb_places_, problem_.settings.execution.nb_threads);
        layer_ = Layer(nb_places_);
        undo<double>(program_, *merged_, begin, end, problem_.parameters, problem_.supplied, {bra_, ket_}, nb_places_, problem_.settings);
    }
};

}  // namespace

void add_gradient(const Adjoint& problem, double* bra, double* ket, int nb_places, double* gradient) {
    Backward(problem, bra, ket, nb_places, gradient).run();
}

}  // namespace qat
