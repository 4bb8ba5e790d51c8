// Writes the instructions of one pass: nodes with neighbours of their kind go into one kernel.
//
// Rotations wait in groups of up to three of the same kind of entries, phases in one group; a group is written when a
// node that does not commute with it comes. Lanes: if the lowest places are busy, they change places with the idlest
// of the tile while the tile is in the cache, because kernels are quicker on places outside a vector.
//
// In large tiles, gates on few places go into blocks first: several places to begin with are tried, others join while
// there is room, and the places with most gates win.
#pragma once
#include <vector>

#include "node_list.h"
#include "schedule.h"

namespace qat {

// What the state still lacks after a pass.
struct Waiting {
    Complex common = 1;             // a factor of all amplitudes
    std::vector<PhaseTerm> phases;  // until something that they do not commute with comes
};

class PassWriter {
public:
    PassWriter(const Planner& planner, int nb_places, TileShape shape, Pass& pass, Waiting& waiting);
    void write(Mask tile, const std::vector<int>& nodes, bool is_last);

private:
    void choose_positions(Mask tile);
    void choose_lanes(const std::vector<int>& nodes);
    void write_in_turns(Mask tile, const std::vector<int>& nodes);
    void write_in_blocks(Mask tile, const std::vector<int>& nodes);
    BlockRoom block_room() const;
    void write_block(const BlockChoice& choice);
    void prepare_for(const std::vector<int>& numbers, BlockWriter& block);
    BlockWriter new_block(Mask places) const;
    void append_block(BlockWriter& block);
    void add_phase(PhaseTerm term);
    void absorb_phases(Mask moved, BlockWriter& block);
    void write_nodes(const std::vector<int>& numbers);
    void write_node(const Node& node);
    void write_rotation(const Node& node);
    void write_pair(const Node& node);
    void write_phase(const Node& node);
    void write_flip(const Node& node);
    void write_dense(const Node& node);
    void write_string(const Node& node);
    void write_probe(const Node& node);
    void flush_probes();
    void write_transpose();
    void flush_rotations(int entries);
    void flush_phases();
    void flush_touching(Mask moved, Mask kept);
    Instruction& append(Opcode opcode);
    void append_rotations(Opcode opcode, const Rotations& gates);
    void append_lane_rotation(const Node& node);
    void set_masks(Instruction& instruction, Mask places) const;
    Mask inner_mask(Mask places) const;
    Mask outer_mask(Mask places) const;
    bool is_in_lanes(int place) const { return positions_[place] < lane_bits_; }

    static constexpr int NB_ENTRIES = 3;
    const Planner& planner_;
    int nb_places_, lane_bits_;
    TileShape shape_;
    Pass& pass_;
    Waiting& waiting_;
    std::vector<int> positions_, outer_positions_;  // by place, -1: not there
    std::vector<int> places_;                       // by position
    std::vector<int> transposed_;                   // position exchanged with each lane; empty: none
    std::vector<const Node*> rotations_[NB_ENTRIES];
    Mask rotated_[NB_ENTRIES] = {0, 0, 0};
    Mask turned_ = 0;                               // places of the phases that wait
    Probes probes_{};                               // that wait
    Mask probed_ = 0, probed_by_x_ = 0;             // places of their strings
    bool is_held_by_probes(const Node& node) const { return (probed_ & node.moved) || (probed_by_x_ & node.kept); }
    int open_pair_ = -1;  // instruction that may take in a second pair
    Mask open_places_ = 0;
};

}  // namespace qat
