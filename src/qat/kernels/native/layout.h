// Where the classes of the language (lang/AQASM: Qbit, Gate, PredefGate, ParamGate) keep what is needed of them: in slots,
// which are read and written without asking Python.
#pragma once
#include <nanobind/nanobind.h>

#include <array>

namespace qat {

struct Layout {
    PyTypeObject* qubit = nullptr;
    std::array<PyTypeObject*, 3> gates{};  // Gate, PredefGate, ParamGate; null until they are known
    Py_ssize_t index = 0, scope = 0;
    Py_ssize_t form = 0, parameters = 0, tape_parameters = 0, signature = 0, arity = 0;

    bool is_gate(PyTypeObject* type) const { return type == gates[0] || type == gates[1] || type == gates[2]; }
    PyTypeObject* parametrised() const { return gates[2]; }
};

const Layout& layout();

// What a slot holds: borrowed, null if it was never set.
inline PyObject*& slot(PyObject* object, Py_ssize_t offset) {
    return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + offset);
}

}  // namespace qat

void bind_layout(nanobind::module_& module);
