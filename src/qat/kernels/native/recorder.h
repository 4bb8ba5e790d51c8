// What Program.apply does, without an object for each operation: gates that are applied are written into columns.
//
// A Recorder is a base class of Program (see lang/AQASM/recorder.py, which also has what stands in where nothing is
// compiled). It takes gates of the table's kind on qubits of its own; for all else it calls the method `_apply` of the
// program. What a gate is, its parameters apart, is an entry of the palette: class, form and family.
#pragma once
#include <nanobind/nanobind.h>

void bind_recorder(nanobind::module_& module);
