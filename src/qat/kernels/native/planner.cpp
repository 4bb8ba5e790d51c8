#include "planner.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace qat {
namespace {

constexpr double TINY = 1e-14;       // smaller entries of a unitary matrix are rounding errors
constexpr double UNITARITY = 1e-10;  // matrices further from unitary are not split

bool is_tiny(double x) { return std::abs(x) < TINY; }
bool is_tiny(Complex z) { return is_tiny(z.real()) && is_tiny(z.imag()); }

bool is_diagonal(const Matrix2& m) { return is_tiny(m[1]) && is_tiny(m[2]); }
bool is_real(const Matrix2& m) {
    return is_tiny(m[0].imag()) && is_tiny(m[1].imag()) && is_tiny(m[2].imag()) && is_tiny(m[3].imag());
}
bool has_imaginary_off_diagonal(const Matrix2& m) {
    return is_tiny(m[0].imag()) && is_tiny(m[3].imag()) && is_tiny(m[1].real()) && is_tiny(m[2].real());
}
// The common products, without the checks for infinity that operator* makes.
Complex times(Complex a, Complex b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}
Matrix2 times(const Matrix2& a, const Matrix2& b) {
    return {times(a[0], b[0]) + times(a[1], b[2]), times(a[0], b[1]) + times(a[1], b[3]),
            times(a[2], b[0]) + times(a[3], b[2]), times(a[2], b[1]) + times(a[3], b[3])};
}
Complex quotient(Complex a, Complex b) { return times(a, std::conj(b)) / std::norm(b); }

bool is_unitary(const Matrix2& m) {  // false for NaN too
    return std::abs(std::norm(m[0]) + std::norm(m[2]) - 1) < UNITARITY &&
           std::abs(std::norm(m[1]) + std::norm(m[3]) - 1) < UNITARITY &&
           std::norm(times(std::conj(m[0]), m[1]) + times(std::conj(m[2]), m[3])) < UNITARITY * UNITARITY;
}

// A unitary as diag(left0, left1) * [[cos, -sin], [sin, cos]] * diag(1, right1), cos and sin not negative.
struct Split {
    Complex left0, left1, right1;
    double cos, sin, ratio;  // of the smaller to the larger
};
Split split_of(const Matrix2& m) {
    Split s;
    s.cos = std::sqrt(std::norm(m[0]));
    s.sin = std::sqrt(std::norm(m[2]));
    const double by_cos = 1 / s.cos, by_sin = 1 / s.sin;  // divisions take long
    if (s.cos >= s.sin) {
        s.left0 = m[0] * by_cos;
        s.left1 = s.sin > TINY ? m[2] * by_sin : m[3] * by_cos;
        s.right1 = s.sin > TINY ? times(m[3] * by_cos, std::conj(s.left1)) : 1;
        s.ratio = s.sin * by_cos;
        if (s.sin <= TINY) s.sin = s.ratio = 0;
    } else {
        s.left1 = m[2] * by_sin;
        s.left0 = s.cos > TINY ? m[0] * by_cos : -m[1] * by_sin;
        s.right1 = s.cos > TINY ? times(-m[1] * by_sin, std::conj(s.left0)) : 1;
        s.ratio = s.cos * by_sin;
        if (s.cos <= TINY) s.cos = s.ratio = 0;
    }
    return s;
}

}  // namespace

Planner::Planner(int nb_places, bool from_zero, bool fusion)
    : nb_places_(nb_places), fusion_(fusion) {
    if (nb_places > MAX_PLACES) throw std::invalid_argument("more places than a mask has bits");
    for (int place = 0; place < nb_places; ++place) {
        is_waiting_[place] = 0;
        is_fresh_[place] = from_zero;
        last_[place] = -1;
        renamed_[place] = place;
        probed_[place] = {-1, -1, -1};
    }
}

void Planner::expect(std::int64_t nb_gates) { nodes_.reserve(static_cast<std::size_t>(nb_gates)); }

Mask Planner::renamed(Mask mask) const {
    Mask answer = 0;
    for (; mask; mask &= mask - 1) answer |= bit_of(renamed_[__builtin_ctzll(mask)]);
    return answer;
}

// Whether one of the places is surely |0>.
bool Planner::is_zero(Mask places) const {
    for (; places; places &= places - 1) {
        const int place = __builtin_ctzll(places);
        if (is_fresh_[place] && !is_waiting_[place]) return true;
    }
    return false;
}

void Planner::touch(Mask places, int node) {
    for (; places; places &= places - 1) {
        last_[__builtin_ctzll(places)] = node;
        is_fresh_[__builtin_ctzll(places)] = 0;
    }
}

void Planner::emit(const Node& node) {
    nodes_.push_back(node);
    if (nb_slots_ == 0 || node.kind == Node::Kind::probe) return;
    for (Mask rest = node.moved | node.kept; rest; rest &= rest - 1) probed_[__builtin_ctzll(rest)] = {-1, -1, -1};
}

// Multiplies by diag(factor0, factor1): into the scales of the node before if it has some, else as a phase.
void Planner::diagonal(int place, Complex factor0, Complex factor1) {
    if (is_fresh_[place]) {
        global_factor_ = times(global_factor_, factor0);
        return;
    }
    Node* const before = last_[place] >= 0 && fusion_ ? &nodes_[last_[place]] : nullptr;
    if (before && before->kind == Node::Kind::rotation) {
        before->scales[0] = times(before->scales[0], factor0);
        before->scales[1] = times(before->scales[1], factor1);
    } else if (before && before->kind == Node::Kind::pair) {
        for (int j = 0; j < 4; ++j) {
            const int out = before->is_controlled && (j & 1) ? j ^ 2 : j;
            const bool is_one = out >> (before->a == place ? 0 : 1) & 1;
            before->scales[j] = times(before->scales[j], is_one ? factor1 : factor0);
        }
    } else {
        global_factor_ = times(global_factor_, factor0);
        emit_phase(bit_of(place), std::arg(times(factor1, std::conj(factor0))));
    }
}

void Planner::one_qubit(int place, const Matrix2& matrix) {
    place = renamed_[place];
    waiting_[place] = is_waiting_[place] ? times(matrix, waiting_[place]) : matrix;
    is_waiting_[place] = 1;
    if (!fusion_) flush(place);
}

void Planner::flush_all(Mask places) {
    for (; places; places &= places - 1) flush(__builtin_ctzll(places));
}

void Planner::flush(int place) {
    if (!is_waiting_[place]) return;
    is_waiting_[place] = 0;
    const Matrix2 matrix = waiting_[place];
    if (!is_unitary(matrix))
        emit_dense(matrix.data(), &place, 1, 0);
    else if (is_diagonal(matrix))
        diagonal(place, matrix[0], matrix[3]);
    else
        emit_rotation(place, matrix);
}

// The real part of the waiting matrix as gate i of a node; its scales by bit. The right diagonal goes to the node before.
void Planner::split_into(Node& node, int i, int place, Complex* scales) {
    const Split s = split_of(waiting_[place]);
    diagonal(place, 1, s.right1);
    node.is_crossed[i] = s.cos < s.sin;
    if (!node.is_crossed[i]) {
        scales[0] = s.left0 * s.cos, node.off[i][0] = -s.ratio;
        scales[1] = s.left1 * s.cos, node.off[i][1] = s.ratio;
    } else {
        scales[0] = -s.left0 * s.sin, node.off[i][0] = -s.ratio;
        scales[1] = s.left1 * s.sin, node.off[i][1] = s.ratio;
    }
}

void Planner::emit_rotation(int place, const Matrix2& m) {
    Node node{};
    node.kind = Node::Kind::rotation;
    node.a = place;
    node.moved = bit_of(place);
    const bool is_real_matrix = is_real(m), is_imaginary = has_imaginary_off_diagonal(m);
    const Node* const before = last_[place] >= 0 ? &nodes_[last_[place]] : nullptr;
    const bool takes_diagonals =
        is_fresh_[place] || (before && (before->kind == Node::Kind::rotation || before->kind == Node::Kind::pair));
    if (!is_real_matrix && !is_imaginary && takes_diagonals && fusion_) {
        split_into(node, 0, place, node.scales);
    } else {
        node.entries = is_real_matrix ? Entries::real : is_imaginary ? Entries::imaginary : Entries::complex;
        node.is_crossed[0] = std::norm(m[0]) < std::norm(m[1]);
        const int own = node.is_crossed[0] ? 1 : 0;  // column of the larger entry of the first row
        node.scales[0] = m[own], node.off[0][0] = quotient(m[1 - own], m[own]);
        node.scales[1] = m[3 - own], node.off[0][1] = quotient(m[2 + own], m[3 - own]);
    }
    emit(node);
    touch(node.moved, static_cast<int>(nodes_.size()) - 1);
}

void Planner::flip(int place, Mask controls) {
    const int target = renamed_[place];
    controls = renamed(controls);
    for (Mask rest = controls | bit_of(target); rest; rest &= rest - 1) {
        const int each = __builtin_ctzll(rest);
        if (is_waiting_[each] && is_diagonal(waiting_[each])) flush(each);
    }
    if (is_zero(controls)) return;
    if (__builtin_popcountll(controls) == 1) {
        const int control = __builtin_ctzll(controls);
        const bool is_splittable = (!is_waiting_[control] || is_unitary(waiting_[control])) &&
                                   (!is_waiting_[target] || is_unitary(waiting_[target]));
        if ((is_waiting_[control] || is_waiting_[target]) && is_splittable) return pair(control, target);
    }
    flush_all(controls | bit_of(target));
    Node node{};
    node.kind = Node::Kind::flip;
    node.a = target;
    node.moved = bit_of(target);
    node.kept = controls;
    emit(node);
    touch(node.moved, static_cast<int>(nodes_.size()) - 1);
}

// A CNOT after the one-qubit gates waiting on its places.
void Planner::pair(int control, int target) {
    Node node{};
    node.kind = Node::Kind::pair;
    node.a = control;
    node.b = target;
    node.moved = bit_of(control) | bit_of(target);
    node.is_controlled = true;
    Complex scales[2][2] = {{1, 1}, {1, 1}};
    const int places[2] = {control, target};
    for (int i = 0; i < 2; ++i) {
        if (!is_waiting_[places[i]]) continue;
        is_waiting_[places[i]] = 0;
        split_into(node, i, places[i], scales[i]);
    }
    for (int j = 0; j < 4; ++j) node.scales[j] = times(scales[0][j & 1], scales[1][j >> 1]);
    emit(node);
    touch(node.moved, static_cast<int>(nodes_.size()) - 1);
}

void Planner::turn(Mask x, Mask z, double angle) {
    if (__builtin_popcountll(x | z) == 1) {
        const double cos = std::cos(angle / 2), sin = std::sin(angle / 2);
        const Matrix2 about_x = {cos, Complex(0, -sin), Complex(0, -sin), cos}, about_y = {cos, -sin, sin, cos},
                      about_z = {Complex(cos, -sin), 0, 0, Complex(cos, sin)};
        return one_qubit(__builtin_ctzll(x | z), !x ? about_z : z ? about_y : about_x);
    }
    if (!x && __builtin_popcountll(z) == 2) {
        phase(0, -angle / 2);
        phase(z & -z, angle);
        phase(z & (z - 1), angle);
        return phase(z, -2 * angle);
    }
    Node node{};
    node.kind = Node::Kind::string;
    node.moved = renamed(x);
    node.z = renamed(z);
    node.kept = node.z & ~node.moved;
    node.angle = angle;
    flush_all(node.moved | node.z);
    emit(node);
    touch(node.moved, static_cast<int>(nodes_.size()) - 1);
}

// A string of places as they lie.
int Planner::emit_probe(Mask x, Mask z) {
    Node node{};
    node.kind = Node::Kind::probe;
    node.moved = x;
    node.z = z;
    node.kept = z & ~x;
    node.slot = nb_slots_++;
    emit(node);
    touch(x, static_cast<int>(nodes_.size()) - 1);
    return node.slot;
}

int Planner::probe(Mask x, Mask z) {
    x = renamed(x);
    z = renamed(z);
    flush_all(x | z);
    return emit_probe(x, z);
}

// With W waiting, <left| W^dagger M W |right> is asked for in front of it.
std::vector<Planner::Share> Planner::probe_place(int place, const Matrix2& matrix) {
    place = renamed_[place];
    Matrix2 m = matrix;
    if (is_waiting_[place]) {
        const Matrix2& w = waiting_[place];
        m = times({std::conj(w[0]), std::conj(w[2]), std::conj(w[1]), std::conj(w[3])}, times(m, w));
    }
    const Complex traces[3] = {m[1] + m[2], Complex(0, 1) * (m[1] - m[2]), m[0] - m[3]};  // of X m, Y m, Z m
    std::vector<Share> shares;
    for (int letter = 0; letter < 3; ++letter) {
        if (is_tiny(traces[letter])) continue;
        int& slot = probed_[place][letter];
        if (slot < 0) slot = emit_probe(letter < 2 ? bit_of(place) : 0, letter > 0 ? bit_of(place) : 0);
        shares.push_back({slot, traces[letter].real() / 2});
    }
    return shares;
}

void Planner::emit_phase(Mask mask, double angle) {
    if (std::abs(angle) <= 1e-15) return;
    Node node{};
    node.kind = Node::Kind::phase;
    node.kept = mask;
    node.angle = angle;
    emit(node);
}

void Planner::phase(Mask mask, double angle) {
    mask = renamed(mask);
    if (mask == 0) {
        global_factor_ *= std::polar(1.0, angle);
        return;
    }
    if (__builtin_popcountll(mask) == 1) {
        const int place = __builtin_ctzll(mask);
        if (is_zero(mask)) return;
        const Complex factor = std::polar(1.0, angle);
        if (!is_waiting_[place]) waiting_[place] = {1, 0, 0, 1};
        waiting_[place][2] = times(factor, waiting_[place][2]);
        waiting_[place][3] = times(factor, waiting_[place][3]);
        is_waiting_[place] = 1;
        if (!fusion_) flush(place);
        return;
    }
    flush_all(mask);
    if (!is_zero(mask)) emit_phase(mask, angle);
}

void Planner::turn_z(int place, Complex half) {
    const int lies = renamed_[place];
    if (is_zero(bit_of(lies))) {
        global_factor_ = times(global_factor_, std::conj(half));
        return;
    }
    if (!is_waiting_[lies]) waiting_[lies] = {1, 0, 0, 1};
    Matrix2& m = waiting_[lies];
    m = {times(std::conj(half), m[0]), times(std::conj(half), m[1]), times(half, m[2]), times(half, m[3])};
    is_waiting_[lies] = 1;
    if (!fusion_) flush(lies);
}

void Planner::swap(int a, int b) { std::swap(renamed_[a], renamed_[b]); }

void Planner::gate(const Complex* matrix, const int* places, int size, Mask controls) {
    if (is_zero(renamed(controls))) return;
    if (size == 1 && controls == 0)
        one_qubit(places[0], {matrix[0], matrix[1], matrix[2], matrix[3]});
    else if (!emit_if_simple(matrix, places, size, controls)) {
        std::vector<int> moved(places, places + size);
        for (int& place : moved) place = renamed_[place];
        emit_dense(matrix, moved.data(), size, renamed(controls));
    }
}

// X with controls, and diagonals of up to five qubits.
bool Planner::emit_if_simple(const Complex* matrix, const int* places, int size, Mask controls) {
    const bool is_x = size == 1 && is_tiny(matrix[0]) && is_tiny(matrix[3]) && matrix[1] == 1.0 && matrix[2] == 1.0;
    if (is_x) flip(places[0], controls);
    return is_x || (size <= 5 && emit_if_diagonal(matrix, places, size, controls));
}

// A diagonal unitary is a product of phases, one for each set of its qubits (angles by Moebius inversion).
bool Planner::emit_if_diagonal(const Complex* matrix, const int* places, int size, Mask controls) {
    const int dimension = 1 << size;
    double angles[32];
    for (int i = 0; i < dimension; ++i) {
        for (int j = 0; j < dimension; ++j)
            if (i != j && matrix[i * dimension + j] != 0.0) return false;
        const Complex entry = matrix[i * dimension + i];
        if (!(std::abs(std::norm(entry) - 1) < UNITARITY)) return false;
        angles[i] = std::arg(entry);
    }
    for (int step = 1; step < dimension; step *= 2)
        for (int i = 0; i < dimension; ++i)
            if (i & step) angles[i] -= angles[i ^ step];
    for (int i = 0; i < dimension; ++i) {
        Mask mask = controls;
        for (int k = 0; k < size; ++k)
            if (i >> (size - 1 - k) & 1) mask |= bit_of(places[k]);
        const double angle = std::remainder(angles[i], 2 * M_PI);
        if (std::abs(angle) > 1e-15) phase(mask, angle);
    }
    return true;
}

// Places as they lie. What waits on the targets of an uncontrolled gate is multiplied into its matrix.
void Planner::emit_dense(const Complex* matrix, const int* places, int size, Mask controls) {
    const int dimension = 1 << size;
    std::vector<Complex> merged(matrix, matrix + dimension * dimension);
    for (int k = 0; k < size; ++k) {
        const int place = places[k], step = dimension >> (k + 1);
        if (controls) flush(place);
        if (!is_waiting_[place]) continue;
        is_waiting_[place] = 0;
        const Matrix2& m = waiting_[place];
        for (int row = 0; row < dimension; ++row)
            for (int j = 0; j < dimension; ++j) {
                if (j & step) continue;
                Complex &x = merged[row * dimension + j], &y = merged[row * dimension + (j | step)];
                const Complex first = times(x, m[0]) + times(y, m[2]);
                y = times(x, m[1]) + times(y, m[3]);
                x = first;
            }
    }
    flush_all(controls);
    if (is_zero(controls)) return;
    Node node{};
    node.kind = Node::Kind::dense;
    node.kept = controls;
    node.matrix = static_cast<int>(dense_gates_.size());
    DenseGate gate;
    for (int k = 0; k < size; ++k) node.moved |= bit_of(places[k]);
    gate.places.assign(places, places + size);
    for (const Complex& entry : merged) gate.matrix.push_back(factor_of(entry));
    dense_gates_.push_back(std::move(gate));
    emit(node);
    touch(node.moved, static_cast<int>(nodes_.size()) - 1);
}

void Planner::finish() {
    for (int place = 0; place < nb_places_; ++place) flush(place);
    for (int place = 0; place < nb_places_; ++place)
        while (renamed_[place] != place) {
            const int lies = renamed_[place];
            const auto other = std::find(renamed_.begin(), renamed_.begin() + nb_places_, place);
            Node node{};
            node.kind = Node::Kind::swap;
            node.a = lies;
            node.b = place;
            node.moved = bit_of(lies) | bit_of(place);
            emit(node);
            *other = lies;
            renamed_[place] = place;
        }
}

// What waits comes after all probes.
void Planner::finish_at_probes() {
    Mask moved = 0, kept = 0;  // by probes and what they depend on
    Nodes needed;
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
        const bool is_idle = !(node->moved & (moved | kept)) && !(node->kept & moved);
        if (is_idle && node->kind != Node::Kind::probe) continue;
        moved |= node->moved;
        kept |= node->kept;
        needed.push_back(*node);
    }
    nodes_.assign(needed.rbegin(), needed.rend());
}

}  // namespace qat
