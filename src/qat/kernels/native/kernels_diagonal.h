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
    void multiply(int nb_bits, const Real* table) {
        for (int k = 0; k < 2 << nb_bits; k += WIDTH<Real>)
            store<Real>(values + k, product<Real>(load(values + k), load(table + k)));
    }
};

template <class Real>
inline void scale_row(Real* row, int nb_bits, Factor factor) {
    if (is_one(factor)) return;
    const Constant<Real> by = constant<Real>(factor);
    for (int k = 0; k < 2 << nb_bits; k += WIDTH<Real>) store<Real>(row + k, times<Real>(load(row + k), by));
}
template <class Real>
inline void multiply_row(Real* row, int nb_bits, const Real* factors) {
    for (int k = 0; k < 2 << nb_bits; k += WIDTH<Real>)
        store<Real>(row + k, product<Real>(load(row + k), load(factors + k)));
}
template <class Real>
inline void multiply_and_scale_row(Real* row, int nb_bits, const Real* factors, Factor factor) {
    const Constant<Real> by = constant<Real>(factor);
    for (int k = 0; k < 2 << nb_bits; k += WIDTH<Real>)
        store<Real>(row + k, times<Real>(product<Real>(load(row + k), load(factors + k)), by));
}

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

template <class Real>
void run_diagonal(Real* tile, const Diagonal& diagonal, Mask outer) {
    const int nb_low = diagonal.nb_low, nb_rows = 1 << diagonal.nb_high;
    Factor row_buffer[1 << (MAX_TILE_BITS - MAX_ROW_BITS)];
    const Factor* rows = diagonal.row_factors;
    if (diagonal.nb_outer || diagonal.nb_high_outer) {
        fill_row_factors(row_buffer, diagonal, outer);
        rows = row_buffer;
    }
    Factor low[MAX_ROW_BITS];
    bool is_low_plain = !diagonal.has_low_factors;
    for (int i = 0; i < nb_low; ++i) low[i] = diagonal.low_factors[i];
    for (int i = 0; i < diagonal.nb_low_outer; ++i) {
        const Diagonal::Single& term = diagonal.low_outer[i];
        if (!(outer >> term.outer & 1)) continue;
        low[term.position] = low[term.position] * term.factor;
        is_low_plain = false;
    }
    alignas(VECTOR_BYTES) Real table[2 * MAX_ROW];
    if (diagonal.low_table)
        for (int k = 0; k < 1 << nb_low; ++k) put(table, k, diagonal.low_table[k]);
    is_low_plain = is_low_plain && !diagonal.low_table;

    RowFactors<Real> common, own;
    if (!is_low_plain) {
        common.expand(nb_low, {1, 0}, low);
        if (diagonal.low_table) common.multiply(nb_low, table);
    }
    for (int r = 0; r < nb_rows; ++r) {
        Real* const row = tile + (std::int64_t(r) << nb_low) * 2;
        if (!diagonal.cross || diagonal.is_row_plain[r]) {
            if (is_low_plain)
                scale_row(row, nb_low, rows[r]);
            else if (is_one(rows[r]))
                multiply_row<Real>(row, nb_low, common.values);
            else
                multiply_and_scale_row<Real>(row, nb_low, common.values, rows[r]);
            continue;
        }
        Factor factors[MAX_ROW_BITS];
        for (int i = 0; i < nb_low; ++i) factors[i] = low[i] * diagonal.cross[r * nb_low + i];
        own.expand(nb_low, rows[r], factors);
        if (diagonal.low_table) own.multiply(nb_low, table);
        multiply_row<Real>(row, nb_low, own.values);
    }
}

}  // namespace
}  // namespace qat
