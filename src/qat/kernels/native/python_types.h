// Python types made by hand, for what programs call once for each gate: a call costs 30 ns, through nanobind 100, and
// classes in Python may derive from them together with abstract ones. A type holds one C++ object, its content.
//
// A content has visit(visitproc, void*), which tells the collector of garbage what it refers to, and clear().
#pragma once
#include <nanobind/nanobind.h>

#include <new>
#include <vector>

namespace qat {

template <class Content>
struct Boxed {
    PyObject_HEAD
    Content content;
};

template <class Content>
Content& content_of(PyObject* self) {
    return reinterpret_cast<Boxed<Content>*>(self)->content;
}

// What `work` returns; null with a Python exception where it throws.
template <class Work>
PyObject* guarded(Work work) noexcept {
    try {
        return work();
    } catch (nanobind::python_error& error) {
        error.restore();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_ValueError, error.what());
    }
    return nullptr;
}

template <class Content>
PyObject* new_boxed(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* const self = type->tp_alloc(type, 0);
    if (self) new (&content_of<Content>(self)) Content();
    return self;
}

template <class Content>
void free_boxed(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    content_of<Content>(self).~Content();
    type->tp_free(self);
    Py_DECREF(type);
}

template <class Content>
int visit_boxed(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return content_of<Content>(self).visit(visit, arg);
}

template <class Content>
int clear_boxed(PyObject* self) {
    content_of<Content>(self).clear();
    return 0;
}

// A method of any number of positional arguments.
using FastMethod = PyObject* (*)(PyObject* self, PyObject* const* args, Py_ssize_t nb_args);
inline PyCFunction as_method(FastMethod method) { return reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(method)); }

// Adds the type of a content to the module. `name`: with its module; `methods` and `getters` end with an empty one; `more`:
// further slots.
template <class Content>
PyObject* add_type(nanobind::module_& module, const char* name, const char* doc, PyMethodDef* methods,
                   PyGetSetDef* getters, std::vector<PyType_Slot> more = {}) {
    const auto pointer = [](auto function) { return reinterpret_cast<void*>(function); };
    std::vector<PyType_Slot> slots = {{Py_tp_doc, const_cast<char*>(doc)},
                                      {Py_tp_new, pointer(new_boxed<Content>)},
                                      {Py_tp_dealloc, pointer(free_boxed<Content>)},
                                      {Py_tp_traverse, pointer(visit_boxed<Content>)},
                                      {Py_tp_clear, pointer(clear_boxed<Content>)},
                                      {Py_tp_methods, methods},
                                      {Py_tp_getset, getters}};
    slots.insert(slots.end(), more.begin(), more.end());
    slots.push_back({0, nullptr});
    PyType_Spec spec = {name, sizeof(Boxed<Content>), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                        slots.data()};
    PyObject* const type = PyType_FromModuleAndSpec(module.ptr(), &spec, nullptr);
    if (!type || PyModule_AddType(module.ptr(), reinterpret_cast<PyTypeObject*>(type)) < 0) throw nanobind::python_error();
    return type;
}

}  // namespace qat
