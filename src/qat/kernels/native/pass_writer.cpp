#include "pass_writer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qat {
namespace {

constexpr int MIN_SORTED_BITS = 11;   // smaller tiles are quick anyway
constexpr int TRANSPOSE_COST = 4;     // of two transpositions, in gates
constexpr int PAGE_RUN_BITS = 4;      // runs in a page of memory, log2
constexpr int WAYS_BITS = 3;          // lines that the first-level cache holds from the same place of different pages, log2
constexpr double MAX_COMMON = 1e18;   // squared

// How much quicker a node is outside the lanes, in gates.
int lane_weight(const Node& node) {
    switch (node.kind) {
        case Node::Kind::pair: return 3;
        case Node::Kind::swap: return 2;
        case Node::Kind::dense: return 12;
        case Node::Kind::string:
        case Node::Kind::probe: return 0;
        default: return 1;
    }
}

Mask places_of(const PhaseTerm& term) { return bit_of(term.a) | (term.b < 0 ? 0 : bit_of(term.b)); }

Rotations empty_product(int size, Entries entries) {
    Rotations gates{};
    gates.size = size;
    gates.entries = entries;
    for (int j = 0; j < 8; ++j) {
        gates.scales[j] = {1, 0};
        gates.inputs[j] = gates.outputs[j] = static_cast<std::uint8_t>(j);
    }
    return gates;
}

void set_gate(Rotations& gates, int i, const Node& node, int k, int position) {
    gates.positions[i] = position;
    gates.off[2 * i] = factor_of(node.off[k][0]);
    gates.off[2 * i + 1] = factor_of(node.off[k][1]);
    if (!node.is_crossed[k]) return;
    for (int j = 0; j < 8; ++j) gates.inputs[j] ^= 1 << i;
}

void set_scale(Rotations& gates, int j, Complex scale) {
    gates.scales[j] = factor_of(scale);
    if (std::abs(scale.imag()) > 1e-15) gates.has_complex_scales = true;
}

}  // namespace

PassWriter::PassWriter(const Planner& planner, int nb_places, TileShape shape, Pass& pass, Waiting& waiting)
    : planner_(planner),
      nb_places_(nb_places),
      lane_bits_(shape.lane_bits),
      shape_(shape),
      pass_(pass),
      waiting_(waiting),
      positions_(nb_places, -1),
      outer_positions_(nb_places, -1) {
    for (const PhaseTerm& term : waiting_.phases) turned_ |= places_of(term);
}

void PassWriter::write(Mask tile, const std::vector<int>& nodes, bool is_last) {
    choose_positions(tile);
    choose_lanes(nodes);
    places_.resize(pass_.nb_bits());
    for (int place : pass_.tile_places) places_[positions_[place]] = place;
    pass_.instructions.reserve(nodes.size() + 2);
    pass_.rotations.reserve(nodes.size());  // instructions refer to them: they stay where they are
    write_transpose();
    if (nb_places_ >= shape_.min_block_places && pass_.nb_bits() >= lane_bits_ + shape_.block_bits)
        write_in_blocks(tile, nodes);
    else if (pass_.nb_bits() >= MIN_SORTED_BITS)
        write_in_turns(tile, nodes);
    else
        write_nodes(nodes);
    for (int entries = 0; entries < NB_ENTRIES; ++entries) flush_rotations(entries);
    if (is_last) flush_phases();
    flush_probes();
    write_transpose();
}

void PassWriter::choose_positions(Mask tile) {
    for (int place = 0; place < nb_places_; ++place) {
        const bool is_inner = tile >> place & 1;
        std::vector<int>& places = is_inner ? pass_.tile_places : pass_.outer_places;
        (is_inner ? positions_ : outer_positions_)[place] = static_cast<int>(places.size());
        places.push_back(place);
    }
}

void PassWriter::choose_lanes(const std::vector<int>& nodes) {
    if (lane_bits_ == 0 || pass_.nb_bits() < 2 * lane_bits_) return;
    std::vector<int> uses(pass_.nb_bits(), 0);
    for (int number : nodes) {
        const Node& node = planner_.nodes()[number];
        for (Mask rest = node.moved; rest; rest &= rest - 1) uses[positions_[__builtin_ctzll(rest)]] += lane_weight(node);
    }
    std::vector<int> idlest(pass_.nb_bits() - lane_bits_);
    std::iota(idlest.begin(), idlest.end(), lane_bits_);
    std::stable_sort(idlest.begin(), idlest.end(), [&](int a, int b) { return uses[a] < uses[b]; });
    int gain = 0;
    for (int lane = 0; lane < lane_bits_; ++lane) gain += uses[lane] - uses[idlest[lane]];
    if (gain <= TRANSPOSE_COST) return;
    transposed_.assign(idlest.begin(), idlest.begin() + lane_bits_);
    for (int lane = 0; lane < lane_bits_; ++lane)
        std::swap(positions_[pass_.tile_places[lane]], positions_[pass_.tile_places[transposed_[lane]]]);
}

// Nodes of one kind together: rotations, phases, others, in turn.
void PassWriter::write_in_turns(Mask tile, const std::vector<int>& nodes) {
    NodeList left(planner_.nodes(), nodes, tile);
    while (!left.is_empty()) {
        write_nodes(left.next_rotations());
        write_nodes(left.next_phases());
        write_nodes(left.next_others());
    }
}

// Blocks as long as there are some, then phases, then others, in turn.
void PassWriter::write_in_blocks(Mask tile, const std::vector<int>& nodes) {
    NodeList left(planner_.nodes(), nodes, tile);
    while (!left.is_empty()) {
        while (const auto choice = left.next_block(block_room())) write_block(*choice);
        write_nodes(left.next_phases());
        write_nodes(left.next_others());
    }
}

void PassWriter::write_nodes(const std::vector<int>& numbers) {
    for (int number : numbers) write_node(planner_.nodes()[number]);
}

BlockRoom PassWriter::block_room() const {
    BlockRoom room{shape_.block_bits, 0, 0};
    for (int position = 0; position < pass_.nb_bits(); ++position) {
        if (position < lane_bits_) room.lanes |= bit_of(places_[position]);
        if (shape_.block_bits > WAYS_BITS && position >= shape_.nb_run_bits + PAGE_RUN_BITS) room.far |= bit_of(places_[position]);
    }
    return room;
}

void PassWriter::write_block(const BlockChoice& choice) {
    const auto is_plain = [&](int number) {
        const Node& node = planner_.nodes()[number];
        return node.kind == Node::Kind::rotation && !is_in_lanes(node.a);
    };
    if (choice.nodes.size() < 4 && std::all_of(choice.nodes.begin(), choice.nodes.end(), is_plain))
        return write_nodes(choice.nodes);  // a product does as well
    for (auto next = choice.nodes.begin(); next != choice.nodes.end();) {
        BlockWriter block = new_block(choice.places);
        prepare_for({next, choice.nodes.end()}, block);
        for (; next != choice.nodes.end() && !block.is_full(); ++next) block.write(planner_.nodes()[*next]);
        append_block(block);
    }
}

// Writes what the nodes of a block do not commute with.
void PassWriter::prepare_for(const std::vector<int>& numbers, BlockWriter& block) {
    Mask moved = 0;
    for (int number : numbers) moved |= planner_.nodes()[number].moved;
    absorb_phases(moved, block);
    for (int number : numbers) {
        const Node& node = planner_.nodes()[number];
        if (is_held_by_probes(node)) flush_probes();
        flush_touching(node.moved, node.kept);
    }
}

BlockWriter PassWriter::new_block(Mask kept) const {
    std::vector<int> places;
    for (Mask rest = kept; rest; rest &= rest - 1) places.push_back(__builtin_ctzll(rest));
    for (int position = lane_bits_; static_cast<int>(places.size()) < shape_.block_bits; ++position)
        if (!(kept >> places_[position] & 1)) places.push_back(places_[position]);
    return BlockWriter(positions_, outer_positions_, lane_bits_, places);
}

// A common factor is taken before it becomes too large or too small.
void PassWriter::append_block(BlockWriter& block) {
    const double size = std::norm(waiting_.common);
    std::vector<PhaseTerm> phases;
    pass_.blocks.push_back(size < 1 / MAX_COMMON || size > MAX_COMMON ? block.finish_taking(waiting_.common)
                                                                     : block.finish(waiting_.common, phases));
    append(Opcode::block).block = &pass_.blocks.back().block;
    for (const PhaseTerm& term : phases) add_phase(term);
}

void PassWriter::add_phase(PhaseTerm term) {
    waiting_.phases.push_back(term);
    turned_ |= places_of(term);
}

// Phases that wait go into a block, if they would have to be written before it.
void PassWriter::absorb_phases(Mask moved, BlockWriter& block) {
    std::vector<PhaseTerm> left;
    for (const PhaseTerm& term : waiting_.phases) {
        if ((places_of(term) & moved) && block.has(term.a) && (term.b < 0 || block.has(term.b)))
            block.multiply(places_of(term), std::polar(1.0, term.angle));
        else
            left.push_back(term);
    }
    waiting_.phases.swap(left);
    turned_ = 0;
    for (const PhaseTerm& term : waiting_.phases) turned_ |= places_of(term);
}

void PassWriter::write_node(const Node& node) {
    if (node.kind != Node::Kind::probe && is_held_by_probes(node)) flush_probes();
    switch (node.kind) {
        case Node::Kind::rotation: return write_rotation(node);
        case Node::Kind::pair: return write_pair(node);
        case Node::Kind::phase: return write_phase(node);
        case Node::Kind::flip: return write_flip(node);
        case Node::Kind::dense: return write_dense(node);
        case Node::Kind::string: return write_string(node);
        case Node::Kind::probe: return write_probe(node);
        case Node::Kind::swap: {
            flush_touching(node.moved, 0);
            Instruction& swap = append(Opcode::swap);
            swap.target = positions_[node.a];
            swap.partner = positions_[node.b];
        }
    }
}

void PassWriter::write_rotation(const Node& node) {
    flush_touching(node.moved, 0);
    if (is_in_lanes(node.a)) return append_lane_rotation(node);
    const int entries = static_cast<int>(node.entries);
    rotations_[entries].push_back(&node);
    rotated_[entries] |= node.moved;
    const int nb_waiting = static_cast<int>(rotations_[entries].size());
    if (nb_waiting == 3 || nb_waiting + lane_bits_ == pass_.nb_bits()) flush_rotations(entries);
}

void PassWriter::flush_rotations(int entries) {
    std::vector<const Node*>& waiting = rotations_[entries];
    if (waiting.empty()) return;
    Rotations gates = empty_product(static_cast<int>(waiting.size()), static_cast<Entries>(entries));
    for (int i = 0; i < gates.size; ++i) set_gate(gates, i, *waiting[i], 0, positions_[waiting[i]->a]);
    for (int j = 0; j < 1 << gates.size; ++j) {
        Complex scale = 1;
        for (int i = 0; i < gates.size; ++i) scale *= waiting[i]->scales[j >> i & 1];
        set_scale(gates, j, scale);
    }
    append_rotations(Opcode::rotations, gates);
    waiting.clear();
    rotated_[entries] = 0;
}

void PassWriter::write_pair(const Node& node) {
    flush_touching(node.moved, 0);
    Rotations gates = empty_product(2, Entries::real);
    set_gate(gates, 0, node, 0, positions_[node.a]);
    set_gate(gates, 1, node, 1, positions_[node.b]);
    for (int j = 0; j < 4; ++j) {
        set_scale(gates, j, node.scales[j]);
        if (node.is_controlled && (j & 1)) gates.outputs[j] = static_cast<std::uint8_t>(j ^ 2);
    }
    if (is_in_lanes(node.a) || is_in_lanes(node.b)) return append_rotations(Opcode::lane_pair, gates);
    const bool has_room = pass_.nb_bits() >= lane_bits_ + 4;
    const bool is_open = open_pair_ >= 0 && open_pair_ == static_cast<int>(pass_.instructions.size()) - 1;
    if (is_open && has_room && !(open_places_ & node.moved)) {
        pass_.instructions[open_pair_].opcode = Opcode::two_rotations;
        pass_.rotations.push_back(gates);
        pass_.instructions[open_pair_].second = &pass_.rotations.back();
        open_pair_ = -1;
        return;
    }
    append_rotations(Opcode::rotations, gates);
    open_pair_ = static_cast<int>(pass_.instructions.size()) - 1;
    open_places_ = node.moved;
}

void PassWriter::append_lane_rotation(const Node& node) {
    Instruction& gate = append(Opcode::lane_rotation);
    gate.target = positions_[node.a];
    gate.is_crossed = node.is_crossed[0];
    for (int k = 0; k < 2; ++k) {
        gate.off[k] = factor_of(node.off[0][k]);
        gate.scales[k] = factor_of(node.scales[k]);
    }
}

void PassWriter::write_phase(const Node& node) {
    for (int entries = 0; entries < NB_ENTRIES; ++entries)
        if (rotated_[entries] & node.kept) flush_rotations(entries);
    const int degree = __builtin_popcountll(node.kept);
    if (degree <= 2) {
        const int a = __builtin_ctzll(node.kept), b = degree == 1 ? -1 : 63 - __builtin_clzll(node.kept);
        return add_phase({a, b, node.angle});
    }
    Instruction& phase = append(Opcode::phase);
    set_masks(phase, node.kept);
    phase.scales[0] = factor_of(std::polar(1.0, node.angle));
}

void PassWriter::flush_phases() {
    if (waiting_.phases.empty()) return;
    pass_.diagonals.emplace_back(pass_.nb_bits(), waiting_.phases, positions_, outer_positions_);
    append(Opcode::diagonal).diagonal = &pass_.diagonals.back().view();
    waiting_.phases.clear();
    turned_ = 0;
}

void PassWriter::write_flip(const Node& node) {
    flush_touching(node.moved, node.kept);
    Instruction& flip = append(Opcode::flip);
    flip.target = positions_[node.a];
    set_masks(flip, node.kept);
}

void PassWriter::write_dense(const Node& node) {
    flush_touching(node.moved, node.kept);
    const DenseGate& gate = planner_.dense_gates()[node.matrix];
    pass_.positions.emplace_back();
    for (int place : gate.places) pass_.positions.back().push_back(positions_[place]);
    Instruction& dense = append(Opcode::dense);
    set_masks(dense, node.kept);
    dense.nb_targets = static_cast<int>(gate.places.size());
    dense.positions = pass_.positions.back().data();
    dense.matrix = gate.matrix.data();
}

void PassWriter::write_string(const Node& node) {
    flush_touching(node.moved, node.kept);
    append(Opcode::string).string = {inner_mask(node.moved), inner_mask(node.z), outer_mask(node.z),
                                     std::cos(node.angle / 2), std::sin(node.angle / 2)};
}

// Probes wait until something comes that they do not commute with.
void PassWriter::write_probe(const Node& node) {
    flush_touching(node.moved, node.kept);
    std::vector<Probe>& waiting = node.moved ? probes_.others : probes_.diagonal;
    waiting.push_back({inner_mask(node.moved), inner_mask(node.z), outer_mask(node.z), node.slot});
    probed_ |= node.moved | node.kept;
    probed_by_x_ |= node.moved;
}

void PassWriter::flush_probes() {
    if (!probed_) return;
    probes_.position = static_cast<int>(pass_.instructions.size());
    for (auto* probes : {&probes_.diagonal, &probes_.others})
        for (Probe& probe : *probes) probe.weight = std::norm(waiting_.common);  // both states lack the factor
    gather_letters(probes_, pass_.nb_bits(), lane_bits_);
    pass_.probes.push_back(std::move(probes_));
    probes_ = {};
    probed_ = probed_by_x_ = 0;
    open_pair_ = -1;
}

void PassWriter::write_transpose() {
    if (!transposed_.empty()) {
        pass_.positions.push_back(transposed_);
        append(Opcode::transpose).positions = pass_.positions.back().data();
    }
}

// Writes the groups that do not commute with a node.
void PassWriter::flush_touching(Mask moved, Mask kept) {
    if (turned_ & moved) flush_phases();
    for (int entries = 0; entries < NB_ENTRIES; ++entries)
        if (rotated_[entries] & (moved | kept)) flush_rotations(entries);
}

Instruction& PassWriter::append(Opcode opcode) {
    pass_.instructions.emplace_back();
    pass_.instructions.back().opcode = opcode;
    return pass_.instructions.back();
}

void PassWriter::append_rotations(Opcode opcode, const Rotations& gates) {
    pass_.rotations.push_back(gates);
    append(opcode).first = &pass_.rotations.back();
}

void PassWriter::set_masks(Instruction& instruction, Mask places) const {
    instruction.mask = inner_mask(places);
    instruction.outer = outer_mask(places);
}

Mask PassWriter::inner_mask(Mask places) const {
    Mask mask = 0;
    for (; places; places &= places - 1)
        if (const int position = positions_[__builtin_ctzll(places)]; position >= 0) mask |= bit_of(position);
    return mask;
}

Mask PassWriter::outer_mask(Mask places) const {
    Mask mask = 0;
    for (; places; places &= places - 1)
        if (const int position = outer_positions_[__builtin_ctzll(places)]; position >= 0) mask |= bit_of(position);
    return mask;
}

}  // namespace qat
