// Tables of a quadratic phase polynomial, from its terms.
//
// Cost: O(2^(high bits) * low bits + terms * rows), paid once for a pass and shared by its tiles.
#pragma once
#include <memory>
#include <vector>

#include "planner.h"

namespace qat {

// exp(i * angle * bit a * bit b); b = -1 stands for a term of one bit. Places of the state.
struct PhaseTerm {
    int a, b;
    double angle;
};

class DiagonalTables {
public:
    // positions[place]: bit of the tile or -1; outer_positions[place]: outer bit or -1.
    DiagonalTables(int nb_tile_bits, const std::vector<PhaseTerm>& terms, const std::vector<int>& positions,
                   const std::vector<int>& outer_positions);
    DiagonalTables(const DiagonalTables&) = delete;
    const Diagonal& view() const { return view_; }

private:
    struct Pair {
        int a, b;
        double angle;
    };
    void add(const PhaseTerm& term, const std::vector<int>& positions, const std::vector<int>& outer_positions);
    void add_inner(int a, int b, double angle);
    void add_outer(int position, int outer, double angle);
    void fill_low();
    void fill_rows();
    void fill_cross();

    int nb_low_, nb_high_;
    std::vector<double> low_angles_, high_angles_;
    std::vector<Pair> low_pairs_, high_pairs_, cross_pairs_;
    std::vector<Factor> low_table_, low_factors_, row_factors_, cross_;
    std::vector<std::uint8_t> is_row_plain_;
    std::vector<Diagonal::Single> low_outer_, high_outer_, outer_;
    Diagonal view_;
};

}  // namespace qat
