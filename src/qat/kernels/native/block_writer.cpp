#include "block_writer.h"

#include <algorithm>
#include <cmath>

namespace qat {
namespace {

constexpr double TINY = 1e-15;        // smaller parts of numbers around 1 are rounding errors
constexpr double ROUNDED = 1e-14;     // of products of some numbers
constexpr int MOST_STEPS = 12;        // of one node and the end of a block
constexpr int MOST_WIDE_STEPS = 6;

bool is_near(Complex a, Complex b) { return std::abs(a.real() - b.real()) <= TINY && std::abs(a.imag() - b.imag()) <= TINY; }
bool is_real(Complex z) { return std::abs(z.imag()) <= TINY * std::abs(z.real()); }
bool is_imaginary(Complex z) { return std::abs(z.real()) <= TINY * std::abs(z.imag()); }
Complex times(Complex a, Complex b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}
Complex quotient(Complex a, Complex b) { return a == b ? 1 : times(a, std::conj(b)) / std::norm(b); }

}  // namespace

bool is_for_blocks(const Node& node) {
    switch (node.kind) {
        case Node::Kind::rotation:
        case Node::Kind::pair:
        case Node::Kind::swap: return true;
        case Node::Kind::flip: return __builtin_popcountll(node.kept) <= 1;
        case Node::Kind::phase: return __builtin_popcountll(node.kept) <= 2;
        default: return false;
    }
}

BlockWriter::BlockWriter(const std::vector<int>& positions, const std::vector<int>& outer_positions, int lane_bits,
                         const std::vector<int>& places)
    : positions_(positions),
      outer_positions_(outer_positions),
      lane_bits_(lane_bits),
      nb_lanes_(1 << lane_bits),
      size_(1 << places.size()),
      places_(places),
      factors_(std::size_t(size_) << lane_bits, 1.0) {
    for (int r = 0; r < size_; ++r) names_[r] = static_cast<std::uint8_t>(r);
}

bool BlockWriter::is_full() const {
    return store_.steps.size() + MOST_STEPS > MAX_BLOCK_STEPS || nb_wide_ + MOST_WIDE_STEPS > MAX_WIDE_STEPS;
}

void BlockWriter::write(const Node& node) {
    switch (node.kind) {
        case Node::Kind::rotation:
            write_gate(node.a, node.off[0], node.is_crossed[0], node.entries);
            return multiply(node.a, -1, node.scales);
        case Node::Kind::pair:
            write_gate(node.a, node.off[0], node.is_crossed[0], Entries::real);
            write_gate(node.b, node.off[1], node.is_crossed[1], Entries::real);
            multiply(node.a, node.b, node.scales);
            if (node.is_controlled) flip(node.b, bit_of(node.a));
            return;
        case Node::Kind::swap:
            flip(node.a, bit_of(node.b));
            flip(node.b, bit_of(node.a));
            return flip(node.a, bit_of(node.b));
        case Node::Kind::flip: return flip(node.a, node.kept);
        default: return multiply(where(node.kept), std::polar(1.0, node.angle));
    }
}

BlockStore BlockWriter::finish(Complex& common, std::vector<PhaseTerm>& phases) {
    if (!split_phases(phases)) flush(true);
    common = times(common, common_);
    return finished();
}

BlockStore BlockWriter::finish_taking(Complex& common) {
    for (Complex& each : factors_) each = times(each, times(common, common_));
    is_plain_ = false;
    flush(false);
    common = 1;
    return finished();
}

BlockStore BlockWriter::finished() {
    Block& block = store_.block;
    block.size = static_cast<int>(places_.size());
    for (int i = 0; i < block.size; ++i) block.positions[i] = positions_[places_[i]];
    std::copy(names_, names_ + size_, block.outputs);
    block.nb_steps = static_cast<int>(store_.steps.size());
    block.steps = store_.steps.data();
    block.factors = store_.factors.data();
    return std::move(store_);
}

int BlockWriter::name_bit(int place) const {
    const auto found = std::find(places_.begin(), places_.end(), place);
    return found == places_.end() ? -1 : static_cast<int>(found - places_.begin());
}

BlockWriter::Where BlockWriter::where(Mask places) const {
    Where found;
    for (; places; places &= places - 1) {
        const int place = __builtin_ctzll(places), position = positions_[place], bit = name_bit(place);
        if (position < 0)
            found.outer |= bit_of(outer_positions_[place]);
        else if (position < lane_bits_)
            found.lanes |= bit_of(position);
        else if (bit >= 0)
            found.names |= bit_of(bit);
        else
            found.inner |= bit_of(position);
    }
    return found;
}

bool BlockWriter::is_in(int r, int lane, const Where& places) const {
    return (names_[r] & places.names) == places.names && (Mask(lane) & places.lanes) == places.lanes;
}

// The registers whose names differ in this bit are r and r ^ mask.
int BlockWriter::mask_of(int bit) const {
    return static_cast<int>(std::find(names_, names_ + size_, names_[0] ^ (1 << bit)) - names_);
}

Step& BlockWriter::append(Step::Kind kind, int mask) {
    Step step{};
    step.kind = kind;
    step.mask = static_cast<std::uint8_t>(mask);
    step.registers = static_cast<std::uint16_t>((1 << size_) - 1);
    step.first_factor = static_cast<int>(store_.factors.size());
    store_.steps.push_back(step);
    nb_wide_ += kind == Step::Kind::imaginary_turn || kind == Step::Kind::scale || kind == Step::Kind::real_scale;
    return store_.steps.back();
}

// ---------------------------------------------------------------- gates
void BlockWriter::write_gate(int place, const Complex* off, bool is_crossed, Entries entries) {
    if (is_crossed) flip(place, 0);
    Complex parts[2] = {off[0], off[1]};
    for (Complex& part : parts) {  // the other part is a rounding error
        if (entries == Entries::real) part = part.real();
        if (entries == Entries::imaginary) part = {0, part.imag()};
    }
    if (parts[0] == 0.0 && parts[1] == 0.0) return;
    const bool is_in_lane = positions_[place] < lane_bits_;
    const int bit = is_in_lane ? positions_[place] : name_bit(place);
    Complex turned[MAX_SIZE];
    if (is_in_lane ? absorb_in_lanes(bit, parts, turned) : absorb(bit, parts, turned))
        return is_in_lane ? append_lane_turn(bit, turned) : append_turn(bit, turned);
    // The matrix as diagonal * real turn * diagonal.
    const bool is_bent = is_in_lane ? !is_real(parts[0]) : !is_real(parts[0]) && !is_imaginary(parts[0]);
    const Complex phase = is_bent ? parts[0] / std::abs(parts[0]) : 1.0;
    const Where one = where(bit_of(place));
    if (is_bent) {
        multiply(one, phase);
        parts[0] = std::abs(parts[0]);
        parts[1] = times(parts[1], phase).real();
    }
    flush(true);
    is_in_lane ? absorb_in_lanes(bit, parts, turned) : absorb(bit, parts, turned);
    is_in_lane ? append_lane_turn(bit, turned) : append_turn(bit, turned);
    if (is_bent) multiply(one, std::conj(phase));
}

// The factors that wait, taken into the gate: whether that leaves it real or imaginary.
bool BlockWriter::absorb(int bit, const Complex* off, Complex* turned) {
    const int mask = mask_of(bit);
    bool are_real = true, are_imaginary = true;
    for (int r = 0; r < size_; ++r) {
        const Complex ratio = is_plain_ ? 1 : quotient(factor(r ^ mask, 0), factor(r, 0));
        for (int lane = 1; lane < nb_lanes_ && !is_plain_; ++lane)
            if (!is_near(quotient(factor(r ^ mask, lane), factor(r, lane)), ratio)) return false;
        turned[r] = times(off[names_[r] >> bit & 1], ratio);
        are_real = are_real && is_real(turned[r]);
        are_imaginary = are_imaginary && is_imaginary(turned[r]);
    }
    return are_real || are_imaginary;
}

// The same by lane; it has to be real.
bool BlockWriter::absorb_in_lanes(int bit, const Complex* off, Complex* turned) {
    for (int lane = 0; lane < nb_lanes_; ++lane) {
        const Complex ratio = is_plain_ ? 1 : quotient(factor(0, lane ^ (1 << bit)), factor(0, lane));
        for (int r = 1; r < size_ && !is_plain_; ++r)
            if (!is_near(quotient(factor(r, lane ^ (1 << bit)), factor(r, lane)), ratio)) return false;
        turned[lane] = times(off[lane >> bit & 1], ratio);
        if (!is_real(turned[lane])) return false;
    }
    return true;
}

void BlockWriter::append_turn(int bit, const Complex* turned) {
    const bool are_real = std::all_of(turned, turned + size_, [](Complex z) { return is_real(z); });
    append(are_real ? Step::Kind::turn : Step::Kind::imaginary_turn, mask_of(bit));
    for (int r = 0; r < size_; ++r) store_.factors.push_back(factor_of(turned[r]));
}

void BlockWriter::append_lane_turn(int bit, const Complex* turned) {
    append(Step::Kind::lane_turn, bit);
    for (int lane = 0; lane < nb_lanes_; ++lane) store_.factors.push_back(factor_of(turned[lane]));
}

void BlockWriter::flip(int target, Mask controls) {
    const Where chosen = where(controls);
    const int position = positions_[target], bit = name_bit(target);
    const bool is_in_lane = position < lane_bits_;
    if (!is_in_lane && !chosen.inner && !chosen.outer && !chosen.lanes) {
        for (int r = 0; r < size_; ++r)
            if (is_in(r, 0, chosen)) names_[r] ^= 1 << bit;
        return;
    }
    const int mask = is_in_lane ? 0 : mask_of(bit);
    exchange_factors(mask, is_in_lane ? 1 << position : 0, chosen);
    Step& step = is_in_lane      ? append(Step::Kind::lane_flip, position)
                 : chosen.lanes ? append(Step::Kind::choose, mask)
                                : append(Step::Kind::exchange, mask);
    step.inner = chosen.inner;
    step.outer = chosen.outer;
    step.registers = 0;
    for (int r = 0; r < size_; ++r) step.registers |= ((names_[r] & chosen.names) == chosen.names) << r;
    for (int lane = 0; lane < nb_lanes_; ++lane) step.lanes |= ((Mask(lane) & chosen.lanes) == chosen.lanes) << lane;
}

// Factors go with what is exchanged, if that is so everywhere; else they must not differ.
void BlockWriter::exchange_factors(int mask, int lane_mask, const Where& chosen) {
    for (int r = 0; r < size_; ++r)
        for (int lane = 0; lane < nb_lanes_; ++lane) {
            Complex &one = factor(r, lane), &other = factor(r ^ mask, lane ^ lane_mask);
            if (!is_in(r, lane, chosen) || &other < &one) continue;
            if (!chosen.inner && !chosen.outer)
                std::swap(one, other);
            else if (one != other)
                return flush(true);
        }
}

// ---------------------------------------------------------------- factors
void BlockWriter::multiply(const Where& places, Complex by) {
    for (int r = 0; r < size_; ++r)
        for (int lane = 0; lane < nb_lanes_; ++lane)
            if (is_in(r, lane, places)) factor(r, lane) = times(factor(r, lane), by);
    is_plain_ = false;
}

// By the bits of a and b in the name or lane; b is -1 for one place.
void BlockWriter::multiply(int a, int b, const Complex* scales) {
    const Where first = where(bit_of(a)), second = b < 0 ? Where{} : where(bit_of(b));
    for (int r = 0; r < size_; ++r)
        for (int lane = 0; lane < nb_lanes_; ++lane) {
            const int choice = is_in(r, lane, first) | (b >= 0 && is_in(r, lane, second)) << 1;
            factor(r, lane) = times(factor(r, lane), scales[choice]);
        }
    is_plain_ = false;
}

// If the factors are a product of phases of single places: takes them out.
bool BlockWriter::split_phases(std::vector<PhaseTerm>& phases) {
    const int first = static_cast<int>(std::find(names_, names_ + size_, 0) - names_);
    const Complex common = factor(first, 0);
    std::vector<Complex> product(factors_.size(), common);
    std::vector<PhaseTerm> found;
    for (std::size_t place = 0; place < positions_.size(); ++place) {
        if (!has(static_cast<int>(place))) continue;
        const Where one = where(bit_of(static_cast<int>(place)));
        const int r = static_cast<int>(std::find(names_, names_ + size_, one.names) - names_);
        const Complex by = quotient(factor(r, static_cast<int>(one.lanes)), common);
        if (!(std::abs(std::norm(by) - 1) < ROUNDED)) return false;
        if (!is_near(by, 1)) found.push_back({static_cast<int>(place), -1, std::arg(by)});
        for (int i = 0; i < size_; ++i)
            for (int lane = 0; lane < nb_lanes_; ++lane)
                if (is_in(i, lane, one)) product[i * nb_lanes_ + lane] = times(product[i * nb_lanes_ + lane], by);
    }
    for (std::size_t i = 0; i < product.size(); ++i)
        if (!(std::norm(product[i] - factors_[i]) < ROUNDED * ROUNDED * std::norm(common))) return false;
    common_ = times(common_, common);
    phases.insert(phases.end(), found.begin(), found.end());
    return true;
}

void BlockWriter::flush(bool leaves_common) {
    if (is_plain_) return;
    const Complex first = leaves_common && std::norm(factors_[0]) > 0 ? factors_[0] : 1.0;
    common_ = times(common_, first);
    bool is_all_real = true, has_lanes = false;
    unsigned registers = 0;
    for (int r = 0; r < size_; ++r)
        for (int lane = 0; lane < nb_lanes_; ++lane) {
            Complex& each = factor(r, lane);
            each = quotient(each, first);
            if (!is_near(each, 1)) registers |= 1u << r;
            is_all_real = is_all_real && is_real(each);
            has_lanes = has_lanes || each != factor(r, 0);
        }
    if (registers) {
        Step& step = append(is_all_real ? Step::Kind::real_scale : Step::Kind::scale, 0);
        step.registers = static_cast<std::uint16_t>(registers);
        step.has_lanes = has_lanes;
        for (int r = 0; r < size_; ++r)
            for (int lane = 0; lane < (has_lanes ? nb_lanes_ : 1); ++lane)
                store_.factors.push_back(factor_of(factor(r, lane)));
    }
    std::fill(factors_.begin(), factors_.end(), 1.0);
    is_plain_ = true;
}

}  // namespace qat
