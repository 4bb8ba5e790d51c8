#include "adjoint.h"

#include <algorithm>
#include <cmath>

namespace qat {
namespace {

using Gate = Program::Gate;
using Kind = Program::Kind;

constexpr double NEGLIGIBLE = 1e-15;

// A Pauli string by places.
struct String {
    Mask x = 0, z = 0;
    double weight;  // dU/d parameter U^-1 has the term i * weight * P: it is anti-Hermitian for unitary gates
};
using Strings = std::vector<String>;

// Every string times the projector (1 - Z) / 2 on the 1 of each control.
Strings controlled(Strings strings, Mask controls) {
    for (; controls; controls &= controls - 1) {
        const std::size_t size = strings.size();
        for (std::size_t s = 0; s < size; ++s) {
            strings[s].weight /= 2;
            strings.push_back({strings[s].x, strings[s].z ^ (controls & -controls), -strings[s].weight});
        }
    }
    return strings;
}

// The matrix dU/d parameter U^-1 as strings: the weight of P is Tr(P rate) / 2^size.
Strings strings_of(const Complex* rate, const int* places, int size) {
    Strings strings;
    const int dimension = 1 << size;
    for (int x = 0; x < dimension; ++x)
        for (int z = 0; z < dimension; ++z) {
            Complex trace = 0;
            for (int c = 0; c < dimension; ++c)
                trace += (__builtin_popcount(z & c) & 1 ? -1.0 : 1.0) * rate[c * dimension + (c ^ x)];
            const int nb_y = __builtin_popcount(x & z);
            for (int y = 0; y < nb_y; ++y) trace *= Complex(0, 1);
            if (std::abs(trace) < NEGLIGIBLE) continue;
            String string{0, 0, trace.imag() / dimension};
            for (int i = 0; i < size; ++i) {
                if (x >> (size - 1 - i) & 1) string.x |= bit_of(places[i]);
                if (z >> (size - 1 - i) & 1) string.z |= bit_of(places[i]);
            }
            strings.push_back(string);
        }
    return strings;
}

Matrix2 letter(const String& string) {
    if (!string.x) return {1, 0, 0, -1};
    return string.z ? Matrix2{0, Complex(0, -1), Complex(0, 1), 0} : Matrix2{0, 1, 1, 0};
}

class Backward {
public:
    Backward(const Adjoint& problem, int nb_places)
        : problem_(problem), program_(problem.program), gates_(program_.merged(problem.parameters, problem.is_varied)),
          planner_(nb_places, false, problem.settings.fusion) {}

    void plan() {
        const auto has_parameter = [this](const Gate& gate) { return gate.has_angle() || has_rate(gate); };
        const auto first = std::find_if(gates_->begin(), gates_->end(), has_parameter) - gates_->begin();
        for (std::int64_t i = std::int64_t(gates_->size()) - 1; i >= first; --i) {
            add_probes((*gates_)[i]);
            program_.feed_inverse(planner_, *gates_, problem_.parameters, problem_.supplied, i, i + 1);
        }
    }

    double run(double* bra, double* ket, int nb_places, double* gradient) {
        const auto [overlaps, scale] = run_both(planner_, bra, ket, nb_places, problem_.settings);
        for (const Contribution& each : contributions_) gradient[each.parameter] -= 2 * each.weight * overlaps[each.slot];
        return scale;
    }

    WorkOnBoth work(int nb_places) { return work_on_both<double>(planner_, nb_places, problem_.settings); }

    double duration_s(int nb_places) { return both_duration_s<double>(planner_, nb_places, problem_.settings); }

private:
    struct Contribution {
        std::int64_t parameter;
        int slot;
        double weight;
    };
    const Adjoint& problem_;
    const Program& program_;
    std::shared_ptr<const Program::Gates> gates_;
    Planner planner_;
    std::vector<Contribution> contributions_;

    bool has_rate(const Gate& gate) const {
        return gate.kind == Kind::supplied &&
               std::any_of(problem_.rates.begin(), problem_.rates.end(),
                           [&](const SuppliedRate& rate) { return rate.matrix == gate.matrix; });
    }

    void add_probes(const Gate& gate) {
        if (gate.has_angle()) return add(derivative(gate), gate.parameter);
        if (gate.kind != Kind::supplied) return;
        for (const SuppliedRate& rate : problem_.rates)
            if (rate.matrix == gate.matrix)
                add(controlled(strings_of(rate.rate, program_.places(gate), gate.size), gate.controls), rate.parameter);
    }

    void add(const Strings& strings, std::int64_t parameter) {
        if (!problem_.is_varied[parameter]) return;
        for (const String& string : strings) {
            const Mask places = string.x | string.z;
            if (places == 0) continue;  // <bra|ket> is real
            if ((places & (places - 1)) == 0) {
                for (const Planner::Share& share : planner_.probe_place(__builtin_ctzll(places), letter(string)))
                    contributions_.push_back({parameter, share.slot, string.weight * share.weight});
            } else {
                contributions_.push_back({parameter, planner_.probe(string.x, string.z), string.weight});
            }
        }
    }

    Strings derivative(const Gate& gate) const {
        if (gate.is_string) return {{gate.x, gate.z, -0.5 * gate.value * gate.string_sign}};
        const Mask bit = bit_of(program_.places(gate)[0]);
        Strings strings;
        if (gate.kind == Kind::phase) strings.push_back({0, 0, 0.5 * gate.value});
        const bool has_x = gate.kind == Kind::rx || gate.kind == Kind::ry;
        strings.push_back({has_x ? bit : 0, gate.kind == Kind::rx ? 0 : bit, -0.5 * gate.value});
        return controlled(std::move(strings), gate.controls);
    }
};

}  // namespace

double add_gradient(const Adjoint& problem, double* bra, double* ket, int nb_places, double* gradient) {
    Backward backward(problem, nb_places);
    backward.plan();
    return backward.run(bra, ket, nb_places, gradient);
}

WorkOnBoth gradient_work(const Adjoint& problem, int nb_places) {
    Backward backward(problem, nb_places);
    backward.plan();
    return backward.work(nb_places);
}

double gradient_duration_s(const Adjoint& problem, int nb_places) {
    Backward backward(problem, nb_places);
    backward.plan();
    return backward.duration_s(nb_places);
}

}  // namespace qat
