#include "diagonal.h"

#include <algorithm>

namespace qat {
namespace {

Factor turn(double angle) { return angle == 0 ? Factor{1, 0} : factor_of(std::polar(1.0, angle)); }

}  // namespace

DiagonalTables::DiagonalTables(int nb_tile_bits, const std::vector<PhaseTerm>& terms, const std::vector<int>& positions,
                               const std::vector<int>& outer_positions)
    : nb_low_(std::min(nb_tile_bits, MAX_ROW_BITS)),
      nb_high_(nb_tile_bits - nb_low_),
      low_angles_(nb_low_, 0.0),
      high_angles_(nb_high_, 0.0) {
    for (const PhaseTerm& term : terms) add(term, positions, outer_positions);
    fill_low();
    fill_rows();
    fill_cross();
    const bool has_low_factors = std::any_of(low_angles_.begin(), low_angles_.end(), [](double a) { return a != 0; });
    view_ = {nb_low_, nb_high_, low_pairs_.empty() ? nullptr : low_table_.data(), low_factors_.data(),
             row_factors_.data(), cross_pairs_.empty() ? nullptr : cross_.data(), is_row_plain_.data(), has_low_factors,
             low_outer_.data(), high_outer_.data(), static_cast<int>(low_outer_.size()),
             static_cast<int>(high_outer_.size()), outer_.data(), static_cast<int>(outer_.size())};
}

void DiagonalTables::add(const PhaseTerm& term, const std::vector<int>& positions,
                         const std::vector<int>& outer_positions) {
    const bool is_a_inner = positions[term.a] >= 0;
    if (term.b < 0) {
        is_a_inner ? add_inner(positions[term.a], -1, term.angle) : add_outer(-1, outer_positions[term.a], term.angle);
        return;
    }
    const bool is_b_inner = positions[term.b] >= 0;
    if (is_a_inner && is_b_inner)
        add_inner(positions[term.a], positions[term.b], term.angle);
    else if (is_a_inner || is_b_inner)
        add_outer(positions[is_a_inner ? term.a : term.b], outer_positions[is_a_inner ? term.b : term.a], term.angle);
    else
        outer_.push_back({outer_positions[term.b], outer_positions[term.a], turn(term.angle)});
}

void DiagonalTables::add_inner(int a, int b, double angle) {
    if (b < 0) {
        (a < nb_low_ ? low_angles_[a] : high_angles_[a - nb_low_]) += angle;
        return;
    }
    const int low = std::min(a, b), high = std::max(a, b);
    if (high < nb_low_)
        low_pairs_.push_back({low, high, angle});
    else if (low >= nb_low_)
        high_pairs_.push_back({low - nb_low_, high - nb_low_, angle});
    else
        cross_pairs_.push_back({low, high - nb_low_, angle});
}

void DiagonalTables::add_outer(int position, int outer, double angle) {
    if (position < 0)
        outer_.push_back({-1, outer, turn(angle)});
    else if (position < nb_low_)
        low_outer_.push_back({position, outer, turn(angle)});
    else
        high_outer_.push_back({position - nb_low_, outer, turn(angle)});
}

void DiagonalTables::fill_low() {
    for (double angle : low_angles_) low_factors_.push_back(turn(angle));
    if (low_pairs_.empty()) return;
    for (int index = 0; index < 1 << nb_low_; ++index) {
        double angle = 0;
        for (const Pair& pair : low_pairs_)
            if ((index >> pair.a & 1) && (index >> pair.b & 1)) angle += pair.angle;
        low_table_.push_back(turn(angle));
    }
}

void DiagonalTables::fill_rows() {
    for (int row = 0; row < 1 << nb_high_; ++row) {
        double angle = 0;
        for (int i = 0; i < nb_high_; ++i)
            if (row >> i & 1) angle += high_angles_[i];
        for (const Pair& pair : high_pairs_)
            if ((row >> pair.a & 1) && (row >> pair.b & 1)) angle += pair.angle;
        row_factors_.push_back(turn(angle));
    }
}

void DiagonalTables::fill_cross() {
    if (cross_pairs_.empty()) return;
    std::vector<double> angles(std::size_t(nb_high_) * nb_low_, 0.0);
    for (const Pair& pair : cross_pairs_) angles[pair.b * nb_low_ + pair.a] += pair.angle;
    is_row_plain_.assign(std::size_t(1) << nb_high_, 1);
    cross_.reserve((std::size_t(1) << nb_high_) * nb_low_);
    for (int row = 0; row < 1 << nb_high_; ++row)
        for (int i = 0; i < nb_low_; ++i) {
            double angle = 0;
            for (int k = 0; k < nb_high_; ++k)
                if (row >> k & 1) angle += angles[k * nb_low_ + i];
            cross_.push_back(turn(angle));
            if (angle != 0) is_row_plain_[row] = 0;
        }
}

}  // namespace qat
