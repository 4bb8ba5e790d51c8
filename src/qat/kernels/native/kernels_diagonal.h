// All diagonal gates of one and two qubits of a pass in one sweep: a quadratic phase polynomial of the index.
//
// The tile is seen as rows of 2^nb_low amplitudes. Terms of two low bits come from a table, terms of high and outer
// bits give one factor for a row, terms of a low and a high (or outer) bit make a product of nb_low factors that is
// expanded for each row. Cost: one sweep and one to three complex products for each amplitude, however many gates.
#pragma once
#include "kernels_rotations.h"

namespace qat {
namespace {

template <class Real>
inline void put(Real* p, Mask index, Factor value) {
    p[2 * index] = static_cast<Real>(value.re);
    p[2 * index + 1] = static_cast<Real>(value.im);
}

constexpr int MAX_ROW = 1 << MAX_ROW_BITS;

// One row's factors: start * product of factors[i] over the bits i of the index.
template <class Real>
struct RowFactors {
    static_assert(MAX_ROW >= WIDTH<Real> / 2);
    alignas(VECTOR_BYTES) Real values[2 * MAX_ROW];

    void expand(int nb_bits, Factor start, const Factor* factors) {
        Factor head[WIDTH<Real> / 2] = {start};
        int i = 0;
        for (; i < nb_bits && i < LANE_BITS<Real>; ++i)
            for (int k = 0; k < 1 << i; ++k) head[k + (1 << i)] = head[k] * factors[i];
        for (int k = 0; k < WIDTH<Real> / 2; ++k) put(values, k, head[k]);
        for (; i < nb_bits; ++i) {
            const Constant<Real> factor = constant<Real>(factors[i]);
            Real* const upper = values + (2 << i);
            for (int k = 0; k < 2 << i; k += WIDTH<Real>) store<Real>(upper + k, times<Real>(load(values + k), factor));
        }
    }
};

// Factors that many rows are multiplied by: parts spread over both places, so that a product takes one shuffle.
template <class Real>
struct SpreadFactors {
    alignas(VECTOR_BYTES) Real re[2 * MAX_ROW], im[2 * MAX_ROW];

    void set(int k, const Constant<Real>& factor) {
        store<Real>(re + k, factor.re);
        store<Real>(im + k, factor.im);
    }
    void set_all(int nb_bits, const Factor* factors) {
        for (int k = 0; k < 2 << nb_bits; ++k) {
            const Factor& factor = factors[k / 2];
            re[k] = static_cast<Real>(factor.re);
            im[k] = static_cast<Real>((k & 1) ? factor.im : -factor.im);
        }
    }
    Constant<Real> at(int k) const { return {load(re + k), load(im + k)}; }
};

// The same row of NB tiles.
template <class Real, int NB>
struct Rows {
    Real* starts[NB];
    int nb_bits;

    // Multiplies by factor(k), k in reals: asked for once for all tiles.
    template <class FactorAt>
    void multiply(const FactorAt& factor) const {
        for (int k = 0; k < 2 << nb_bits; k += WIDTH<Real>) {
            const Constant<Real> by = factor(k);
            for (Real* const start : starts) store<Real>(start + k, times<Real>(load(start + k), by));
        }
    }
};

inline Factor outer_factor(const Diagonal& diagonal, Mask outer) {
    Factor factor{1, 0};
    for (int i = 0; i < diagonal.nb_outer; ++i) {
        const Diagonal::Single& term = diagonal.outer[i];
        const Mask needed = bit(term.outer) | (term.position < 0 ? 0 : bit(term.position));
        if ((outer & needed) == needed) factor = factor * term.factor;
    }
    return factor;
}

// Factors of the rows of this very tile.
inline void fill_row_factors(Factor* rows, const Diagonal& diagonal, Mask outer) {
    Factor high[MAX_TILE_BITS];
    for (int i = 0; i < diagonal.nb_high; ++i) high[i] = {1, 0};
    for (int i = 0; i < diagonal.nb_high_outer; ++i) {
        const Diagonal::Single& term = diagonal.high_outer[i];
        if (outer >> term.outer & 1) high[term.position] = high[term.position] * term.factor;
    }
    rows[0] = outer_factor(diagonal, outer);
    for (int i = 0; i < diagonal.nb_high; ++i)
        for (int k = 0; k < 1 << i; ++k) rows[k + (1 << i)] = rows[k] * high[i];
    for (int row = 0; row < 1 << diagonal.nb_high; ++row) rows[row] = rows[row] * diagonal.row_factors[row];
}

// On NB tiles with the same outer bits: the factors are expanded once.
template <class Real, int NB>
void run_diagonal(Real* const (&tiles)[NB], const Diagonal& diagonal, Mask outer) {
    const int nb_low = diagonal.nb_low, nb_rows = 1 << diagonal.nb_high;
    Factor row_buffer[1 << (MAX_TILE_BITS - MAX_ROW_BITS)];
    const Factor* rows = diagonal.row_factors;
    if (diagonal.nb_outer || diagonal.nb_high_outer) {
        fill_row_factors(row_buffer, diagonal, outer);
        rows = row_buffer;
    }
    Factor low[MAX_ROW_BITS];
    bool is_low_plain = !diagonal.has_low_factors && !diagonal.low_table;
    for (int i = 0; i < nb_low; ++i) low[i] = diagonal.low_factors[i];
    for (int i = 0; i < diagonal.nb_low_outer; ++i) {
        const Diagonal::Single& term = diagonal.low_outer[i];
        if (!(outer >> term.outer & 1)) continue;
        low[term.position] = low[term.position] * term.factor;
        is_low_plain = false;
    }
    RowFactors<Real> own;
    SpreadFactors<Real> table, common;
    const bool has_table = diagonal.low_table != nullptr;
    if (has_table) table.set_all(nb_low, diagonal.low_table);
    const auto own_factor = [&](int k) {
        const Vector<Real> factor = load(own.values + k);
        return spread<Real>(has_table ? times<Real>(factor, table.at(k)) : factor);
    };
    if (!is_low_plain) {
        own.expand(nb_low, {1, 0}, low);
        for (int k = 0; k < 2 << nb_low; k += WIDTH<Real>) common.set(k, own_factor(k));
    }
    for (int r = 0; r < nb_rows; ++r) {
        Rows<Real, NB> row{{}, nb_low};
        for (int s = 0; s < NB; ++s) row.starts[s] = tiles[s] + (std::int64_t(r) << nb_low) * 2;
        if (!diagonal.cross || diagonal.is_row_plain[r]) {
            const Constant<Real> by = constant<Real>(rows[r]);
            if (is_low_plain && is_one(rows[r])) continue;
            if (is_low_plain)
                row.multiply([&](int) { return by; });
            else if (is_one(rows[r]))
                row.multiply([&](int k) { return common.at(k); });
            else
                row.multiply([&](int k) { return times<Real>(common.at(k), by); });
            continue;
        }
        Factor factors[MAX_ROW_BITS];
        for (int i = 0; i < nb_low; ++i) factors[i] = low[i] * diagonal.cross[r * nb_low + i];
        own.expand(nb_low, rows[r], factors);
        row.multiply(own_factor);
    }
}

}  // namespace
}  // namespace qat
