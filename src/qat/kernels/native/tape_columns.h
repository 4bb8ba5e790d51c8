// The rows of a tape while they are written, in columns: see tape.py, and plain_columns.py for the same in Python.
#pragma once
#include <nanobind/nanobind.h>

#include <cstdint>
#include <vector>

namespace qat {

class TapeColumns {
public:
    std::size_t nb_rows() const { return gates_.size(); }

    // A row is written by its qubits and parameters and comes into being with its gate; drop_row forgets what has been
    // added since the row before.
    void add_qubit(std::int32_t qubit) { qubits_.push_back(qubit); }
    void add_qubits(PyObject* qubits);
    void add_parameter(PyObject* value);
    void add_parameters(PyObject* values);
    void end_row(std::int32_t gate);
    void drop_row();

    // The rows of other columns, whose gate i is gate `gates[i]` here. Strong guarantee: all of them or none.
    void extend(const TapeColumns& other, const std::vector<std::int32_t>& gates);

    nanobind::object columns() const;
    nanobind::object specials() const;

    int visit(visitproc visit, void* arg) const;
    void clear();

private:
    // A parameter that is no float, by its place among them.
    struct Special {
        std::size_t index;
        nanobind::object value;
    };

    std::vector<std::int32_t> gates_, qubits_, qubit_starts_{0}, parameter_starts_{0};
    std::vector<double> parameters_;
    std::vector<Special> specials_;
};

// A plain integer of 32 bits.
std::int32_t as_int(PyObject* value);

// The type in Python, once bind_recorder has run.
PyTypeObject* columns_type();
PyObject* new_columns();

}  // namespace qat

void bind_tape_columns(nanobind::module_& module);
