#include "gradient.h"

#include <nanobind/stl/complex.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <unordered_map>

#include "adjoint.h"
#include "arrays.h"
#include "bindings.h"
#include "pauli_dispatch.h"
#include "pauli_sum.h"

namespace nb = nanobind;

namespace qat {
namespace {

// (matrix, parameter, where the rate begins among `rates`)
using RateTuple = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

struct Answer {
    double value, norm;
    std::vector<double> gradient;
};

// Numbers of entries of the supplied matrices, by where they begin.
std::unordered_map<std::int64_t, std::int64_t> sizes_of_supplied(const Program& program) {
    std::unordered_map<std::int64_t, std::int64_t> sizes;
    for (const Program::Gate& gate : program.gates())
        if (gate.kind == Program::Kind::supplied) sizes[gate.matrix] = std::int64_t(1) << (2 * gate.size);
    return sizes;
}

std::vector<SuppliedRate> rates_of(const Program& program, const std::vector<RateTuple>& uses, const Array<Complex>& rates,
                                   std::size_t nb_parameters) {
    std::vector<SuppliedRate> found;
    if (uses.empty()) return found;
    const auto sizes = sizes_of_supplied(program);
    for (const auto& [matrix, parameter, begin] : uses) {
        const auto size = sizes.find(matrix);
        const bool is_there = size != sizes.end() && begin >= 0 && begin <= std::int64_t(rates.size()) - size->second;
        if (!is_there || parameter < 0 || std::size_t(parameter) >= nb_parameters)
            throw std::invalid_argument("a rate out of range");
        found.push_back({matrix, parameter, rates.data() + begin});
    }
    return found;
}

// Real part of <a|b>, of 2^nb_places amplitudes.
double overlap(const double* a, const double* b, int nb_places) {
    const PauliKernels<double>& kernels = pauli_kernels<double>();
    double total = 0;
    const int piece_bits = std::min(nb_places, 15);
    for (std::size_t first = 0; first < std::size_t(2) << nb_places; first += std::size_t(2) << piece_bits) {
        look(1);
        total += kernels.overlap(a + first, b + first, piece_bits);
    }
    return total;
}

Answer value_and_gradient(const Adjoint& problem, Start<double> start, const PauliSum& observable,
                          const Complex* coefficients, Complex constant, std::size_t nb_parameters) {
    const int nb_qubits = problem.program.nb_qubits(), nb_places = padded_places<double>(nb_qubits);
    const std::size_t nb_reals = std::size_t(2) << nb_qubits, nb_padded = std::size_t(2) << nb_places;
    auto ket = [&] {
        const Watch::Part part(0, 0.3);
        return simulated<double>(problem.program, problem.parameters, problem.supplied, start, problem.settings);
    }();
    const Watch::Part part(0.3, 1);
    auto bra = allocated<double>(nb_padded);
    std::fill(bra.get() + nb_reals, bra.get() + nb_padded, 0.0);
    const int nb_threads = problem.settings.execution.nb_threads;
    observable.apply(coefficients, constant, ket.get(), bra.get(), pauli_kernels<double>(), nb_threads);
    Answer answer{overlap(ket.get(), bra.get(), nb_places), 1, std::vector<double>(nb_parameters, 0.0)};
    const double scale = add_gradient(problem, bra.get(), ket.get(), nb_places, answer.gradient.data());
    answer.norm = scale * overlap(ket.get(), ket.get(), nb_places);
    return answer;
}

void check_numbers(const Program& program, const Array<double>& parameters, const Array<Complex>& supplied,
                   const Array<std::uint8_t>& is_varied) {
    if (is_varied.size() != parameters.size()) throw std::invalid_argument("marks that do not fit the parameters");
    if (std::int64_t(parameters.size()) < program.nb_parameters()) throw std::invalid_argument("too few parameters");
    if (std::int64_t(supplied.size()) != program.nb_supplied()) throw std::invalid_argument("wrong number of matrix entries");
}

// The value, the derivatives, and the squared norm of the state after undoing gates: 1, if they are unitary.
nb::object gradient(const Program& program, const Array<double>& parameters, const Array<Complex>& supplied,
                    const std::vector<RateTuple>& uses, const Array<Complex>& rates, const Array<Complex>& initial,
                    const PauliSum& observable, const Array<Complex>& coefficients, Complex constant,
                    const Array<std::uint8_t>& is_varied, int nb_threads) {
    check_numbers(program, parameters, supplied, is_varied);
    if (observable.nb_qubits() != program.nb_qubits() || coefficients.size() != observable.size())
        throw std::invalid_argument("an observable that does not fit the circuit");
    const std::size_t size = std::size_t(1) << program.nb_qubits();
    if (initial.size() != 0 && initial.size() != size) throw std::invalid_argument("wrong number of amplitudes");
    Settings settings;
    settings.execution = {nb_threads};
    const Adjoint problem{program, parameters.data(), supplied.data(), rates_of(program, uses, rates, parameters.size()),
                          is_varied.data(), settings};
    const Start<double> start{initial.size() ? initial.data() : nullptr, program.nb_qubits()};
    Answer answer = without_gil([&] {
        return value_and_gradient(problem, start, observable, coefficients.data(), constant, parameters.size());
    });
    return nb::make_tuple(answer.value, as_numpy(std::move(answer.gradient)), answer.norm);
}

// Seconds of the way back, in which the overlaps are taken; rates of supplied matrices are left out.
double duration(const Program& program, const Array<double>& parameters, const Array<Complex>& supplied,
                const Array<std::uint8_t>& is_varied, int nb_threads) {
    check_numbers(program, parameters, supplied, is_varied);
    Settings settings;
    settings.execution = {nb_threads};
    const Adjoint problem{program, parameters.data(), supplied.data(), {}, is_varied.data(), settings};
    return without_gil([&] { return gradient_duration_s(problem, padded_places<double>(program.nb_qubits())); });
}

// Passes over one state, operations, bytes in tiles, bytes in parts of tiles, of the same.
std::tuple<std::int64_t, double, double, double> work(const Program& program, const Array<double>& parameters,
                                      const Array<Complex>& supplied, const Array<std::uint8_t>& is_varied) {
    check_numbers(program, parameters, supplied, is_varied);
    const Adjoint problem{program, parameters.data(), supplied.data(), {}, is_varied.data(), {}};
    const WorkOnBoth found = gradient_work(problem, padded_places<double>(program.nb_qubits()));
    return {found.nb_passes, found.work.nb_operations, found.work.tile_bytes, found.work.near_bytes};
}

}  // namespace
}  // namespace qat

void bind_gradient(nb::module_& module) {
    module.def("value_and_gradient", &qat::gradient);
    module.def("gradient_duration", &qat::duration);
    module.def("gradient_work", &qat::work);
    bind_subspace(module);
    bind_batches(module);
}
