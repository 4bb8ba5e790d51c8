// From gates to nodes: what is left to compute after merging.
//
// - Neighbouring one-qubit gates merge into one 2x2 matrix, which waits until something on the same qubit needs it.
// - A waiting matrix is split as diagonal * real rotation * diagonal; the right diagonal is pushed into the node
//   before, so that what remains is real arithmetic: half the multiplications.
// - SWAP only renames places. A CNOT becomes the output permutation of the real rotations waiting on its two qubits.
// - Diagonal gates become phases, which the scheduler collects. On a qubit that is still |0> they vanish.
//
// Places are bit numbers of the state index. Cost: O(1) for each gate, about 0.1 microseconds.
#pragma once
#include <array>
#include <complex>
#include <vector>

#include "instructions.h"
#include "recycled.h"

namespace qat {

using Complex = std::complex<double>;
using Matrix2 = std::array<Complex, 4>;

constexpr int MAX_PLACES = 64;  // bits of a mask

inline Mask bit_of(int place) { return Mask(1) << place; }
inline Factor factor_of(Complex z) { return {z.real(), z.imag()}; }

struct Node {
    enum class Kind : std::uint8_t { rotation, pair, flip, swap, phase, dense, string, probe };
    Kind kind;
    Entries entries = Entries::real;
    int a = -1, b = -1;         // places; flip: target a, swap and pair: both
    Mask moved = 0, kept = 0;   // places acted on non-diagonally, and diagonally
    Complex off[2][2];          // rotation, pair: see Rotations
    bool is_crossed[2] = {false, false};
    Complex scales[4];          // rotation: by bit of a; pair: by bit of a | bit of b << 1
    bool is_controlled = false; // pair: followed by X on b where a is 1
    double angle = 0;           // phase, string
    Mask z = 0;                 // string, probe: places of Z and Y; those of X and Y are `moved`
    int slot = -1;              // probe
    int matrix = -1;            // dense: number of the matrix; controls are `kept`
};

using Nodes = RecycledVector<Node>;

struct DenseGate {
    std::vector<int> places;  // the first is the most significant bit of the matrix index
    std::vector<Factor> matrix;
};

class Planner {
public:
    // With `from_zero`, all places hold |0> at the start. Without `fusion` nothing waits and nothing is merged.
    Planner(int nb_places, bool from_zero, bool fusion);

    // Makes room for that many gates.
    void expect(std::int64_t nb_gates);
    // Any gate: matrix of 2^size rows on `places`, where all `controls` are 1 (both before renaming).
    void gate(const Complex* matrix, const int* places, int size, Mask controls);
    void one_qubit(int place, const Matrix2& matrix);
    void flip(int place, Mask controls);
    // exp(-i angle / 2 P) for the Pauli string with X or Y on the places `x`, Z or Y on `z`.
    void turn(Mask x, Mask z, double angle);
    void phase(Mask mask, double angle);
    // diag(conj(half), half).
    void turn_z(int place, Complex half);
    void swap(int a, int b);
    // Emits what waits, and brings renamed places back to where they belong.
    void finish();
    // The same for a run of which only the overlaps are wanted: leaves out what no probe depends on.
    void finish_at_probes();

    // Asks for the overlap <left| P |right> of two states at this moment of their run; returns the slot it goes to.
    int probe(Mask x, Mask z);
    // The same for the operator `matrix` on one place, as a sum of Pauli letters: the gates that wait stay waiting.
    struct Share {
        int slot;
        double weight;
    };
    std::vector<Share> probe_place(int place, const Matrix2& matrix);
    int nb_slots() const { return nb_slots_; }

    const Nodes& nodes() const { return nodes_; }
    const std::vector<DenseGate>& dense_gates() const { return dense_gates_; }
    bool has_fusion() const { return fusion_; }
    Complex global_factor() const { return global_factor_; }

private:
    Mask renamed(Mask mask) const;
    bool is_zero(Mask places) const;
    void flush(int place);
    void flush_all(Mask places);
    void diagonal(int place, Complex factor0, Complex factor1);
    void pair(int control, int target);
    void split_into(Node& node, int i, int place, Complex* scales);
    void emit_rotation(int place, const Matrix2& matrix);
    void emit_phase(Mask mask, double angle);
    void emit_dense(const Complex* matrix, const int* places, int size, Mask controls);
    bool emit_if_simple(const Complex* matrix, const int* places, int size, Mask controls);
    bool emit_if_diagonal(const Complex* matrix, const int* places, int size, Mask controls);
    void touch(Mask places, int node);
    void emit(const Node& node);
    int emit_probe(Mask x, Mask z);

    int nb_places_;
    bool fusion_;
    Nodes nodes_;
    std::vector<DenseGate> dense_gates_;
    template <class Value>
    using ByPlace = std::array<Value, MAX_PLACES>;
    ByPlace<Matrix2> waiting_;
    ByPlace<char> is_waiting_, is_fresh_;
    ByPlace<int> last_;          // node that last acted on a place non-diagonally, -1: none
    ByPlace<int> renamed_;       // where the content of a place lies
    Complex global_factor_ = 1;
    int nb_slots_ = 0;
    ByPlace<std::array<int, 3>> probed_;  // slots of X, Y, Z on a place since the last node there, -1: none
};

}  // namespace qat
