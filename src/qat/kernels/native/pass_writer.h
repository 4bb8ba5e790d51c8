// Writes the instructions of one pass: nodes with neighbours of their kind go into one kernel.
//
// Rotations wait in groups of up to three of the same kind of entries, phases in one group; a group is written when a
// node that does not commute with it comes. Lanes: if the lowest places are busy, they change places with the idlest
// of the tile while the tile is in the cache, because kernels are quicker on places outside a vector.
//
// In large tiles, gates on few places go into blocks first: several places to begin with are tried, others join while
// there is room, and the places with most gates win.
#pragma once
#include <optional>
#include <vector>

#include "node_list.h"
#include "schedule.h"

namespace qat {

class PassWriter {
public:
    // `common`: a factor that the state still lacks; see `scheduled`.
    PassWriter(const Planner& planner, int nb_places, TileShape shape, Pass& pass, Complex& common);
    void write(Mask tile, const std::vector<int>& nodes, bool leaves_common);

private:
    void choose_positions(Mask tile);
    void choose_lanes(const std::vector<int>& nodes);
    void write_in_turns(Mask tile, const std::vector<int>& nodes);
    void write_in_blocks(Mask tile, const std::vector<int>& nodes);
    BlockRoom block_room() const;
    void write_block(const BlockChoice& choice);
    void open_block(Mask places);
    void close_block(bool is_last);
    void flush_for(const Node& node);
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
    Complex& common_;
    std::vector<int> positions_, outer_positions_;  // by place, -1: not there
    std::vector<int> places_;                       // by position
    std::vector<int> transposed_;                   // position exchanged with each lane; empty: none
    std::vector<const Node*> rotations_[NB_ENTRIES];
    Mask rotated_[NB_ENTRIES] = {0, 0, 0};
    std::vector<PhaseTerm> phases_;
    Mask turned_ = 0;
    Probes probes_{};                               // that wait
    Mask probed_ = 0, probed_by_x_ = 0;             // places of their strings
    int open_pair_ = -1;  // instruction that may take in a second pair
    Mask open_places_ = 0;
    std::optional<BlockWriter> block_;  // the last one, instruction number:
    std::size_t block_instruction_ = 0;
    bool has_probes_ = false;
};

}  // namespace qat
