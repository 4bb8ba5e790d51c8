// The nodes of a pass that are still to be written, and which of them go together next.
//
// A node is free if it commutes with all in front of it that are left. Next are either the nodes of one kind that are
// free, or a block: nodes that move only a few places, and one after another become free among themselves.
// Cost: O(nodes until every place of the tile is moved by one that is left), a few times that for a block.
#pragma once
#include <optional>
#include <vector>

#include "planner.h"

namespace qat {

struct BlockChoice {
    Mask places = 0;
    std::vector<int> nodes;
    int gain = 0;
};

// What a block may keep in registers.
struct BlockRoom {
    int nb_places;
    Mask lanes;  // places inside a vector: always there
    Mask far;    // places whose amplitudes lie whole pages apart: not only these, or the cache has no room for the lines
};

class NodeList {
public:
    NodeList(const Nodes& nodes, const std::vector<int>& numbers, Mask tile);
    bool is_empty() const { return first_ == numbers_.size(); }

    std::vector<int> next_rotations();
    std::vector<int> next_phases();
    std::vector<int> next_others();
    std::optional<BlockChoice> next_block(const BlockRoom& room);

private:
    const Node& node(std::size_t i) const { return nodes_[numbers_[i]]; }
    template <class Take>
    void walk(Take take) const;
    template <class IsWanted, class IsPassed>
    std::vector<int> next(IsWanted is_wanted, IsPassed is_passed);
    BlockChoice grown(std::size_t seed, const BlockRoom& room) const;
    void finish(const std::vector<int>& indices);

    const Nodes& nodes_;
    const std::vector<int>& numbers_;
    Mask tile_;
    std::vector<char> is_done_;
    std::size_t first_ = 0;
};

}  // namespace qat
