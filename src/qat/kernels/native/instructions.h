// What a tile kernel is told to do: plain data, made by the scheduler and read by the kernels.
//
// A tile is an array of 2^b complex numbers (re, im, re, im, ...) that stays in the cache while a list of instructions
// runs over it. Positions are bit numbers of an index into the tile, 0 the lowest; "outer" bits are those of the state
// index that the tile does not span, so they are the same for all its amplitudes.
//
// This header is also read by the files compiled for wide instruction sets: it must stay free of functions and of the
// standard library's templates, whose code the linker would share with the rest of the program.
#pragma once
#include <cstdint>

namespace qat {

using Mask = std::uint64_t;

struct Factor {
    double re, im;
};

enum class Opcode : std::uint8_t {
    rotations,       // up to three one-qubit gates at once
    two_rotations,   // two such products on four different positions
    lane_rotation,   // a one-qubit gate on a position inside a SIMD vector
    lane_pair,       // a product of two real ones and a CNOT, of which a position is inside a vector
    flip,            // X on `target` where all of `mask` is 1
    swap,            // exchange of two positions
    phase,           // factor scales[0] where all of `mask` is 1
    diagonal,        // quadratic phase polynomial
    dense,           // any matrix on any positions, where all of `mask` is 1
    transpose,       // exchanges the lowest positions with `positions`
    string,          // a turn about a Pauli string
    block,           // many gates on a few positions while they are in registers
};

// The entries of the matrices: cheaper kernels for purely real and purely imaginary ones.
enum class Entries : std::uint8_t { real, imaginary, complex };

// A product of `size` one-qubit gates. Each is scale * (v + off * partner), where off[2 * i + bit] belongs to the i-th
// gate; the scales of all are multiplied together. Before, input j is read from places inputs[j]; after, written to
// outputs[j] (bits of j: the gates), which exchanges amplitudes for nothing.
struct Rotations {
    int size;
    Entries entries;
    bool has_complex_scales;
    int positions[3];
    Factor off[6];
    Factor scales[8];
    std::uint8_t inputs[8], outputs[8];
};

// exp(i * polynomial of degree 2 in the bits of the index), split into low bits (inside a row of the tile), high bits
// (the number of the row) and outer bits. Arrays belong to the plan.
struct Diagonal {
    struct Single {
        int position, outer;
        Factor factor;
    };
    int nb_low, nb_high;
    const Factor* low_table;     // 2^nb_low products of low-low terms, or null
    const Factor* low_factors;   // nb_low
    const Factor* row_factors;   // 2^nb_high
    const Factor* cross;         // 2^nb_high * nb_low factors of low-high terms, or null
    const std::uint8_t* is_row_plain;  // whether all cross factors of a row are 1
    bool has_low_factors;
    const Single *low_outer, *high_outer;  // terms of a low or high position with an outer bit
    int nb_low_outer, nb_high_outer;
    const Single* outer;  // terms of outer bits alone: position is the second one, or -1
    int nb_outer;
};

// exp(-i angle / 2 P), where P maps i to i ^ x, times i^popcount(x & z) and a sign for each bit of i in z.
struct StringTurn {
    Mask x, z, outer_z;
    double cos, sin;  // of angle / 2
};

// What a block does to its 2^size vectors x[r], once they are in registers. Where a gate is only about which register
// stands for which amplitude (X, CNOT, SWAP within the block), there is no step: the block keeps the names.
struct Step {
    enum class Kind : std::uint8_t {
        turn,            // x[r] += re(factors[r]) * x[r ^ mask]
        imaginary_turn,  // the same with i * im(factors[r])
        exchange,        // of x[r] and x[r ^ mask]
        choose,          // the same for some lanes
        scale,           // x[r] *= factors[r]
        real_scale,      // x[r] *= re(factors[r])
        lane_turn,       // x[r] += re(factors[lane]) * x[r] with lane bit `mask` flipped
        lane_flip,       // x[r] with lane bit `mask` flipped, for some lanes
    };
    Kind kind;
    std::uint8_t mask;
    bool has_lanes;           // scales: factors[r * lanes in a vector + lane]
    std::uint16_t registers;  // scales, lane_flip: only these
    std::uint32_t lanes;      // choose, lane_flip: bit l for lane l
    Mask inner, outer;        // only where the positions in the tile, and the outer bits, contain these
    int first_factor;
};

// Cost: one load and one store of the tile, and the steps.
struct Block {
    int size;
    int positions[4];
    std::uint8_t outputs[16];  // the amplitude (bits: the positions) that register r holds at the end
    int nb_steps;
    const Step* steps;
    const Factor* factors;
};

struct Instruction {
    Opcode opcode;
    Mask outer;  // acts only on tiles whose outer bits contain these
    Mask mask;
    int target, partner;
    Factor off[2], scales[4];
    bool is_crossed;
    int nb_targets;           // dense, transpose
    const int* positions;     // dense: the first is the most significant bit of the matrix index
    const Factor* matrix;     // dense: rows of 2^nb_targets
    const Diagonal* diagonal;
    StringTurn string;
    const Rotations *first, *second;  // belong to the plan, as does:
    const Block* block;
};

// The kernels of one instruction set and precision.
template <class Real>
struct Kernels {
    const char* name;
    int lane_bits;  // log2 of the complex numbers in a vector
    int block_bits; // log2 of the vectors that a block keeps in registers
    void (*run)(Real* tile, int nb_bits, const Instruction* instructions, int nb_instructions, Mask outer);
    // The same on a tile of each of two states: the factors of diagonals are made once.
    void (*run_both)(Real* left, Real* right, int nb_bits, const Instruction* instructions, int nb_instructions, Mask outer);
    // The processor's peak: rounds of so many operations each; see operations.h. The answer is of no interest.
    Real (*burst)(std::int64_t nb_rounds, Real factor, Real offset);
    double burst_operations;
    Real (*sweep)(Real* array, std::int64_t nb_reals, std::int64_t nb_rounds);  // load and store; multiples of 1 KiB
    Real (*read)(Real* array, std::int64_t nb_reals, std::int64_t nb_rounds);
    void (*gather)(Real* tile, const Real* state, const std::int64_t* offsets, std::int64_t nb_runs, int run_bits);
    void (*scatter)(Real* state, const Real* tile, const std::int64_t* offsets, std::int64_t nb_runs, int run_bits);
};

constexpr int MAX_ROW_BITS = 7;        // low bits of a Diagonal
constexpr int MAX_TILE_BITS = 16;
constexpr int MAX_DENSE_QUBITS = 10;   // above, a tile would not hold the gate
constexpr int MAX_BLOCK_STEPS = 40;
constexpr int MAX_WIDE_STEPS = 12;     // imaginary turns and scales, which need most room

}  // namespace qat
