#include "tape_columns.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "python_types.h"

namespace nb = nanobind;

namespace qat {
namespace {

PyTypeObject* the_type = nullptr;

template <class Value>
nb::object as_bytes(const std::vector<Value>& values) {
    return nb::steal(PyBytes_FromStringAndSize(reinterpret_cast<const char*>(values.data()),
                                               static_cast<Py_ssize_t>(values.size() * sizeof(Value))));
}

nb::object as_fast_sequence(PyObject* values, const char* complaint) {
    PyObject* const found = PySequence_Fast(values, complaint);
    if (!found) throw nb::python_error();
    return nb::steal(found);
}

// So that what is added next throws no exception.
template <class Value>
void make_room(std::vector<Value>& values, std::size_t nb_more) {
    const std::size_t size = values.size() + nb_more;
    if (size > values.capacity()) values.reserve(std::max(size, 2 * values.size()));
}

template <class Value>
void append(std::vector<Value>& values, const std::vector<Value>& others) {
    values.insert(values.end(), others.begin(), others.end());
}

void require_32_bits(std::size_t nb_entries) {
    if (nb_entries > std::size_t(std::numeric_limits<std::int32_t>::max()))
        throw std::length_error("a tape of more than 2**31 entries");
}

}  // namespace

std::int32_t as_int(PyObject* value) {
    const long found = PyLong_AsLong(value);
    if (found == -1 && PyErr_Occurred()) throw nb::python_error();
    if (found != static_cast<std::int32_t>(found)) {
        PyErr_Format(PyExc_OverflowError, "%R has more than 32 bits", value);
        throw nb::python_error();
    }
    return static_cast<std::int32_t>(found);
}

void TapeColumns::add_qubits(PyObject* qubits) {
    const nb::object sequence = as_fast_sequence(qubits, "the qubits of a gate are a sequence of integers");
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence.ptr()); ++i)
        add_qubit(as_int(PySequence_Fast_GET_ITEM(sequence.ptr(), i)));
}

void TapeColumns::add_parameter(PyObject* value) {
    if (PyFloat_CheckExact(value)) return parameters_.push_back(PyFloat_AS_DOUBLE(value));
    specials_.push_back({parameters_.size(), nb::borrow(value)});
    parameters_.push_back(std::numeric_limits<double>::quiet_NaN());
}

void TapeColumns::add_parameters(PyObject* values) {
    const nb::object sequence = as_fast_sequence(values, "the parameters of a gate are a sequence");
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence.ptr()); ++i)
        add_parameter(PySequence_Fast_GET_ITEM(sequence.ptr(), i));
}

void TapeColumns::end_row(std::int32_t gate) {
    require_32_bits(std::max(qubits_.size(), parameters_.size()));
    for (auto* column : {&gates_, &qubit_starts_, &parameter_starts_}) make_room(*column, 1);
    gates_.push_back(gate);
    qubit_starts_.push_back(static_cast<std::int32_t>(qubits_.size()));
    parameter_starts_.push_back(static_cast<std::int32_t>(parameters_.size()));
}

void TapeColumns::drop_row() {
    qubits_.resize(qubit_starts_.back());
    parameters_.resize(parameter_starts_.back());
    while (!specials_.empty() && specials_.back().index >= parameters_.size()) specials_.pop_back();
}

void TapeColumns::extend(const TapeColumns& other, const std::vector<std::int32_t>& gates) {
    for (const std::int32_t gate : other.gates_)
        if (gate < 0 || gate >= static_cast<std::int64_t>(gates.size())) throw std::invalid_argument("a gate without number");
    const std::size_t nb_more = other.nb_rows(), first_parameter = parameters_.size();
    require_32_bits(std::max(qubits_.size() + other.qubits_.size(), first_parameter + other.parameters_.size()));
    for (auto* column : {&gates_, &qubit_starts_, &parameter_starts_}) make_room(*column, nb_more);
    make_room(qubits_, other.qubits_.size());
    make_room(parameters_, other.parameters_.size());
    make_room(specials_, other.specials_.size());
    for (const Special& special : other.specials_) specials_.push_back({first_parameter + special.index, special.value});
    append(qubits_, other.qubits_);
    append(parameters_, other.parameters_);
    const std::int32_t first_qubit = qubit_starts_.back(), first = parameter_starts_.back();
    for (std::size_t row = 0; row < nb_more; ++row) {
        gates_.push_back(gates[other.gates_[row]]);
        qubit_starts_.push_back(first_qubit + other.qubit_starts_[row + 1]);
        parameter_starts_.push_back(first + other.parameter_starts_[row + 1]);
    }
}

nb::object TapeColumns::columns() const {
    return nb::make_tuple(as_bytes(gates_), as_bytes(qubit_starts_), as_bytes(qubits_), as_bytes(parameter_starts_),
                          as_bytes(parameters_));
}

nb::object TapeColumns::specials() const {
    nb::list found;
    for (const Special& special : specials_) found.append(nb::make_tuple(special.index, special.value));
    return found;
}

int TapeColumns::visit(visitproc visit, void* arg) const {
    for (const Special& special : specials_) Py_VISIT(special.value.ptr());
    return 0;
}

void TapeColumns::clear() {
    // without the values while they are destroyed: that may run code that looks here
    std::vector<Special> dropped;
    dropped.swap(specials_);
}

PyTypeObject* columns_type() { return the_type; }

PyObject* new_columns() { return new_boxed<TapeColumns>(the_type, nullptr, nullptr); }

namespace {

PyObject* gate(PyObject* self, PyObject* const* args, Py_ssize_t nb_args) {
    if (nb_args != 2 && nb_args != 3)
        return PyErr_Format(PyExc_TypeError, "gate takes a form, qubits and perhaps parameters, not %zd arguments", nb_args);
    return guarded([&]() -> PyObject* {
        TapeColumns& columns = content_of<TapeColumns>(self);
        try {
            const std::int32_t form = as_int(args[0]);
            columns.add_qubits(args[1]);
            if (nb_args == 3) columns.add_parameters(args[2]);
            columns.end_row(form);
        } catch (...) {
            columns.drop_row();
            throw;
        }
        Py_RETURN_NONE;
    });
}

PyObject* extend(PyObject* self, PyObject* const* args, Py_ssize_t nb_args) {
    if (nb_args != 2 || !PyObject_TypeCheck(args[0], the_type))
        return PyErr_Format(PyExc_TypeError, "extend takes columns and a number for each gate of theirs");
    return guarded([&]() -> PyObject* {
        std::vector<std::int32_t> gates;
        const nb::object numbers = as_fast_sequence(args[1], "the numbers of gates are a sequence");
        for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(numbers.ptr()); ++i)
            gates.push_back(as_int(PySequence_Fast_GET_ITEM(numbers.ptr(), i)));
        content_of<TapeColumns>(self).extend(content_of<TapeColumns>(args[0]), gates);
        Py_RETURN_NONE;
    });
}

PyObject* columns(PyObject* self, PyObject*) {
    return guarded([&] { return content_of<TapeColumns>(self).columns().release().ptr(); });
}

PyObject* specials(PyObject* self, PyObject*) {
    return guarded([&] { return content_of<TapeColumns>(self).specials().release().ptr(); });
}

Py_ssize_t length(PyObject* self) { return static_cast<Py_ssize_t>(content_of<TapeColumns>(self).nb_rows()); }

PyMethodDef methods[] = {{"gate", as_method(gate), METH_FASTCALL, nullptr},
                         {"extend", as_method(extend), METH_FASTCALL, nullptr},
                         {"columns", columns, METH_NOARGS, nullptr},
                         {"specials", specials, METH_NOARGS, nullptr},
                         {}};
PyGetSetDef getters[] = {{}};

}  // namespace
}  // namespace qat

void bind_tape_columns(nb::module_& module) {
    using namespace qat;
    the_type = reinterpret_cast<PyTypeObject*>(add_type<TapeColumns>(
        module, "qat.kernels._native.TapeColumns", "See qat.kernels.plain_columns.TapeColumns.", methods, getters,
                              {{Py_sq_length, reinterpret_cast<void*>(length)}}));
}
