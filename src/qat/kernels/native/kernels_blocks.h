// Many gates on a few positions of the tile, and on those inside a vector, while 2^size vectors are in registers.
//
// The steps of a block are interpreted: a jump for each, next to some 16 multiplication-additions. Registers are numbers
// known to the compiler, so a step is compiled for each mask that joins them. Cost: one load and one store of the tile,
// and a multiplication-addition for each amplitude and turn.
#pragma once
#include "kernels_moves.h"

namespace qat {
namespace {

constexpr int BLOCK_BITS = VECTOR_BYTES == 64 ? 4 : 3;  // half of the registers that there are
constexpr int BLOCK_SIZE = 1 << BLOCK_BITS;

// A step with what it needs in the form that the loop wants.
template <class Real>
struct ReadyStep {
    int code;  // kind and mask
    unsigned registers;
    Mask inner;  // of the vector number
    const Real* constants;
};

constexpr int NB_MASKS = 16;
constexpr int code_of(Step::Kind kind, int mask) { return static_cast<int>(kind) * NB_MASKS + mask; }

template <class Real>
constexpr int MAX_CONSTANTS = MAX_WIDE_STEPS * 2 * BLOCK_SIZE * WIDTH<Real> + MAX_BLOCK_STEPS * BLOCK_SIZE;

// The steps that a tile takes.
template <class Real>
class ReadySteps {
public:
    ReadySteps(const Block& block, Mask outer) {
        for (int i = 0; i < block.nb_steps; ++i)
            if ((block.steps[i].outer & outer) == block.steps[i].outer) add(block.steps[i], block.factors);
    }
    const ReadyStep<Real>* begin() const { return steps_; }
    const ReadyStep<Real>* end() const { return steps_ + nb_steps_; }

private:
    ReadyStep<Real> steps_[MAX_BLOCK_STEPS];
    int nb_steps_ = 0;
    alignas(VECTOR_BYTES) Real constants_[MAX_CONSTANTS<Real>];
    Real* next_ = constants_;

    void add(const Step& step, const Factor* all_factors) {
        const Factor* const factors = all_factors + step.first_factor;
        steps_[nb_steps_++] = {code_of(step.kind, step.mask), step.registers, step.inner >> LANE_BITS<Real>, next_};
        switch (step.kind) {
            case Step::Kind::turn:
                for (int r = 0; r < BLOCK_SIZE; ++r) next_[r] = static_cast<Real>(factors[r].re);
                next_ += BLOCK_SIZE < WIDTH<Real> ? WIDTH<Real> : BLOCK_SIZE;
                return;
            case Step::Kind::imaginary_turn:
                for (int r = 0; r < BLOCK_SIZE; ++r) put_vector(constant<Real>({0, factors[r].im}).im);
                return;
            case Step::Kind::scale:
            case Step::Kind::real_scale: return add_scales(step, factors);
            case Step::Kind::lane_turn: return put_vector(constants<Real>(factors).re);
            case Step::Kind::choose:
            case Step::Kind::lane_flip:
                for (int i = 0; i < WIDTH<Real>; ++i) next_[i] = step.lanes >> (i / 2) & 1;
                next_ += WIDTH<Real>;
                return;
            case Step::Kind::exchange: return;
        }
    }
    void add_scales(const Step& step, const Factor* factors) {
        for (int r = 0; r < BLOCK_SIZE; ++r) {
            if (!(step.registers >> r & 1)) continue;
            const Constant<Real> factor =
                step.has_lanes ? constants<Real>(factors + r * NB_LANES<Real>) : constant<Real>(factors[r]);
            put_vector(factor.re);
            if (step.kind == Step::Kind::scale) put_vector(factor.im);
        }
    }
    void put_vector(Vector<Real> v) {
        store<Real>(next_, v);
        next_ += WIDTH<Real>;
    }
};

// Calls body(r, partner) for all pairs of registers.
template <int mask, class Body>
[[gnu::always_inline]] inline void for_pairs(Body body) {
#pragma GCC unroll 16
    for (int r = 0; r < BLOCK_SIZE; ++r)
        if (r < (r ^ mask)) body(r, r ^ mask);
}

template <class Real, int mask>
[[gnu::always_inline]] inline void step_on_pairs(Vector<Real>* x, const ReadyStep<Real>& step, Step::Kind kind) {
    const Real* const c = step.constants;
    if (kind == Step::Kind::turn) {
        for_pairs<mask>([&](int r, int s) __attribute__((always_inline)) {
            const Vector<Real> a = x[r], b = x[s];
            x[r] = a + c[r] * b;
            x[s] = b + c[s] * a;
        });
    } else if (kind == Step::Kind::imaginary_turn) {
        for_pairs<mask>([&](int r, int s) __attribute__((always_inline)) {
            const Vector<Real> a = exchange_parts<Real>(x[r]), b = exchange_parts<Real>(x[s]);
            x[r] += load(c + r * WIDTH<Real>) * b;
            x[s] += load(c + s * WIDTH<Real>) * a;
        });
    } else if (kind == Step::Kind::exchange) {
        for_pairs<mask>([&](int r, int s) __attribute__((always_inline)) { std::swap(x[r], x[s]); });
    } else {
        const Choice<Real> chosen = load(c) != 0;
        for_pairs<mask>([&](int r, int s) __attribute__((always_inline)) {
            const Vector<Real> a = x[r], b = x[s];
            x[r] = chosen ? b : a;
            x[s] = chosen ? a : b;
        });
    }
}

template <class Real, int lane_bit>
[[gnu::always_inline]] inline void step_in_lanes(Vector<Real>* x, const ReadyStep<Real>& step, Step::Kind kind) {
    if constexpr (lane_bit < LANE_BITS<Real>) {
        const Vector<Real> constant = load(step.constants);
        if (kind == Step::Kind::lane_turn) {
#pragma GCC unroll 16
            for (int r = 0; r < BLOCK_SIZE; ++r) x[r] += constant * shuffled<Real, OtherLane<lane_bit>>(x[r], x[r]);
        } else {
            const Choice<Real> chosen = constant != 0;
#pragma GCC unroll 16
            for (int r = 0; r < BLOCK_SIZE; ++r)
                if (step.registers >> r & 1) x[r] = chosen ? shuffled<Real, OtherLane<lane_bit>>(x[r], x[r]) : x[r];
        }
    }
}

template <class Real, bool is_real>
[[gnu::always_inline]] inline void scale_registers(Vector<Real>* x, const ReadyStep<Real>& step) {
    const Real* c = step.constants;
#pragma GCC unroll 16
    for (int r = 0; r < BLOCK_SIZE; ++r) {
        if (!(step.registers >> r & 1)) continue;
        x[r] = is_real ? x[r] * load(c) : x[r] * load(c) + exchange_parts<Real>(x[r]) * load(c + WIDTH<Real>);
        c += (is_real ? 1 : 2) * WIDTH<Real>;
    }
}

template <class Real>
[[gnu::always_inline]] inline void run_step(Vector<Real>* x, const ReadyStep<Real>& step) {
    using Kind = Step::Kind;
#define QAT_ON_PAIRS(kind, mask) \
    case code_of(kind, mask): return step_on_pairs<Real, (mask) % BLOCK_SIZE ? (mask) % BLOCK_SIZE : 1>(x, step, kind);
#define QAT_FOR_KINDS(mask)                                                       \
    QAT_ON_PAIRS(Kind::turn, mask) QAT_ON_PAIRS(Kind::imaginary_turn, mask)       \
    QAT_ON_PAIRS(Kind::exchange, mask) QAT_ON_PAIRS(Kind::choose, mask)
#define QAT_IN_LANES(bit)                                                                                   \
    case code_of(Kind::lane_turn, bit): return step_in_lanes<Real, bit>(x, step, Kind::lane_turn);          \
    case code_of(Kind::lane_flip, bit): return step_in_lanes<Real, bit>(x, step, Kind::lane_flip);
    switch (step.code) {
        QAT_FOR_KINDS(1) QAT_FOR_KINDS(2) QAT_FOR_KINDS(3) QAT_FOR_KINDS(4) QAT_FOR_KINDS(5) QAT_FOR_KINDS(6) QAT_FOR_KINDS(7)
#if VECTOR_BYTES == 64
        QAT_FOR_KINDS(8) QAT_FOR_KINDS(9) QAT_FOR_KINDS(10) QAT_FOR_KINDS(11)
        QAT_FOR_KINDS(12) QAT_FOR_KINDS(13) QAT_FOR_KINDS(14) QAT_FOR_KINDS(15)
#endif
        QAT_IN_LANES(0) QAT_IN_LANES(1) QAT_IN_LANES(2)
        case code_of(Kind::scale, 0): return scale_registers<Real, false>(x, step);
        case code_of(Kind::real_scale, 0): return scale_registers<Real, true>(x, step);
        default: __builtin_unreachable();
    }
#undef QAT_IN_LANES
#undef QAT_FOR_KINDS
#undef QAT_ON_PAIRS
}

template <class Real>
void run_block(Real* tile, int nb_bits, const Block& block, Mask outer) {
    const ReadySteps<Real> steps(block, outer);
    std::int64_t from[BLOCK_SIZE], to[BLOCK_SIZE];
    Mask free = all_vectors<Real>(nb_bits);
    for (int i = 0; i < BLOCK_BITS; ++i) free &= ~(bit(block.positions[i]) >> LANE_BITS<Real>);
    for (int r = 0; r < BLOCK_SIZE; ++r) {
        from[r] = distance(r, block.positions, BLOCK_BITS);
        to[r] = distance(block.outputs[r], block.positions, BLOCK_BITS);
    }
    for_each_subset(free, [&](Mask k) {
        Real* const p = tile + k * WIDTH<Real>;
        Vector<Real> x[BLOCK_SIZE];
#pragma GCC unroll 16
        for (int r = 0; r < BLOCK_SIZE; ++r) x[r] = load(p + from[r]);
        for (const ReadyStep<Real>& step : steps)
            if ((k & step.inner) == step.inner) run_step<Real>(x, step);
#pragma GCC unroll 16
        for (int r = 0; r < BLOCK_SIZE; ++r) store<Real>(p + to[r], x[r]);
    });
}

}  // namespace
}  // namespace qat
