// The table of kernels of one instruction set: included by kernels_avx512.cpp, kernels_avx2.cpp, kernels_generic.cpp,
// each compiled with its own options and width (VECTOR_BYTES).
#pragma once
#include "kernels_blocks.h"
#include "kernels_burst.h"
#include "kernels_diagonal.h"
#include "kernels_dense.h"
#include "kernels_lane_pairs.h"
#include "kernels_strings.h"

namespace qat {
namespace {

template <class Real>
void run_one(Real* tile, int nb_bits, const Instruction& instruction, Mask outer) {
    switch (instruction.opcode) {
        case Opcode::rotations: return run_rotations<Real>(tile, nb_bits, *instruction.first);
        case Opcode::two_rotations:
            return run_two_rotations<Real>(tile, nb_bits, *instruction.first, *instruction.second);
        case Opcode::lane_rotation: return run_lane_rotation<Real>(tile, nb_bits, instruction);
        case Opcode::lane_pair: return run_lane_pair<Real>(tile, nb_bits, *instruction.first);
        case Opcode::flip: return run_flip<Real>(tile, nb_bits, instruction.target, instruction.mask);
        case Opcode::swap: return run_swap<Real>(tile, nb_bits, instruction.target, instruction.partner);
        case Opcode::phase: return run_phase<Real>(tile, nb_bits, instruction.mask, instruction.scales[0]);
        case Opcode::diagonal: return run_diagonal<Real, 1>({tile}, *instruction.diagonal, outer);
        case Opcode::dense: return run_dense<Real>(tile, nb_bits, instruction);
        case Opcode::string: return run_string<Real>(tile, nb_bits, instruction.string, outer);
        case Opcode::block: return run_block<Real>(tile, nb_bits, *instruction.block, outer);
        case Opcode::transpose: return run_transpose<Real>(tile, nb_bits, instruction.positions);
    }
}

template <class Real>
void run_all(Real* tile, int nb_bits, const Instruction* instructions, int nb_instructions, Mask outer) {
    for (int i = 0; i < nb_instructions; ++i)
        if ((outer & instructions[i].outer) == instructions[i].outer) run_one<Real>(tile, nb_bits, instructions[i], outer);
}

// Diagonals take both tiles at once; what comes between them stays with one tile, which is quicker in the cache.
template <class Real>
void run_all_on_both(Real* left, Real* right, int nb_bits, const Instruction* instructions, int nb_instructions, Mask outer) {
    for (int i = 0; i < nb_instructions; ++i) {
        const int begin = i;
        while (i < nb_instructions && instructions[i].opcode != Opcode::diagonal) ++i;
        run_all<Real>(left, nb_bits, instructions + begin, i - begin, outer);
        run_all<Real>(right, nb_bits, instructions + begin, i - begin, outer);
        if (i < nb_instructions) run_diagonal<Real, 2>({left, right}, *instructions[i].diagonal, outer);
    }
}

constexpr std::int64_t NB_RUNS_AHEAD = 8;
template <class Real>
constexpr int LINE = 64 / sizeof(Real);

// Copies runs of 2^run_bits neighbouring amplitudes that lie apart in the state, offsets in reals. The processor does not
// guess where the next run lies, so it is told.
template <class Real>
void gather(Real* tile, const Real* state, const std::int64_t* offsets, std::int64_t nb_runs, int run_bits) {
    const std::int64_t length = std::int64_t(2) << run_bits;
    for (std::int64_t run = 0; run < nb_runs; ++run) {
        const Real* const ahead = state + offsets[run + NB_RUNS_AHEAD < nb_runs ? run + NB_RUNS_AHEAD : run];
        for (std::int64_t i = 0; i < length; i += LINE<Real>) __builtin_prefetch(ahead + i, 0);
        for (std::int64_t i = 0; i < length; i += WIDTH<Real>)
            store<Real>(tile + run * length + i, load(state + offsets[run] + i));
    }
}
template <class Real>
void scatter(Real* state, const Real* tile, const std::int64_t* offsets, std::int64_t nb_runs, int run_bits) {
    const std::int64_t length = std::int64_t(2) << run_bits;
    for (std::int64_t run = 0; run < nb_runs; ++run) {
        Real* const ahead = state + offsets[run + NB_RUNS_AHEAD < nb_runs ? run + NB_RUNS_AHEAD : run];
        for (std::int64_t i = 0; i < length; i += LINE<Real>) __builtin_prefetch(ahead + i, 1);
        for (std::int64_t i = 0; i < length; i += WIDTH<Real>)
            store<Real>(state + offsets[run] + i, load(tile + run * length + i));
    }
}

template <class Real>
constexpr Kernels<Real> table(const char* name) {
    return {name, LANE_BITS<Real>, BLOCK_BITS, run_all<Real>, run_all_on_both<Real>, burst<Real>,
            BURST_OPERATIONS<Real>, sweep<Real>, read<Real>, gather<Real>, scatter<Real>};
}

}  // namespace
}  // namespace qat
