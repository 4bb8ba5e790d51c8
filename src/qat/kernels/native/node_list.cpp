#include "node_list.h"

#include "block_writer.h"

namespace qat {
namespace {

constexpr std::size_t MAX_SEEDS = 8;

bool is_phase(const Node& node) { return node.kind == Node::Kind::phase; }
bool is_rotation(const Node& node) { return node.kind == Node::Kind::rotation; }
int nb_ones(Mask mask) { return __builtin_popcountll(mask); }

// What a node left behind keeps others from.
struct Left {
    Mask moved = 0, kept = 0;
    bool is_free(const Node& node) const { return !(node.moved & (moved | kept)) && !(node.kept & moved); }
    void add(const Node& node) {
        moved |= node.moved;
        kept |= node.kept;
    }
};

int gain_of(const Node& node) { return is_phase(node) ? 0 : node.kind == Node::Kind::pair ? 3 : 1; }

}  // namespace

NodeList::NodeList(const Nodes& nodes, const std::vector<int>& numbers, Mask tile)
    : nodes_(nodes), numbers_(numbers), tile_(tile), is_done_(numbers.size(), 0) {}

// Offers the nodes that are free to take(i), until nothing more can be; those it returns false for keep others from being.
template <class Take>
void NodeList::walk(Take take) const {
    Left left;
    for (std::size_t i = first_; i < numbers_.size() && (left.moved & tile_) != tile_; ++i)
        if (!is_done_[i] && !(left.is_free(node(i)) && take(i))) left.add(node(i));
}

template <class IsWanted, class IsPassed>
std::vector<int> NodeList::next(IsWanted is_wanted, IsPassed is_passed) {
    std::vector<int> indices, found;
    walk([&](std::size_t i) {
        if (!is_wanted(node(i))) return false;
        indices.push_back(static_cast<int>(i));
        found.push_back(numbers_[i]);
        return is_passed(node(i));
    });
    finish(indices);
    return found;
}

std::vector<int> NodeList::next_rotations() {
    return next(is_rotation, [](const Node&) { return true; });
}

std::vector<int> NodeList::next_phases() {
    return next(is_phase, [](const Node&) { return true; });
}

// One layer, so that rotations and phases get their turn; strings and probes all together.
std::vector<int> NodeList::next_others() {
    return next([](const Node& node) { return !is_rotation(node) && !is_phase(node); },
                [](const Node& node) { return node.kind == Node::Kind::string || node.kind == Node::Kind::probe; });
}

std::optional<BlockChoice> NodeList::next_block(const BlockRoom& room) {
    std::vector<std::size_t> seeds;
    walk([&](std::size_t i) {
        if (seeds.size() < MAX_SEEDS && is_for_blocks(node(i)) && !is_phase(node(i))) seeds.push_back(i);
        return false;
    });
    BlockChoice best;
    for (const std::size_t seed : seeds)
        if (BlockChoice choice = grown(seed, room); choice.gain > best.gain) best = std::move(choice);
    if (best.gain == 0) return std::nullopt;
    finish(best.nodes);
    for (int& each : best.nodes) each = numbers_[each];
    return best;
}

// The nodes around a first one, by index into the list.
BlockChoice NodeList::grown(std::size_t seed, const BlockRoom& room) const {
    BlockChoice choice;
    const auto takes = [&](Mask places) {
        const Mask all = choice.places | (places & ~room.lanes);
        if (nb_ones(all) > room.nb_places || nb_ones(all & room.far) == room.nb_places || (places & ~tile_)) return false;
        choice.places = all;
        return true;
    };
    takes(node(seed).moved);
    walk([&](std::size_t i) {
        const bool is_taken = is_for_blocks(node(i)) && takes(is_phase(node(i)) ? node(i).kept : node(i).moved);
        if (is_taken) choice.nodes.push_back(static_cast<int>(i));
        return is_taken;
    });
    Left later;  // phases of two places are worth it only if they make others free
    std::vector<int> useful;
    for (auto i = choice.nodes.rbegin(); i != choice.nodes.rend(); ++i) {
        if (is_phase(node(*i)) && nb_ones(node(*i).kept) > 1 && !(node(*i).kept & later.moved)) continue;
        later.add(node(*i));
        choice.gain += gain_of(node(*i));
        useful.push_back(*i);
    }
    choice.nodes.assign(useful.rbegin(), useful.rend());
    return choice;
}

void NodeList::finish(const std::vector<int>& indices) {
    for (const int i : indices) is_done_[i] = 1;
    while (first_ < numbers_.size() && is_done_[first_]) ++first_;
}

}  // namespace qat
