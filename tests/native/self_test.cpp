// The engine's C++ without Python: random circuits against a simulator that could not be simpler, and known answers.
//
// For machines on which the Python tests cannot run, such as an emulated one, and for valgrind, which then sees nothing
// but the engine. Built with -DOPENQAT_SELF_TEST=ON; prints a line for each part, and fails on the first wrong answer.
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "adjoint.h"
#include "dispatch.h"
#include "pauli_dispatch.h"
#include "random_outcomes.h"
#include "subspace.h"

using namespace qat;

namespace {

std::mt19937_64 generator(1);
int below(int end) { return static_cast<int>(generator() % static_cast<std::uint64_t>(end)); }
double uniform() { return static_cast<double>(generator() >> 11) * 0x1p-53; }

void require(bool is_true, const std::string& what) {
    if (is_true) return;
    std::printf("WRONG: %s\n", what.c_str());
    std::exit(1);
}

// ---------------------------------------------------------------- circuits, and what they mean
struct Gate {
    FormKind kind;
    int nb_controls;
    std::vector<int> qubits;  // controls first
    double angle;
    std::vector<Complex> matrix;  // fixed: of any size
};

struct Circuit {
    int nb_qubits;
    std::vector<Gate> gates;
    std::vector<double> angles() const {
        std::vector<double> all;
        for (const Gate& gate : gates) all.push_back(gate.angle);
        return all;
    }
};

std::vector<Complex> matrix_of(const Gate& gate, double angle) {
    const double cos = std::cos(angle / 2), sin = std::sin(angle / 2);
    const Complex i(0, 1);
    switch (gate.kind) {
        case FormKind::rx: return {cos, -i * sin, -i * sin, cos};
        case FormKind::ry: return {cos, -sin, sin, cos};
        case FormKind::rz: return {std::polar(1.0, -angle / 2), 0, 0, std::polar(1.0, angle / 2)};
        case FormKind::ph: return {1, 0, 0, std::polar(1.0, angle)};
        case FormKind::swap: return {1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
        case FormKind::iswap: return {1, 0, 0, 0, 0, 0, i, 0, 0, i, 0, 0, 0, 0, 0, 1};
        default: return gate.matrix;
    }
}

// Amplitude by amplitude, with qubit 0 as the most significant bit.
void apply_naively(const Gate& gate, double angle, int nb_qubits, std::vector<Complex>& state) {
    const std::vector<Complex> matrix = matrix_of(gate, angle);
    const int size = static_cast<int>(gate.qubits.size()) - gate.nb_controls, dimension = 1 << size;
    const auto bit = [&](int k) { return std::size_t(1) << (nb_qubits - 1 - gate.qubits[k]); };
    std::size_t controls = 0, targets = 0;
    for (int k = 0; k < gate.nb_controls; ++k) controls |= bit(k);
    std::vector<std::size_t> places(dimension, 0);
    for (int j = 0; j < dimension; ++j)
        for (int k = 0; k < size; ++k)
            if (j >> (size - 1 - k) & 1) places[j] |= bit(gate.nb_controls + k);
    targets = places.back();
    std::vector<Complex> before(dimension);
    for (std::size_t index = 0; index < state.size(); ++index) {
        if ((index & targets) || (index & controls) != controls) continue;
        for (int j = 0; j < dimension; ++j) before[j] = state[index | places[j]];
        for (int j = 0; j < dimension; ++j) {
            Complex sum = 0;
            for (int k = 0; k < dimension; ++k) sum += matrix[j * dimension + k] * before[k];
            state[index | places[j]] = sum;
        }
    }
}

std::vector<Complex> naive_state(const Circuit& circuit, const std::vector<double>& angles) {
    std::vector<Complex> state(std::size_t(1) << circuit.nb_qubits, 0.0);
    state[0] = 1;
    for (std::size_t g = 0; g < circuit.gates.size(); ++g)
        apply_naively(circuit.gates[g], angles[g], circuit.nb_qubits, state);
    return state;
}

// Reflections 1 - 2 v v^H / |v|^2; some real, some diagonal.
std::vector<Complex> random_unitary(int dimension) {
    const bool is_real = below(3) == 0, is_diagonal = below(4) == 0;
    std::vector<Complex> v(dimension), matrix(std::size_t(dimension) * dimension, 0.0);
    double norm = 0;
    for (Complex& x : v) norm += std::norm(x = Complex(uniform() - 0.5, is_real ? 0 : uniform() - 0.5));
    for (int i = 0; i < dimension; ++i)
        for (int j = 0; j < dimension; ++j) {
            const Complex reflected = (i == j ? 1.0 : 0.0) - 2.0 * v[i] * std::conj(v[j]) / norm;
            matrix[i * dimension + j] = !is_diagonal ? reflected : i == j ? std::polar(1.0, 6 * uniform()) : 0.0;
        }
    return matrix;
}

Gate random_gate(int nb_qubits) {
    Gate gate{static_cast<FormKind>(below(8)), 0, {}, 8 * uniform() - 4, {}};
    if (gate.kind == FormKind::supplied) gate.kind = FormKind::fixed;
    const bool is_swap = gate.kind == FormKind::swap || gate.kind == FormKind::iswap;
    int size = is_swap ? 2 : gate.kind == FormKind::fixed ? 1 + below(std::min(nb_qubits, 5)) : 1;
    if (size > nb_qubits) return random_gate(nb_qubits);
    if (gate.kind == FormKind::fixed) {
        gate.matrix = random_unitary(1 << size);
        if (size == 1 && below(2)) gate.matrix = {0, 1, 1, 0};
    }
    if (!is_swap && below(2)) gate.nb_controls = below(std::min(nb_qubits - size, 3) + 1);
    std::vector<int> all(nb_qubits);
    for (int q = 0; q < nb_qubits; ++q) all[q] = q;
    std::shuffle(all.begin(), all.end(), generator);
    gate.qubits.assign(all.begin(), all.begin() + gate.nb_controls + size);
    return gate;
}

Circuit random_circuit(int nb_qubits, int nb_gates) {
    Circuit circuit{nb_qubits, {}};
    for (int g = 0; g < nb_gates; ++g) circuit.gates.push_back(random_gate(nb_qubits));
    return circuit;
}

Program program_of(const Circuit& circuit) {
    std::vector<std::int32_t> numbers, qubit_starts{0}, qubits, parameter_starts;
    std::vector<Form> forms;
    std::vector<Complex> matrices;
    for (const Gate& gate : circuit.gates) {
        numbers.push_back(static_cast<std::int32_t>(forms.size()));
        parameter_starts.push_back(static_cast<std::int32_t>(forms.size()));
        forms.push_back({gate.kind, gate.nb_controls, 1.0, static_cast<std::int64_t>(matrices.size())});
        matrices.insert(matrices.end(), gate.matrix.begin(), gate.matrix.end());
        qubits.insert(qubits.end(), gate.qubits.begin(), gate.qubits.end());
        qubit_starts.push_back(static_cast<std::int32_t>(qubits.size()));
    }
    parameter_starts.push_back(static_cast<std::int32_t>(forms.size()));
    const Columns columns{numbers.data(), qubit_starts.data(), qubits.data(), parameter_starts.data(),
                          static_cast<std::int64_t>(numbers.size()), static_cast<std::int64_t>(qubits.size())};
    return Program(circuit.nb_qubits, columns, forms, std::move(matrices));
}

// ---------------------------------------------------------------- comparisons
template <class Real>
double gap(const Buffer<Real>& found, const std::vector<Complex>& expected) {
    double most = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
        most = std::max(most, std::abs(Complex(found[2 * i], found[2 * i + 1]) - expected[i]));
    return most;
}

template <class Real>
void check_states(int nb_qubits, int nb_gates, int nb_tile_bits, bool fusion, int nb_threads) {
    const Circuit circuit = random_circuit(nb_qubits, nb_gates);
    const std::vector<double> angles = circuit.angles();
    Settings settings;
    settings.fusion = fusion;
    settings.nb_tile_bits = nb_tile_bits;
    settings.execution.nb_threads = nb_threads;
    const auto state = simulated<Real>(program_of(circuit), angles.data(), nullptr, {}, settings);
    require(gap(state, naive_state(circuit, angles)) < (sizeof(Real) == 8 ? 1e-11 : 1e-4),
            "state of " + std::to_string(nb_qubits) + " qubits, " + instruction_set());
}

void check_all_states() {
    for (int nb_qubits : {1, 2, 3, 4, 5, 9, 10, 11, 12})
        for (bool fusion : {true, false}) {
            check_states<double>(nb_qubits, 25, 0, fusion, 1);
            check_states<float>(nb_qubits, 25, 0, fusion, 1);
            if (nb_qubits > 10) check_states<double>(nb_qubits, 25, 10, fusion, 1);  // tiles copied from far apart
            if (nb_qubits > 10) check_states<float>(nb_qubits, 25, 10, fusion, 1);
        }
    check_states<double>(17, 12, 0, true, 3);
    check_states<double>(15, 40, 0, true, 1);  // in blocks
    check_states<float>(15, 40, 0, true, 1);
}

Complex naive_expectation(const std::vector<Complex>& state, Mask x, Mask z) {
    constexpr double re[] = {1, 0, -1, 0}, im[] = {0, 1, 0, -1};
    const int nb_y = __builtin_popcountll(x & z) & 3;
    Complex sum = 0;
    for (std::size_t i = 0; i < state.size(); ++i)
        sum += std::conj(state[i ^ x]) * state[i] * (__builtin_popcountll(z & i) & 1 ? -1.0 : 1.0);
    return sum * Complex(re[nb_y], im[nb_y]);
}

struct Observable {
    std::vector<Mask> x, z;
    std::vector<Complex> coefficients;
    PauliSum sum(int nb_qubits) const { return PauliSum(nb_qubits, x.data(), z.data(), x.size()); }
    double value(const std::vector<Complex>& state) const {
        double total = 0;
        for (std::size_t k = 0; k < x.size(); ++k)
            total += (coefficients[k] * naive_expectation(state, x[k], z[k])).real();
        return total;
    }
};

Observable random_observable(int nb_qubits, int nb_terms, int nb_x_masks) {
    Observable observable;
    std::vector<Mask> x_masks;
    for (int k = 0; k < nb_x_masks; ++k) x_masks.push_back(below(1 << nb_qubits));
    for (int k = 0; k < nb_terms; ++k) {
        observable.x.push_back(x_masks[below(nb_x_masks)]);
        observable.z.push_back(below(1 << nb_qubits));
        observable.coefficients.push_back(uniform() - 0.5);
    }
    return observable;
}

void check_observables() {
    for (int nb_qubits : {1, 4, 9, 10, 11, 15})
        for (int nb_x_masks : {1, 5, 40}) {
            const Circuit circuit = random_circuit(nb_qubits, 15);
            const std::vector<Complex> expected = naive_state(circuit, circuit.angles());
            const Observable observable = random_observable(nb_qubits, 40, nb_x_masks);
            const auto state = simulated<double>(program_of(circuit), circuit.angles().data(), nullptr, {}, {});
            const Complex value = observable.sum(nb_qubits).expectation(observable.coefficients.data(), 0.0, state.get(),
                                                                        pauli_kernels<double>(), 2);
            require(std::abs(value - observable.value(expected)) < 1e-10, "observable on " + std::to_string(nb_qubits));
        }
}

bool has_angle(const Gate& gate) { return gate.kind >= FormKind::rx && gate.kind <= FormKind::ph; }

void check_gradients() {
    for (int nb_qubits : {1, 3, 5}) {
        const Circuit circuit = random_circuit(nb_qubits, 14);
        const Program program = program_of(circuit);
        std::vector<double> angles = circuit.angles(), gradient(angles.size(), 0.0);
        const Observable observable = random_observable(nb_qubits, 6, 3);
        const int nb_places = padded_places<double>(nb_qubits);
        auto ket = simulated<double>(program, angles.data(), nullptr, {}, {});
        auto bra = allocated<double>(std::size_t(2) << nb_places);
        std::fill(bra.get(), bra.get() + (std::size_t(2) << nb_places), 0.0);
        observable.sum(nb_qubits).apply(observable.coefficients.data(), 0.0, ket.get(), bra.get(), pauli_kernels<double>(), 1);
        const std::vector<std::uint8_t> is_varied(angles.size(), 1);
        add_gradient({program, angles.data(), nullptr, {}, is_varied.data(), {}}, bra.get(), ket.get(), nb_places,
                     gradient.data());
        for (std::size_t g = 0; g < angles.size(); ++g) {
            if (!has_angle(circuit.gates[g])) continue;
            std::vector<double> up = angles, down = angles;
            up[g] += 1e-4, down[g] -= 1e-4;
            const double slope = (observable.value(naive_state(circuit, up)) - observable.value(naive_state(circuit, down))) / 2e-4;
            require(std::abs(slope - gradient[g]) < 1e-6, "gradient on " + std::to_string(nb_qubits) + " qubits");
        }
    }
}

// One electron on two orbitals: a rotation about XY between CNOT and basis changes.
void check_subspace() {
    const double h = std::sqrt(0.5), quarter = std::acos(0.0);
    const std::vector<Complex> x = {0, 1, 1, 0}, hadamard = {h, h, h, -h};
    const Circuit circuit{2,
                          {{FormKind::fixed, 0, {0}, 0, x},
                           {FormKind::fixed, 0, {0}, 0, hadamard},
                           {FormKind::rx, 0, {1}, quarter, {}},
                           {FormKind::fixed, 1, {0, 1}, 0, x},
                           {FormKind::rz, 0, {1}, 0.7, {}},
                           {FormKind::fixed, 1, {0, 1}, 0, x},
                           {FormKind::fixed, 0, {0}, 0, hadamard},
                           {FormKind::rx, 0, {1}, -quarter, {}}}};
    const std::vector<double> angles = circuit.angles();
    const Mask x_masks[] = {0, 3}, z_masks[] = {2, 0};
    const double coefficients[] = {0.3, -0.9};
    const Observable observable{{0, 3}, {2, 0}, {0.3, -0.9}};
    const auto found = Subspace::found(program_of(circuit), angles.data(), 1, angles.size(),
                                       {x_masks, z_masks, coefficients, 2, 0.0}, 4);
    require(found && found->fits(angles.data()), "a subspace is found");
    std::vector<double> gradient(angles.size(), 0.0);
    const double expected = observable.value(naive_state(circuit, angles));
    require(std::abs(found->add_gradient(angles.data(), gradient.data()) - expected) < 1e-12, "value in a subspace");
}

// The same outcomes on every processor: this sum was made on x86-64.
void check_samples() {
    std::vector<double> weights(1000);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 1.0 / static_cast<double>(i + 1);
    const Outcomes outcomes = drawn_from_weights(weights.data(), weights.size(), 100000, 7);
    std::uint64_t digest = 0xcbf29ce484222325, nb_shots = 0;  // FNV-1a
    for (std::size_t k = 0; k < outcomes.size; ++k) {
        nb_shots += static_cast<std::uint64_t>(outcomes.counts[k]);
        for (std::uint64_t word : {outcomes.values[k], static_cast<std::uint64_t>(outcomes.counts[k])})
            digest = (digest ^ word) * 0x100000001b3;
    }
    require(nb_shots == 100000, "number of shots");
    require(digest == 0x4968732c3e0069cb, "outcomes of a seed: " + std::to_string(digest));
}

void check_marginals() {
    const Circuit circuit = random_circuit(6, 20);
    const std::vector<Complex> expected = naive_state(circuit, circuit.angles());
    const auto state = simulated<double>(program_of(circuit), circuit.angles().data(), nullptr, {}, {});
    for (const std::vector<int>& places : {std::vector<int>{0}, {5, 2}, {1, 3, 0}, {5, 4, 3, 2, 1, 0}, {}}) {
        std::vector<double> found(std::size_t(1) << places.size(), 0.0), sums = found;
        add_marginal(state.get(), 6, places, found.data());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            std::size_t outcome = 0;
            for (int place : places) outcome = outcome << 1 | (i >> place & 1);
            sums[outcome] += std::norm(expected[i]);
        }
        for (std::size_t k = 0; k < sums.size(); ++k) require(std::abs(sums[k] - found[k]) < 1e-12, "marginal");
    }
}

}  // namespace

int main() {
    for (const std::string& name : instruction_sets()) {
        select_instruction_set(name);
        check_all_states();
        check_observables();
        check_gradients();
        std::printf("%s: states, observables, gradients\n", name.c_str());
    }
    check_subspace();
    check_samples();
    check_marginals();
    std::printf("subspace, samples, marginals\n");
}
