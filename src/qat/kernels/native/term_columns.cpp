#include "term_columns.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "python_types.h"

namespace nb = nanobind;

namespace qat {
namespace {

using Mask = std::uint64_t;
constexpr int MAX_QUBITS = 64;

PyTypeObject* the_type = nullptr;

nb::object as_bytes(const void* data, std::size_t nb_bytes) {
    return nb::steal(PyBytes_FromStringAndSize(static_cast<const char*>(data), static_cast<Py_ssize_t>(nb_bytes)));
}

// A list or tuple, its items borrowed.
struct Items {
    PyObject* const* first = nullptr;
    Py_ssize_t size = -1;  // -1: something else

    explicit Items(PyObject* sequence) {
        if (PyList_CheckExact(sequence))
            first = reinterpret_cast<PyListObject*>(sequence)->ob_item, size = PyList_GET_SIZE(sequence);
        else if (PyTuple_Check(sequence))
            first = reinterpret_cast<PyTupleObject*>(sequence)->ob_item, size = PyTuple_GET_SIZE(sequence);
    }
};

// A word of letters on as many different qubits below MAX_QUBITS.
struct Word {
    const char* letters;
    int size = 0;
    std::int32_t qubits[MAX_QUBITS];

    // False for anything but exact text of I, X, Y, Z and exact integers: Python says what is wrong, if anything is.
    bool read(PyObject* text, PyObject* places) {
        const Items items(places);
        if (!PyUnicode_CheckExact(text) || !PyUnicode_IS_COMPACT_ASCII(text)) return false;
        if (items.size != PyUnicode_GET_LENGTH(text) || items.size > MAX_QUBITS) return false;
        letters = reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text));
        size = static_cast<int>(items.size);
        Mask seen = 0;
        for (int i = 0; i < size; ++i) {
            if (letters[i] != 'I' && (letters[i] < 'X' || letters[i] > 'Z')) return false;
            if (!PyLong_CheckExact(items.first[i])) return false;
            int overflow = 0;
            const long qubit = PyLong_AsLongAndOverflow(items.first[i], &overflow);
            if (overflow || qubit < 0 || qubit >= MAX_QUBITS || (seen >> qubit & 1)) return false;
            seen |= Mask(1) << qubit;
            qubits[i] = static_cast<std::int32_t>(qubit);
        }
        return true;
    }

    bool has_identity() const { return std::find(letters, letters + size, 'I') != letters + size; }
};

struct Masks {
    Mask x = 0, z = 0;
    bool operator<(const Masks& other) const { return x != other.x ? x < other.x : z < other.z; }
    bool operator==(const Masks& other) const { return x == other.x && z == other.z; }
};

// The masks of a word on `nb_qubits`; false if a qubit is beyond.
bool masks_of(const char* letters, const std::int32_t* qubits, int size, int nb_qubits, Masks& found) {
    for (int i = 0; i < size; ++i) {
        if (qubits[i] >= nb_qubits) return false;
        const Mask bit = Mask(1) << (nb_qubits - 1 - qubits[i]);
        if (letters[i] == 'X' || letters[i] == 'Y') found.x |= bit;
        if (letters[i] == 'Y' || letters[i] == 'Z') found.z |= bit;
    }
    return true;
}

nb::object columns_of(const std::vector<Masks>& masks, const std::vector<std::complex<double>>& coefficients) {
    std::vector<Mask> x, z;
    x.reserve(masks.size());
    z.reserve(masks.size());
    for (const Masks& each : masks) x.push_back(each.x), z.push_back(each.z);
    return nb::make_tuple(as_bytes(x.data(), x.size() * sizeof(Mask)), as_bytes(z.data(), z.size() * sizeof(Mask)),
                          as_bytes(coefficients.data(), coefficients.size() * sizeof(coefficients[0])));
}

class TermColumns {
public:
    std::size_t size() const { return words_.size(); }

    void add(double coefficient, PyObject* text, const Word& word) {
        coefficients_.push_back(coefficient);
        words_.push_back(nb::borrow(text));
        qubits_.insert(qubits_.end(), word.qubits, word.qubits + word.size);
    }

    // As PauliSum keeps them; None if there are fewer qubits than the terms need, or more than masks have bits.
    nb::object columns(int nb_qubits) const {
        if (nb_qubits > MAX_QUBITS) return nb::none();
        std::vector<Masks> masks(size());
        const std::int32_t* qubits = qubits_.data();
        for (std::size_t term = 0; term < size(); ++term) {
            const int length = static_cast<int>(PyUnicode_GET_LENGTH(words_[term].ptr()));
            if (!masks_of(letters(term), qubits, length, nb_qubits, masks[term])) return nb::none();
            qubits += length;
        }
        return columns_of(masks, {coefficients_.begin(), coefficients_.end()});
    }

    // (coefficient, letters, qubits, kind) of each.
    nb::object entries(nb::handle kind) const {
        nb::list found;
        const std::int32_t* qubits = qubits_.data();
        for (std::size_t term = 0; term < size(); ++term) {
            nb::list places;
            for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(words_[term].ptr()); ++i) places.append(*qubits++);
            found.append(nb::make_tuple(coefficients_[term], words_[term], nb::tuple(places), kind));
        }
        return found;
    }

    int visit(visitproc, void*) const { return 0; }  // exact text refers to nothing
    void clear() {}

private:
    const char* letters(std::size_t term) const {
        return reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(words_[term].ptr()));
    }

    std::vector<double> coefficients_;
    std::vector<nb::object> words_;
    std::vector<std::int32_t> qubits_;
};

// ---------------------------------------------------------------- functions in Python

struct Names {
    PyObject *value, *op, *qbits;
};
Names names;

nb::object attribute(PyObject* object, PyObject* name) {
    PyObject* const found = PyObject_GetAttr(object, name);
    if (!found) throw nb::python_error();
    return nb::steal(found);
}

// recorded_terms(terms, kind, nb_qubits, tolerance): columns of terms of exactly this class, or None if they are not
// different words of X, Y and Z with real coefficients above the tolerance.
PyObject* recorded_terms(PyObject*, PyObject* const* args, Py_ssize_t nb_args) {
    if (nb_args != 4) return PyErr_Format(PyExc_TypeError, "recorded_terms takes 4 arguments");
    return guarded([&]() -> PyObject* {
        const Items terms(args[0]);
        const int nb_qubits = nb::cast<int>(nb::handle(args[2]));
        const double tolerance = nb::cast<double>(nb::handle(args[3]));
        if (terms.size < 0 || nb_qubits > MAX_QUBITS) Py_RETURN_NONE;
        const nb::object kept = nb::borrow(args[0]);
        nb::object made = nb::steal(new_boxed<TermColumns>(the_type, nullptr, nullptr));
        if (!made.is_valid()) throw nb::python_error();
        TermColumns& columns = content_of<TermColumns>(made.ptr());
        std::vector<Masks> masks;
        for (Py_ssize_t i = 0; i < terms.size; ++i) {
            if (reinterpret_cast<PyObject*>(Py_TYPE(terms.first[i])) != args[1]) Py_RETURN_NONE;
            const nb::object value = attribute(terms.first[i], names.value), op = attribute(terms.first[i], names.op),
                             qbits = attribute(terms.first[i], names.qbits);
            Word word;
            if (!PyFloat_CheckExact(value.ptr()) || !word.read(op.ptr(), qbits.ptr())) Py_RETURN_NONE;
            const double coefficient = PyFloat_AS_DOUBLE(value.ptr());
            if (!std::isfinite(coefficient) || std::abs(coefficient) <= tolerance) Py_RETURN_NONE;
            masks.emplace_back();
            const bool is_within = masks_of(word.letters, word.qubits, word.size, nb_qubits, masks.back());
            if (!is_within || word.size == 0 || word.has_identity()) Py_RETURN_NONE;
            columns.add(coefficient, op.ptr(), word);
        }
        std::sort(masks.begin(), masks.end());
        if (std::adjacent_find(masks.begin(), masks.end()) != masks.end()) Py_RETURN_NONE;
        return made.release().ptr();
    });
}

// pauli_columns(terms, nb_qubits): those of (coefficient, letters, qubits), or None if something is unusual.
PyObject* pauli_columns(PyObject*, PyObject* const* args, Py_ssize_t nb_args) {
    if (nb_args != 2) return PyErr_Format(PyExc_TypeError, "pauli_columns takes 2 arguments");
    return guarded([&]() -> PyObject* {
        const Items terms(args[0]);
        const int nb_qubits = nb::cast<int>(nb::handle(args[1]));
        if (terms.size < 0 || nb_qubits > MAX_QUBITS) Py_RETURN_NONE;
        std::vector<Masks> masks(terms.size);
        std::vector<std::complex<double>> coefficients;
        coefficients.reserve(terms.size);
        for (Py_ssize_t i = 0; i < terms.size; ++i) {
            const Items term(terms.first[i]);
            Word word;
            if (term.size != 3 || !word.read(term.first[1], term.first[2])) Py_RETURN_NONE;
            if (!masks_of(word.letters, word.qubits, word.size, nb_qubits, masks[i])) Py_RETURN_NONE;
            if (PyFloat_CheckExact(term.first[0]))
                coefficients.emplace_back(PyFloat_AS_DOUBLE(term.first[0]));
            else if (PyComplex_CheckExact(term.first[0]))
                coefficients.emplace_back(PyComplex_RealAsDouble(term.first[0]), PyComplex_ImagAsDouble(term.first[0]));
            else
                Py_RETURN_NONE;
        }
        return columns_of(masks, coefficients).release().ptr();
    });
}

// plain_qubits(letters, qubits): a new list of the qubits if they are as many different integers as there are letters,
// X, Y and Z; otherwise None.
PyObject* plain_qubits(PyObject*, PyObject* const* args, Py_ssize_t nb_args) {
    if (nb_args != 2) return PyErr_Format(PyExc_TypeError, "plain_qubits takes 2 arguments");
    Word word;
    if (!word.read(args[0], args[1]) || word.has_identity()) Py_RETURN_NONE;
    return PySequence_List(args[1]);
}

PyObject* columns(PyObject* self, PyObject* nb_qubits) {
    return guarded([&] {
        return content_of<TermColumns>(self).columns(nb::cast<int>(nb::handle(nb_qubits))).release().ptr();
    });
}

PyObject* entries(PyObject* self, PyObject* kind) {
    return guarded([&] { return content_of<TermColumns>(self).entries(kind).release().ptr(); });
}

Py_ssize_t length(PyObject* self) { return static_cast<Py_ssize_t>(content_of<TermColumns>(self).size()); }

PyMethodDef methods[] = {{"columns", columns, METH_O, nullptr}, {"entries", entries, METH_O, nullptr}, {}};
PyGetSetDef getters[] = {{}};
PyMethodDef functions[] = {{"recorded_terms", as_method(recorded_terms), METH_FASTCALL, nullptr},
                           {"pauli_columns", as_method(pauli_columns), METH_FASTCALL, nullptr},
                           {"plain_qubits", as_method(plain_qubits), METH_FASTCALL, nullptr},
                           {}};

}  // namespace
}  // namespace qat

void bind_term_columns(nb::module_& module) {
    using namespace qat;
    names = {PyUnicode_InternFromString("_value"), PyUnicode_InternFromString("op"), PyUnicode_InternFromString("qbits")};
    the_type = reinterpret_cast<PyTypeObject*>(
        add_type<TermColumns>(module, "qat.kernels._native.TermColumns", "See native/term_columns.h.", methods, getters,
                              {{Py_sq_length, reinterpret_cast<void*>(length)}}));
    if (PyModule_AddFunctions(module.ptr(), functions) < 0) throw nb::python_error();
}
