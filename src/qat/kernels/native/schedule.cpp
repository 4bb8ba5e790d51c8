#include "schedule.h"

#include <algorithm>

#include "pass_writer.h"

namespace qat {
namespace {

// Takes the nodes of the next pass out of those left, and tells its places.
class Picker {
public:
    Picker(const Nodes& nodes, int nb_places, TileShape shape)
        : nodes_(nodes), nb_places_(nb_places), shape_(shape), is_done_(nodes.size(), 0) {}

    bool is_finished() const { return first_ == nodes_.size(); }

    Mask pick(std::vector<int>& picked) {
        int room = std::min(shape_.nb_tile_bits, nb_places_);
        Mask tile = bit_of(std::min(room, shape_.nb_run_bits)) - 1;
        if (room == nb_places_) tile = bit_of(nb_places_) - 1;
        const Mask all = bit_of(nb_places_) - 1;
        Mask moved = 0, kept = 0;  // by the nodes left behind
        for (std::size_t i = first_; i < nodes_.size() && moved != all; ++i) {
            if (is_done_[i]) continue;
            const Node& node = nodes_[i];
            const bool is_free = !(node.moved & (moved | kept)) && !(node.kept & moved);
            if (picked.empty()) room = std::max(room, __builtin_popcountll(tile | node.moved));
            if (is_free && __builtin_popcountll(tile | node.moved) <= room) {
                tile |= node.moved;
                picked.push_back(static_cast<int>(i));
                is_done_[i] = 1;
            } else {
                moved |= node.moved;
                kept |= node.kept;
            }
        }
        while (first_ < nodes_.size() && is_done_[first_]) ++first_;
        for (int place = 0; __builtin_popcountll(tile) < room; ++place) tile |= bit_of(place);
        return tile;
    }

private:
    const Nodes& nodes_;
    int nb_places_;
    TileShape shape_;
    std::vector<char> is_done_;
    std::size_t first_ = 0;
};

}  // namespace

Schedule scheduled(const Planner& planner, int nb_places, TileShape shape) {
    Schedule schedule;
    Waiting waiting;
    Picker picker(planner.nodes(), nb_places, shape);
    std::vector<int> picked;
    picked.reserve(planner.nodes().size());
    while (!picker.is_finished()) {
        picked.clear();
        const Mask tile = picker.pick(picked);
        schedule.passes.emplace_back();
        PassWriter(planner, nb_places, shape, schedule.passes.back(), waiting).write(tile, picked, picker.is_finished());
    }
    schedule.left_out = waiting.common;
    return schedule;
}

}  // namespace qat
