#include "engine.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <tuple>

#include "bindings.h"
#include "dispatch.h"
#include "operations.h"
#include "simulate.h"

namespace nb = nanobind;

namespace qat {
namespace {

using Ints = Array<std::int32_t>;
using FormTuple = std::tuple<int, int, double, std::int64_t>;

Program program_of(int nb_qubits, const Ints& gates, const Ints& qubit_starts, const Ints& qubits,
                   const Ints& parameter_starts, const std::vector<FormTuple>& forms, const Array<Complex>& matrices) {
    if (qubit_starts.size() != gates.size() + 1 || parameter_starts.size() != gates.size() + 1)
        throw std::invalid_argument("columns of different lengths");
    if (nb_qubits < 0 || nb_qubits > 60) throw std::invalid_argument("between 0 and 60 qubits");
    std::vector<Form> read;
    for (const auto& [kind, nb_controls, sign, matrix] : forms)
        read.push_back({static_cast<FormKind>(kind), nb_controls, sign, matrix});
    const Columns columns{gates.data(), qubit_starts.data(), qubits.data(), parameter_starts.data(),
                          static_cast<std::int64_t>(gates.size()), static_cast<std::int64_t>(qubits.size())};
    return Program(nb_qubits, columns, read, {matrices.data(), matrices.data() + matrices.size()});
}

Settings settings_of(bool fusion, int nb_threads, int nb_tile_bits) {
    Settings settings;
    settings.fusion = fusion;
    settings.nb_tile_bits = nb_tile_bits;
    settings.execution = {nb_threads};
    return settings;
}

void check(const Program& program, const Array<double>& parameters, const Array<Complex>& supplied) {
    if (static_cast<std::int64_t>(parameters.size()) < program.nb_parameters())
        throw std::invalid_argument("too few parameters");
    if (static_cast<std::int64_t>(supplied.size()) != program.nb_supplied())
        throw std::invalid_argument("wrong number of matrix entries");
}

template <class Real>
nb::object run(const Program& program, const Array<double>& parameters, const Array<Complex>& supplied,
               const std::complex<Real>* initial, std::size_t nb_initial, const Settings& settings) {
    check(program, parameters, supplied);
    Start<Real> start{initial, program.nb_qubits()};
    if (initial) {
        while ((std::size_t(1) << start.nb_places) < nb_initial) ++start.nb_places;
        if (nb_initial != std::size_t(1) << start.nb_places) throw std::invalid_argument("wrong number of amplitudes");
    }
    auto state = without_gil([&] { return simulated<Real>(program, parameters.data(), supplied.data(), start, settings); });
    return as_numpy<Real>(std::move(state), std::size_t(1) << start.nb_places);
}

nb::object run_from_zero(const Program& program, const Array<double>& parameters, const Array<Complex>& supplied,
                         bool is_single, bool fusion, int nb_threads, int nb_tile_bits) {
    const Settings settings = settings_of(fusion, nb_threads, nb_tile_bits);
    return is_single ? run<float>(program, parameters, supplied, nullptr, 0, settings)
                     : run<double>(program, parameters, supplied, nullptr, 0, settings);
}

template <class Real>
nb::object run_from(const Program& program, const Array<double>& parameters, const Array<Complex>& supplied,
                    const Array<std::complex<Real>>& initial, bool fusion, int nb_threads, int nb_tile_bits) {
    if (initial.size() == 0) throw std::invalid_argument("no amplitudes");
    return run<Real>(program, parameters, supplied, initial.data(), initial.size(),
                     settings_of(fusion, nb_threads, nb_tile_bits));
}

std::tuple<std::int64_t, std::int64_t, std::int64_t> size_of_plan(const Program& program,
                                                                  const Array<double>& parameters,
                                                                  const Array<Complex>& supplied) {
    check(program, parameters, supplied);
    const PlanSize size = plan_size<double>(program, parameters.data(), supplied.data(), {});
    return {size.nb_nodes, size.nb_passes, size.nb_instructions};
}

// Operations, bytes in tiles, bytes in parts of tiles.
std::tuple<double, double, double> work(const Program& program, const Array<double>& parameters,
                                        const Array<Complex>& supplied) {
    check(program, parameters, supplied);
    const Work found = plan_size<double>(program, parameters.data(), supplied.data(), {}).work;
    return {found.nb_operations, found.tile_bytes, found.near_bytes};
}

// Seconds of a run, without its planning.
double duration(const Program& program, const Array<double>& parameters,
                                    const Array<Complex>& supplied, bool is_single, bool fusion, int nb_threads) {
    check(program, parameters, supplied);
    const Settings settings = settings_of(fusion, nb_threads, 0);
    return without_gil([&] {
        return is_single ? plan_size<float>(program, parameters.data(), supplied.data(), settings).duration_s
                         : plan_size<double>(program, parameters.data(), supplied.data(), settings).duration_s;
    });
}

}  // namespace
}  // namespace qat

void bind_engine(nb::module_& module) {
    using namespace qat;
    nb::class_<Program>(module, "Program")
        .def("__init__",
             [](Program* self, int nb_qubits, const Ints& gates, const Ints& qubit_starts, const Ints& qubits,
                const Ints& parameter_starts, const std::vector<FormTuple>& forms, const Array<Complex>& matrices) {
                 new (self) Program(program_of(nb_qubits, gates, qubit_starts, qubits, parameter_starts, forms, matrices));
             })
        .def_prop_ro("nb_qubits", &Program::nb_qubits)
        .def("run", &run_from_zero)
        .def("run_from", &run_from<double>)
        .def("run_from", &run_from<float>)
        .def("plan_size", &size_of_plan)
        .def("duration", &duration)
        .def("work", &work);
    module.def("bandwidths", [](std::size_t nb_bytes) {
        const Bandwidths found = without_gil([&] { return bandwidths(nb_bytes); });
        return std::make_tuple(found.sweep, found.read);
    });
    module.def("peak_operations", [] { return without_gil([] { return peak_operations<double>(); }); });
    module.def("instruction_sets", &instruction_sets);
    module.def("instruction_set", &instruction_set);
    module.def("select_instruction_set", &select_instruction_set);
}
