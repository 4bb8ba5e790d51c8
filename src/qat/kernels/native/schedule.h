// From nodes to passes over the state: which gates run together while a tile of amplitudes stays in the cache.
//
// The nodes form a dependency graph: one must wait for an earlier one if either moves a place that the other uses. A
// pass takes nodes in order as long as the places they move fit into a tile; everything else that does not depend on
// what was left behind comes along. Cost of a pass: one reading and one writing of the state. Planning: O(nodes * passes).
#pragma once
#include <deque>
#include <list>
#include <memory>
#include <vector>

#include "block_writer.h"
#include "diagonal.h"
#include "planner.h"
#include "probes.h"

namespace qat {

struct TileShape {
    int lane_bits;     // of the kernels
    int nb_tile_bits;  // amplitudes of a tile, log2
    int nb_run_bits;   // at least so many lowest places always belong to the tile, so that copies run over cache lines
    int block_bits;    // of the kernels
    int min_block_places;  // smaller states are run without blocks
};

// One sweep over the state.
struct Pass {
    std::vector<int> tile_places, outer_places;  // by position
    RecycledVector<Instruction> instructions;
    RecycledVector<Rotations> rotations;         // referred to by the instructions, as are:
    std::list<BlockStore> blocks;
    std::list<DiagonalTables> diagonals;
    std::list<std::vector<int>> positions;
    std::vector<Probes> probes;                  // by position
    int nb_bits() const { return static_cast<int>(tile_places.size()); }
    bool is_in_place() const { return tile_places.back() == nb_bits() - 1; }
};

// The planner must outlive the passes: they refer to its matrices. A factor that all amplitudes have in common is left
// out: the state has to be multiplied by it, before or after.
struct Schedule {
    std::deque<Pass> passes;
    Complex left_out = 1;
};
Schedule scheduled(const Planner& planner, int nb_places, TileShape shape);

}  // namespace qat
