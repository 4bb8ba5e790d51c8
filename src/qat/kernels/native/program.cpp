#include "program.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "half_turns.h"
#include "ladders.h"

namespace qat {

Program::Program(int nb_qubits, const Columns& columns, const std::vector<Form>& forms, std::vector<Complex> matrices)
    : nb_qubits_(nb_qubits), matrices_(std::move(matrices)) {
    gates_.reserve(columns.nb_rows);
    for (std::int64_t row = 0; row < columns.nb_rows; ++row) {
        const std::int32_t begin = columns.qubit_starts[row], end = columns.qubit_starts[row + 1];
        if (columns.gates[row] < 0 || columns.gates[row] >= static_cast<std::int64_t>(forms.size()))
            throw std::invalid_argument("a gate of an unknown form");
        if (begin < 0 || end < begin || end > columns.nb_qubit_entries)
            throw std::invalid_argument("qubits out of range");
        add(forms[columns.gates[row]], columns.qubits + begin, end - begin, columns.parameter_starts[row]);
    }
    for (std::size_t i = 0; i < gates_.size(); ++i)
        if ((gates_[i].kind == Kind::rx || gates_[i].kind == Kind::ry) && !gates_[i].controls)
            turns_.push_back({static_cast<std::int32_t>(i), gates_[i].parameter, gates_[i].value});
    merged_ = std::make_shared<const Gates>(with_strings(*this, {}));
}

// Which gates are RX or RY by a quarter, and which way round: 1 or -1, others 0; empty if none is.
std::vector<signed char> Program::quarter_turns(const double* parameters, const std::uint8_t* is_varied) const {
    std::vector<signed char> found;
    for (const Turn& turn : turns_) {
        const double angle = turn.sign * parameters[turn.parameter];
        if (std::abs(angle) != M_PI_2 || (is_varied && is_varied[turn.parameter])) continue;
        found.resize(gates_.size());
        found[turn.gate] = angle > 0 ? 1 : -1;
    }
    return found;
}

std::shared_ptr<const Program::Gates> Program::merged(const double* parameters, const std::uint8_t* is_varied) const {
    std::vector<signed char> quarters = quarter_turns(parameters, is_varied);
    if (quarters.empty()) return merged_;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (quarters != recent_quarters_) {
        recent_ = std::make_shared<const Gates>(with_strings(*this, quarters));
        recent_quarters_ = std::move(quarters);
    }
    return recent_;
}

// Throws std::invalid_argument for what would reach beyond the state or the array of matrices.
void Program::check(const Form& form, const std::int32_t* qubits, int nb_qubits) const {
    if (form.nb_controls < 0 || form.nb_controls >= nb_qubits) throw std::invalid_argument("a gate without targets");
    const int size = nb_qubits - form.nb_controls;
    if (size > MAX_DENSE_QUBITS) throw std::invalid_argument("a gate of this size");
    if (form.kind < FormKind::fixed || form.kind > FormKind::iswap) throw std::invalid_argument("an unknown kind of gate");
    Mask used = 0;
    for (int i = 0; i < nb_qubits; ++i) {
        if (qubits[i] < 0 || qubits[i] >= nb_qubits_) throw std::invalid_argument("a gate on a qubit out of range");
        used |= bit_of(qubits[i]);
    }
    if (__builtin_popcountll(used) != nb_qubits) throw std::invalid_argument("a gate on the same qubit twice");
    const bool is_swap = form.kind == FormKind::swap || form.kind == FormKind::iswap;
    const bool has_any_size = form.kind == FormKind::fixed || form.kind == FormKind::supplied;
    if (!has_any_size && size != (is_swap ? 2 : 1)) throw std::invalid_argument("a gate on a wrong number of qubits");
    const std::int64_t last = static_cast<std::int64_t>(matrices_.size()) - (std::int64_t(1) << (2 * size));
    if (form.kind == FormKind::fixed && (form.matrix < 0 || form.matrix > last))
        throw std::invalid_argument("a gate without matrix");
}

void Program::add(const Form& form, const std::int32_t* qubits, int nb_qubits, std::int32_t parameter) {
    check(form, qubits, nb_qubits);
    Gate gate{};
    gate.size = static_cast<std::uint8_t>(nb_qubits - form.nb_controls);
    gate.places = static_cast<std::int32_t>(places_.size());
    gate.parameter = parameter;
    gate.value = form.sign;
    gate.matrix = form.matrix;
    for (int i = 0; i < form.nb_controls; ++i) gate.controls |= bit_of(nb_qubits_ - 1 - qubits[i]);
    for (int i = form.nb_controls; i < nb_qubits; ++i) places_.push_back(nb_qubits_ - 1 - qubits[i]);
    switch (form.kind) {
        case FormKind::fixed: classify(gate); break;
        case FormKind::supplied:
            gate.kind = Kind::supplied;
            gate.matrix = nb_supplied_;
            nb_supplied_ += std::int64_t(1) << (2 * gate.size);
            break;
        case FormKind::rx: gate.kind = Kind::rx; break;
        case FormKind::ry: gate.kind = Kind::ry; break;
        case FormKind::rz: gate.kind = Kind::rz; break;
        case FormKind::ph: gate.kind = Kind::phase; break;
        case FormKind::swap: gate.kind = Kind::swap; break;
        case FormKind::iswap: gate.kind = Kind::iswap; break;
    }
    if (gate.kind >= Kind::rx && gate.kind <= Kind::phase) {
        if (parameter < 0) throw std::invalid_argument("a parameter out of range");
        nb_parameters_ = std::max(nb_parameters_, std::int64_t(parameter) + 1);
    }
    gates_.push_back(gate);
}

// X and diag(1, phase) have ways of their own.
void Program::classify(Gate& gate) const {
    gate.kind = Kind::matrix;
    const Complex* const m = matrices_.data() + gate.matrix;
    if (gate.size != 1) return;
    if (m[0] == 0.0 && m[3] == 0.0 && m[1] == 1.0 && m[2] == 1.0 && gate.controls) gate.kind = Kind::flip;
    if (m[0] == 1.0 && m[1] == 0.0 && m[2] == 0.0 && std::abs(std::norm(m[3]) - 1) < 1e-12) {
        gate.kind = Kind::fixed_phase;
        gate.value = std::arg(m[3]);
    }
}

void Program::feed(Planner& planner, const double* parameters, const Complex* supplied) const {
    const std::shared_ptr<const Gates> merged_gates = planner.has_fusion() ? merged(parameters) : nullptr;
    const Gates& gates = merged_gates ? *merged_gates : gates_;
    planner.expect(static_cast<std::int64_t>(gates.size()));
    const std::size_t nb_angles = static_cast<std::size_t>(nb_parameters_);
    RecycledArray<double> memory;
    double* const cosines = memory.take(2 * nb_angles + 1);
    double* const sines = cosines + nb_angles;
    half_turns(parameters, nb_angles, cosines, sines);
    for (const Gate& gate : gates) {
        const Complex* const matrix = (gate.kind == Kind::supplied ? supplied : matrices_.data()) + gate.matrix;
        if (gate.has_angle())
            feed(planner, gate, gate.value * parameters[gate.parameter],
                 {cosines[gate.parameter], gate.value * sines[gate.parameter]}, matrix);
        else
            feed(planner, gate, gate.value, {}, matrix);
    }
}

void Program::feed_inverse(Planner& planner, const Gates& gates, const double* parameters, const Complex* supplied,
                           std::int64_t begin, std::int64_t end) const {
    std::vector<Complex> adjoint;
    for (std::int64_t i = end - 1; i >= begin; --i) {
        const Gate& gate = gates[i];
        const double angle = gate.has_angle() ? gate.value * parameters[gate.parameter] : gate.value;
        const Complex* matrix = nullptr;
        if (gate.kind == Kind::matrix || gate.kind == Kind::supplied) {
            const int size = 1 << gate.size;
            matrix = (gate.kind == Kind::supplied ? supplied : matrices_.data()) + gate.matrix;
            adjoint.resize(size * size);
            for (int row = 0; row < size; ++row)
                for (int column = 0; column < size; ++column)
                    adjoint[row * size + column] = std::conj(matrix[column * size + row]);
            matrix = adjoint.data();
        }
        if (gate.kind == Kind::iswap) {
            planner.phase(bit_of(places_[gate.places]), -M_PI_2);
            planner.phase(bit_of(places_[gate.places + 1]), -M_PI_2);
            planner.phase(bit_of(places_[gate.places]) | bit_of(places_[gate.places + 1]), M_PI);
            planner.swap(places_[gate.places], places_[gate.places + 1]);
        } else {
            feed(planner, gate, -angle, {std::cos(angle / 2), -std::sin(angle / 2)}, matrix);
        }
    }
}

Matrix2 Program::matrix(const Gate& gate, double angle, const Complex* supplied) const {
    const double cos = std::cos(angle / 2), sin = std::sin(angle / 2);
    switch (gate.kind) {
        case Kind::rx: return {cos, Complex(0, -sin), Complex(0, -sin), cos};
        case Kind::ry: return {cos, -sin, sin, cos};
        case Kind::rz: return {Complex(cos, -sin), 0, 0, Complex(cos, sin)};
        case Kind::phase:
        case Kind::fixed_phase: return {1, 0, 0, std::polar(1.0, angle)};
        case Kind::flip: return {0, 1, 1, 0};
        default: break;
    }
    const Complex* const m = (gate.kind == Kind::supplied ? supplied : matrices_.data()) + gate.matrix;
    return {m[0], m[1], m[2], m[3]};
}

void Program::feed(Planner& planner, const Gate& gate, double angle, HalfTurn half, const Complex* matrix) const {
    const int* const places = places_.data() + gate.places;
    if (gate.is_string) {
        if (gate.kind == Kind::phase || gate.kind == Kind::fixed_phase) planner.phase(0, angle / 2);
        return planner.turn(gate.x, gate.z, gate.string_sign * angle);
    }
    switch (gate.kind) {
        case Kind::matrix:
        case Kind::supplied: return planner.gate(matrix, places, gate.size, gate.controls);
        case Kind::rx: {
            const Complex m[4] = {half.cos, {0, -half.sin}, {0, -half.sin}, half.cos};
            return planner.gate(m, places, 1, gate.controls);
        }
        case Kind::ry: {
            const Complex m[4] = {half.cos, -half.sin, half.sin, half.cos};
            return planner.gate(m, places, 1, gate.controls);
        }
        case Kind::rz:
            if (!gate.controls) return planner.turn_z(places[0], {half.cos, half.sin});
            planner.phase(gate.controls, -angle / 2);
            return planner.phase(gate.controls | bit_of(places[0]), angle);
        case Kind::phase:
        case Kind::fixed_phase: return planner.phase(gate.controls | bit_of(places[0]), angle);
        case Kind::flip: return planner.flip(places[0], gate.controls);
        case Kind::swap: return planner.swap(places[0], places[1]);
        case Kind::iswap:
            planner.swap(places[0], places[1]);
            planner.phase(bit_of(places[0]), M_PI_2);
            planner.phase(bit_of(places[1]), M_PI_2);
            return planner.phase(bit_of(places[0]) | bit_of(places[1]), M_PI);
    }
}

}  // namespace qat
