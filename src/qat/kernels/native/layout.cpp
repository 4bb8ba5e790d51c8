#include "layout.h"

#include <structmember.h>

namespace nb = nanobind;

namespace qat {
namespace {

Layout known;

Py_ssize_t offset_of(nb::handle type, const char* name) {
    const nb::object found = type.attr(name);
    if (Py_TYPE(found.ptr()) != &PyMemberDescr_Type) throw nb::type_error("the class keeps this in no slot");
    return reinterpret_cast<PyMemberDescrObject*>(found.ptr())->d_member->offset;
}

PyTypeObject* kept_type(nb::handle type) { return reinterpret_cast<PyTypeObject*>(type.inc_ref().ptr()); }

void set_layout(nb::handle qubit, nb::handle gate, nb::handle predefined, nb::handle parametrised) {
    Layout found;
    found.index = offset_of(qubit, "index");
    found.scope = offset_of(qubit, "scope");
    found.form = offset_of(gate, "form");
    found.parameters = offset_of(gate, "parameters");
    found.tape_parameters = offset_of(gate, "_tape_parameters");
    found.signature = offset_of(gate, "signature");
    found.arity = offset_of(gate, "arity");
    found.qubit = kept_type(qubit);
    found.gates = {kept_type(gate), kept_type(predefined), kept_type(parametrised)};
    known = found;
}

}  // namespace

const Layout& layout() { return known; }

}  // namespace qat

void bind_layout(nb::module_& module) { module.def("record_classes", &qat::set_layout); }
