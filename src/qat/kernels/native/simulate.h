// A program run from beginning to end: plan, passes, state. What other parts of the engine build on.
#pragma once
#include <complex>
#include <functional>

#include "executor.h"
#include "memory.h"
#include "operations.h"
#include "program.h"

namespace qat {

struct Settings {
    bool fusion = true;
    int nb_tile_bits = 0;  // log2 of the amplitudes of a tile, blocks whatever the size (for tests); 0: what suits the cache
    Execution execution;
};

// Where a run starts: all zeros, or 2^nb_places amplitudes. The program acts on the lowest places.
template <class Real>
struct Start {
    const std::complex<Real>* amplitudes = nullptr;
    int nb_places = 0;
};

// The final state: at least 2^nb_places amplitudes (small states are padded with zeros to a whole vector).
// Throws Interrupted and std::bad_alloc.
template <class Real>
Buffer<Real> simulated(const Program& program, const double* parameters, const Complex* supplied, Start<Real> start,
                       const Settings& settings);

// The same into memory that `room_for` gives for so many numbers, aligned as that of `allocated`.
template <class Real>
void simulate(const Program& program, const double* parameters, const Complex* supplied, Start<Real> start,
              const Settings& settings, const std::function<Real*(std::size_t)>& room_for);

// Applies a program to a state in place; it must be aligned and padded as `simulated` gives it.
template <class Real>
void apply(const Program& program, const double* parameters, const Complex* supplied, Real* state, int nb_places,
           const Settings& settings);

// Runs what a planner holds on two states, in place, and gives the overlaps it asks for (see executor.h). What no
// overlap depends on is left out, and so is a factor: squared moduli of the states have to be multiplied by `scale`.
struct Overlaps {
    std::vector<double> values;
    double scale;
};
template <class Real>
Overlaps run_both(Planner& planner, Real* left, Real* right, int nb_places, const Settings& settings);

// How long that takes, in seconds; see costs.h.
template <class Real>
double both_duration_s(Planner& planner, int nb_places, const Settings& settings);

// What it does: passes over one state, and the rest.
struct WorkOnBoth {
    std::int64_t nb_passes;
    Work work;
};
template <class Real>
WorkOnBoth work_on_both(Planner& planner, int nb_places, const Settings& settings);

// Places of a state including padding.
template <class Real>
int padded_places(int nb_places);

// The passes that a run takes and the instructions in them, for tests and estimates.
struct PlanSize {
    std::int64_t nb_nodes, nb_passes, nb_instructions;
    double duration_s;  // of the run; see costs.h
    Work work;
};
template <class Real>
PlanSize plan_size(const Program& program, const double* parameters, const Complex* supplied, const Settings& settings);

}  // namespace qat
