// From nodes to the steps of a block.
//
// A register holds the amplitude that its name says. X, CNOT and SWAP within the block only change names, and a turn on a
// place joins the registers whose names differ in it: these are r and r ^ mask for one mask, because names are an affine
// function of r. Factors wait by register and lane: ratios that are real or imaginary go into the next turn, others
// become a scale when a turn would mix them; what is common to all is left to the caller, and so are phases of single
// places at the end.
// Cost: O(2^size * lanes) for each node.
#pragma once
#include <vector>

#include "diagonal.h"

namespace qat {

// A block with the arrays it refers to.
struct BlockStore {
    Block block;
    std::vector<Step> steps;
    std::vector<Factor> factors;
};

// Whether there are steps for a node whose moved places lie within a block or in lanes.
bool is_for_blocks(const Node& node);

class BlockWriter {
public:
    // positions[place]: in the tile, or -1; outer_positions[place] likewise. The block keeps `places`, none in a lane.
    BlockWriter(const std::vector<int>& positions, const std::vector<int>& outer_positions, int lane_bits,
                const std::vector<int>& places);
    void write(const Node& node);
    // A factor where all of `places` are 1.
    void multiply(Mask places, Complex by) { multiply(where(places), by); }
    // Whether there may be no room for another node.
    bool is_full() const;
    bool has(int place) const { return positions_[place] >= 0 && (positions_[place] < lane_bits_ || name_bit(place) >= 0); }
    // Ends the block, leaving what can be left: a factor that all amplitudes lack, phases of single places.
    BlockStore finish(Complex& common, std::vector<PhaseTerm>& phases);
    // The same, with that factor and all phases multiplied in.
    BlockStore finish_taking(Complex& common);

private:
    static constexpr int MAX_SIZE = 16;
    // Bits of places, by where these are.
    struct Where {
        Mask names = 0, lanes = 0, inner = 0, outer = 0;
    };
    Where where(Mask places) const;
    int name_bit(int place) const;
    bool is_in(int r, int lane, const Where& places) const;
    Complex& factor(int r, int lane) { return factors_[r * nb_lanes_ + lane]; }

    void write_gate(int place, const Complex* off, bool is_crossed, Entries entries);
    bool absorb(int bit, const Complex* off, Complex* turned);
    bool absorb_in_lanes(int bit, const Complex* off, Complex* turned);
    void append_turn(int bit, const Complex* turned);
    void append_lane_turn(int bit, const Complex* turned);
    void flip(int target, Mask controls);
    void exchange_factors(int mask, int lane_mask, const Where& chosen);
    void multiply(const Where& places, Complex by);
    void multiply(int a, int b, const Complex* scales);
    void flush(bool leaves_common);
    bool split_phases(std::vector<PhaseTerm>& phases);
    BlockStore finished();

    int mask_of(int bit) const;
    Step& append(Step::Kind kind, int mask);

    const std::vector<int>&positions_, &outer_positions_;
    int lane_bits_, nb_lanes_, size_;
    std::vector<int> places_;
    std::uint8_t names_[MAX_SIZE];
    std::vector<Complex> factors_;  // that wait, by register and lane
    bool is_plain_ = true;          // all of them are 1
    Complex common_ = 1;
    int nb_wide_ = 0;
    BlockStore store_{};
};

}  // namespace qat
