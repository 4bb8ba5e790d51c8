#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <stdexcept>

#include "arrays.h"
#include "bindings.h"
#include "gradient.h"
#include "subspace.h"

namespace nb = nanobind;

namespace qat {
namespace {

using Rows = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// A subspace together with the number of parameters that it reads.
struct Evaluator {
    Subspace subspace;
    std::size_t nb_parameters;

    const double* checked(const Array<double>& parameters) const {
        if (parameters.size() != nb_parameters) throw std::invalid_argument("wrong number of parameters");
        return parameters.data();
    }
};

std::optional<Evaluator> found(const Program& program, const Rows& probes, const Array<Mask>& x_masks,
                               const Array<Mask>& z_masks, const Array<double>& coefficients, double constant,
                               std::size_t max_states) {
    if (std::int64_t(probes.shape(1)) < program.nb_parameters() || probes.shape(0) == 0)
        throw std::invalid_argument("too few parameters");
    if (x_masks.size() != z_masks.size() || x_masks.size() != coefficients.size())
        throw std::invalid_argument("columns of different lengths");
    for (std::size_t k = 0; k < x_masks.size(); ++k)
        if ((x_masks.data()[k] | z_masks.data()[k]) >> program.nb_qubits())
            throw std::invalid_argument("a string beyond the circuit");
    const Strings observable{x_masks.data(), z_masks.data(), coefficients.data(), x_masks.size(), constant};
    auto subspace = without_gil([&] {
        return Subspace::found(program, probes.data(), probes.shape(0), probes.shape(1), observable, max_states);
    });
    if (!subspace) return std::nullopt;
    return Evaluator{std::move(*subspace), probes.shape(1)};
}

std::optional<double> value(const Evaluator& self, const Array<double>& parameters) {
    const double* const values = self.checked(parameters);
    if (!self.subspace.fits(values)) return std::nullopt;
    return self.subspace.value(values);
}

nb::object value_and_gradient(const Evaluator& self, const Array<double>& parameters) {
    const double* const values = self.checked(parameters);
    if (!self.subspace.fits(values)) return nb::none();
    std::vector<double> gradient(self.nb_parameters, 0.0);
    const double value = self.subspace.add_gradient(values, gradient.data());
    return nb::make_tuple(value, as_numpy(std::move(gradient)));
}

}  // namespace
}  // namespace qat

void bind_subspace(nb::module_& module) {
    using namespace qat;
    nb::class_<Evaluator>(module, "Subspace")
        .def_static("found", &found)
        .def_prop_ro("nb_states", [](const Evaluator& self) { return self.subspace.nb_states(); })
        .def("value", &value)
        .def("value_and_gradient", &value_and_gradient);
}
