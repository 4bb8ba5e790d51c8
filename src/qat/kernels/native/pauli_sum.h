// Sums of Pauli strings acting on state vectors.
//
// The string with masks x and z maps the basis state i to i^popcount(x & z) (-1)^popcount(z & i) times i ^ x, so strings
// with one X mask look at the same pairs of amplitudes, and strings whose X masks agree in their high bits look at the
// same pairs of tiles. Terms are therefore sorted by X mask and a state is walked pair of tiles by pair of tiles; for
// each X mask, few Z masks are summed one by one, many come out of one Walsh-Hadamard transform of the products.
// Cost: for k terms on r X masks, between r and k passes over a state in the cache, and 1 to 64 passes over memory.
// Pairs of different tiles are met once and counted twice, because the string is Hermitian.
//
// Answers do not depend on the number of threads: the state is always cut into the same parts, summed in order.
#pragma once
#include <complex>
#include <vector>

#include "operations.h"
#include "pauli_table.h"

namespace qat {

class PauliSum {
public:
    using Complex = std::complex<double>;

    // Masks with qubit 0 as the most significant of nb_qubits bits.
    PauliSum(int nb_qubits, const Mask* x_masks, const Mask* z_masks, std::size_t size);

    std::size_t size() const { return order_.size(); }
    int nb_qubits() const { return nb_qubits_; }

    // <state| P_k |state> for each string, in the order given.
    template <class Real>
    std::vector<double> term_values(const Real* state, const PauliKernels<Real>& kernels, int nb_threads) const;

    // <state| constant + sum_k coefficients[k] P_k |state>
    template <class Real>
    Complex expectation(const Complex* coefficients, Complex constant, const Real* state, const PauliKernels<Real>& kernels,
                        int nb_threads) const;

    // out = (constant + sum_k coefficients[k] P_k) in. `out` and `in` do not overlap.
    template <class Real>
    void apply(const Complex* coefficients, Complex constant, const Real* in, Real* out,
               const PauliKernels<Real>& kernels, int nb_threads) const;

    // How long `term_values` and `apply` take, in seconds; see costs.h.
    template <class Real>
    double values_duration_s(const PauliKernels<Real>& kernels, int nb_threads) const;
    template <class Real>
    double apply_duration_s(const PauliKernels<Real>& kernels, int nb_threads) const;

    // What `term_values` and `apply` do; see operations.h.
    Work values_work() const;
    Work apply_work() const;

private:
    struct Term {
        Mask z;
        int nb_y;  // modulo 4
    };
    struct Group {  // terms_[first : end] have the X mask x
        Mask x;
        std::size_t first, end;
    };
    // Whether values of its terms come out of one transform, not one by one.
    static bool has_transformed_values(const Group& group);
    struct Tiles {  // how a state is cut: chunks of parts of 2^part_bits amplitudes, made of tiles of 2^tile_bits
        int tile_bits, part_bits, chunks_bits, nb_qubits;
        Mask nb_parts() const { return Mask(1) << (nb_qubits - part_bits); }
        Mask nb_tiles() const { return Mask(1) << (part_bits - tile_bits); }
        int nb_chunks() const { return 1 << chunks_bits; }
        // The first of `nb` things that are shared out over the chunks.
        Mask share(Mask nb, int chunk) const { return (nb * Mask(chunk)) >> chunks_bits; }
    };
    template <class Real>
    class Walk;

    Tiles tiles(int min_tile_bits) const;
    int worthwhile_threads(int nb_threads) const;
    bool is_small(int min_tile_bits) const { return nb_qubits_ < min_tile_bits; }
    template <class Real>
    double squared_norm(const Real* state, const PauliKernels<Real>& kernels) const;
    template <class Real>
    std::vector<double> small_values(const Real* state) const;
    template <class Real>
    void apply_small(const Complex* coefficients, Complex constant, const Real* in, Real* out) const;

    int nb_qubits_;
    std::vector<Group> groups_;      // by increasing X mask
    std::vector<Term> terms_;        // in the order of the groups
    std::vector<std::size_t> order_; // place of each of terms_ in the sum
};

}  // namespace qat
