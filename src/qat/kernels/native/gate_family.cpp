#include "gate_family.h"

#include <cmath>

#include "layout.h"
#include "python_types.h"

namespace nb = nanobind;

namespace qat {
namespace {

struct Family {
    nb::object form, arity;  // of its gates, if they have one angle and are all alike

    int visit(visitproc visit, void* arg) const {
        Py_VISIT(form.ptr());
        Py_VISIT(arity.ptr());
        return 0;
    }
    void clear() { form.reset(), arity.reset(); }
};

PyObject* made_name = nullptr;

PyObject* gate_with(PyObject* family, const Family& content, PyObject* parameters) {
    PyTypeObject* const type = layout().parametrised();
    PyObject* const gate = type->tp_alloc(type, 0);
    if (!gate) return nullptr;
    slot(gate, layout().form) = Py_NewRef(content.form.ptr());
    slot(gate, layout().arity) = Py_NewRef(content.arity.ptr());
    slot(gate, layout().parameters) = Py_NewRef(parameters);
    slot(gate, layout().tape_parameters) = Py_NewRef(parameters);
    slot(gate, layout().signature) = Py_NewRef(family);
    return gate;
}

PyObject* call(PyObject* self, PyObject* args, PyObject* keywords) {
    const Family& family = content_of<Family>(self);
    if (family.form.is_valid() && !keywords && PyTuple_CheckExact(args) && PyTuple_GET_SIZE(args) == 1) {
        PyObject* const angle = PyTuple_GET_ITEM(args, 0);
        if (PyFloat_CheckExact(angle) && std::isfinite(PyFloat_AS_DOUBLE(angle))) return gate_with(self, family, args);
    }
    PyObject* const made = PyObject_GetAttr(self, made_name);
    if (!made) return nullptr;
    PyObject* const gate = PyObject_Call(made, args, keywords);
    Py_DECREF(made);
    return gate;
}

PyObject* quick_form(PyObject* self, void*) {
    const Family& family = content_of<Family>(self);
    return Py_NewRef(family.form.is_valid() ? family.form.ptr() : Py_None);
}

// A form with an arity, or None.
int set_quick_form(PyObject* self, PyObject* form, void*) {
    Family& family = content_of<Family>(self);
    family.clear();
    if (!form || form == Py_None || !layout().parametrised()) return 0;
    PyObject* const arity = PyObject_GetAttrString(form, "arity");
    if (!arity) return -1;
    family.arity = nb::steal(arity);
    family.form = nb::borrow(form);
    return 0;
}

PyMethodDef methods[] = {{}};
PyGetSetDef getters[] = {{"_quick_form", quick_form, set_quick_form, nullptr, nullptr}, {}};

}  // namespace
}  // namespace qat

void bind_gate_family(nb::module_& module) {
    using namespace qat;
    made_name = PyUnicode_InternFromString("_made");
    add_type<Family>(module, "qat.kernels._native.GateFamily", "See native/gate_family.h.", methods, getters,
                     {{Py_tp_call, reinterpret_cast<void*>(call)}});
}
