#include "recorder.h"

#include <unordered_map>
#include <vector>

#include "layout.h"
#include "python_types.h"
#include "tape_columns.h"

namespace nb = nanobind;

namespace qat {
namespace {

constexpr std::size_t MAX_SEARCHED = 12;  // entries of a palette that are looked through one by one
constexpr Py_ssize_t MAX_ARITY = 8;       // gates on more qubits take the long way

// What is recorded of a gate, its parameters apart, borrowed. `gate`: the very one, if it has other parameters than those
// on the tape; else null.
struct Key {
    PyObject *type, *form, *signature, *gate;

    bool operator==(const Key& other) const {
        return form == other.form && signature == other.signature && type == other.type && gate == other.gate;
    }
};

struct KeyHash {
    std::size_t operator()(const Key& key) const {
        const auto number = [](PyObject* p) { return reinterpret_cast<std::size_t>(p) >> 4; };
        return number(key.form) * 31 + number(key.signature) * 7 + number(key.gate);
    }
};

class Recorder {
public:
    bool is_open = false;

    // Writes a gate on qubits that are added to the columns by `add_qubits`; false if it adds none.
    template <class AddQubits>
    bool record(PyObject* gate, Py_ssize_t nb_qubits, const AddQubits& add_qubits) {
        PyObject* const arity = slot(gate, layout().arity);
        PyObject* const parameters = slot(gate, layout().tape_parameters);
        if (!arity || !PyLong_CheckExact(arity) || PyLong_AsLong(arity) != nb_qubits) return false;
        if (!parameters || !PyTuple_CheckExact(parameters)) return false;
        if (!slot(gate, layout().form) || !slot(gate, layout().signature)) return false;
        if (!columns_) columns_ = nb::steal(checked(new_columns()));
        TapeColumns& columns = content_of<TapeColumns>(columns_.ptr());
        try {
            if (!add_qubits(columns)) {
                columns.drop_row();
                return false;
            }
            for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(parameters); ++i)
                columns.add_parameter(PyTuple_GET_ITEM(parameters, i));
            columns.end_row(number_of(gate, parameters));
        } catch (...) {
            columns.drop_row();
            throw;
        }
        return true;
    }

    // None, or (columns, palette) of what was recorded; the recording begins anew.
    nb::object taken() {
        if (!columns_) return nb::none();
        nb::list palette;
        for (const Key& key : keys_)
            palette.append(nb::make_tuple(nb::handle(key.type), nb::handle(key.form), nb::handle(key.signature),
                                          key.gate ? nb::handle(key.gate) : nb::handle(Py_None)));
        nb::object answer = nb::make_tuple(columns_, palette);
        clear();
        return answer;
    }

    int visit(visitproc visit, void* arg) const {
        Py_VISIT(columns_.ptr());
        for (const nb::object& part : kept_) Py_VISIT(part.ptr());
        return 0;
    }

    void clear() {
        keys_.clear();
        numbers_.clear();
        std::vector<nb::object> dropped;
        dropped.swap(kept_);
        nb::object columns = std::move(columns_);
        columns_ = nb::object();
    }

private:
    static PyObject* checked(PyObject* made) {
        if (!made) throw nb::python_error();
        return made;
    }

    std::int32_t number_of(PyObject* gate, PyObject* tape_parameters) {
        const bool is_odd = slot(gate, layout().parameters) != tape_parameters;
        const Key key{reinterpret_cast<PyObject*>(Py_TYPE(gate)), slot(gate, layout().form), slot(gate, layout().signature),
                      is_odd ? gate : nullptr};
        if (keys_.size() <= MAX_SEARCHED) {
            for (std::size_t i = 0; i < keys_.size(); ++i)
                if (keys_[i] == key) return static_cast<std::int32_t>(i);
        } else if (const auto found = numbers_.find(key); found != numbers_.end()) {
            return found->second;
        }
        return added(key);
    }

    std::int32_t added(const Key& key) {
        for (PyObject* part : {key.type, key.form, key.signature, key.gate})
            if (part) kept_.push_back(nb::borrow(part));
        const std::int32_t number = static_cast<std::int32_t>(keys_.size());
        keys_.push_back(key);
        numbers_[key] = number;
        return number;
    }

    nb::object columns_;           // TapeColumns
    std::vector<Key> keys_;        // the palette
    std::vector<nb::object> kept_; // what it refers to
    std::unordered_map<Key, std::int32_t, KeyHash> numbers_;
};

// The numbers of qubits that are all of `scope`, or false.
class Qubits {
public:
    Qubits(PyObject* scope, PyObject* const* args, Py_ssize_t nb_args) : scope_(scope) {
        if (nb_args == 1 && PyList_CheckExact(args[0])) {
            nb_args = PyList_GET_SIZE(args[0]);
            args = reinterpret_cast<PyListObject*>(args[0])->ob_item;
        }
        is_read_ = nb_args <= MAX_ARITY;
        for (Py_ssize_t i = 0; is_read_ && i < nb_args; ++i) is_read_ = add(args[i]);
    }

    bool is_read() const { return is_read_; }
    Py_ssize_t size() const { return size_; }
    bool add_to(TapeColumns& columns) const {
        for (Py_ssize_t i = 0; i < size_; ++i) columns.add_qubit(numbers_[i]);
        return true;
    }

private:
    bool add(PyObject* qubit) {
        if (Py_TYPE(qubit) != layout().qubit || slot(qubit, layout().scope) != scope_) return false;
        PyObject* const index = slot(qubit, layout().index);
        if (!index || !PyLong_CheckExact(index)) return false;
        int overflow = 0;
        const long number = PyLong_AsLongAndOverflow(index, &overflow);
        if (overflow || number < 0 || number > INT32_MAX) return false;
        for (Py_ssize_t i = 0; i < size_; ++i)
            if (numbers_[i] == number) return false;
        numbers_[size_++] = static_cast<std::int32_t>(number);
        return true;
    }

    PyObject* scope_;
    bool is_read_;
    Py_ssize_t size_ = 0;
    std::int32_t numbers_[MAX_ARITY];
};

// ---------------------------------------------------------------- the type in Python

PyObject* apply_name = nullptr;

PyObject* apply(PyObject* self, PyObject* const* args, Py_ssize_t nb_args) {
    if (nb_args < 1) return PyErr_Format(PyExc_TypeError, "apply takes a gate and the qubits it acts on");
    return guarded([&]() -> PyObject* {
        Recorder& recorder = content_of<Recorder>(self);
        bool is_recorded = false;
        if (recorder.is_open && layout().is_gate(Py_TYPE(args[0]))) {
            const Qubits qubits(self, args + 1, nb_args - 1);
            is_recorded = qubits.is_read() && recorder.record(args[0], qubits.size(), [&](TapeColumns& columns) {
                return qubits.add_to(columns);
            });
        }
        if (!is_recorded) {
            std::vector<PyObject*> all{self};
            all.insert(all.end(), args, args + nb_args);
            PyObject* const done = PyObject_VectorcallMethod(apply_name, all.data(), all.size(), nullptr);
            if (!done) throw nb::python_error();
            Py_DECREF(done);
        }
        return Py_NewRef(self);
    });
}

PyObject* record(PyObject* self, PyObject* const* args, Py_ssize_t nb_args) {
    if (nb_args != 2 || !PyList_CheckExact(args[1])) return PyErr_Format(PyExc_TypeError, "_record takes a gate and a list");
    return guarded([&]() -> PyObject* {
        Recorder& recorder = content_of<Recorder>(self);
        const bool is_recorded = recorder.is_open && layout().is_gate(Py_TYPE(args[0])) &&
                                 recorder.record(args[0], PyList_GET_SIZE(args[1]), [&](TapeColumns& columns) {
                                     columns.add_qubits(args[1]);
                                     return true;
                                 });
        return PyBool_FromLong(is_recorded);
    });
}

PyObject* taken(PyObject* self, PyObject*) {
    return guarded([&] { return content_of<Recorder>(self).taken().release().ptr(); });
}

PyObject* is_open(PyObject* self, void*) { return PyBool_FromLong(content_of<Recorder>(self).is_open); }

int set_open(PyObject* self, PyObject* value, void*) {
    const int is_true = value ? PyObject_IsTrue(value) : 0;
    if (is_true < 0) return -1;
    content_of<Recorder>(self).is_open = is_true;
    return 0;
}

PyDoc_STRVAR(apply_doc,
             "apply($self, gate, /, *args)\n--\n\n"
             "Apply a gate or routine to qubits, controls first; lists and registers are flattened.\n\n"
             "Raises:\n"
             "    InvalidArguments: the qubits are of another program, repeated, or no qubits.\n"
             "    InvalidGateArguments: there are not as many as the gate acts on.\n");

PyMethodDef methods[] = {{"apply", as_method(apply), METH_FASTCALL, apply_doc},
                         {"_record", as_method(record), METH_FASTCALL, nullptr},
                         {"_take_recorded", taken, METH_NOARGS, nullptr},
                         {}};
PyGetSetDef getters[] = {{"_is_recording", is_open, set_open, nullptr, nullptr}, {}};

}  // namespace
}  // namespace qat

void bind_recorder(nb::module_& module) {
    using namespace qat;
    apply_name = PyUnicode_InternFromString("_apply");
    if (!apply_name) throw nb::python_error();
    add_type<Recorder>(module, "qat.kernels._native.Recorder", "See native/recorder.h.", methods, getters);
}
