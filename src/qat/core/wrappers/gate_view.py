"""The published per-gate view of a tape: a list of operations and a gate dictionary, named as published.

The constant gates of the table are in the dictionary under their own names, used or not. Every other gate instance
(a gate with its parameters, controls and marks) is called ``_0``, ``_1``, … in order of first use; a gate made from
another one (controlled, inverted, …) refers to it by name and comes after it. Equal instances share one entry. What
is inside boxes is named after everything else.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from qat.core.parameters import convert_parameter, matrix_record
from qat.core.records import GateDefinition, GSyntax, Matrix, Op, Subcircuit
from qat.kernels.gates import GATES, FixedMatrix, GateForm, GateRecord
from qat.kernels.preparation import PreparationMatrix
from qat.kernels.tape import Row, Tape, is_symbolic
from qat.kernels.tape_algebra import hashable, marked_rows, tape_of

CUSTOM_GATE = "CustomGate"
"""Published name of a gate given by its matrix, which is also its parameter."""

_CONSTANTS = tuple(record for record in GATES.values() if not record.parameters)


def gate_view(
    tape: Tape, *, include_matrices: bool = True, submatrices_only: bool = False
) -> tuple[list[Op], dict[str, GateDefinition]]:
    """Operations and gate dictionary of a tape.

    Args:
        tape: the circuit.
        include_matrices: give matrices to the gates whose parameters are all known.
        submatrices_only: but not to controlled gates.
    """
    view = GateNames(include_matrices, submatrices_only)
    ops = view.ops(tape)
    view.define_bodies()
    return ops, view.definitions


def written_parameters(form: GateForm, parameters: tuple[Any, ...]) -> list[Any]:
    """The parameters as published: those of a ``CustomGate`` are its matrix."""
    record = form.record
    if record.name == CUSTOM_GATE and isinstance(record.matrix, FixedMatrix):
        return [record.matrix.matrix]
    return list(parameters)


class GateNames:
    """Names the gates of a tape while its operations are written."""

    def __init__(self, include_matrices: bool, submatrices_only: bool) -> None:
        self._include_matrices = include_matrices
        self._submatrices_only = submatrices_only
        self._names: dict[Hashable, str] = {}
        self._bodies: list[tuple[GateDefinition, GateForm]] = []
        self._nb_named = 0
        self.definitions = {record.name: _constant_definition(record) for record in _CONSTANTS}

    def ops(self, tape: Tape) -> list[Op]:
        """The operations of a tape; the names of its gates are given on the way."""
        return [self._op(row) for row in tape.rows()]

    def define_bodies(self) -> None:
        """Write the implementations of boxes, and of the boxes found in them."""
        while self._bodies:
            definition, form = self._bodies.pop(0)
            definition.circuit_implementation = self._implementation(form)

    def _op(self, row: Row) -> Op:
        gate = self.name(row.form, row.parameters) if row.form is not None else None
        if row.classical is None:
            return Op(gate, list(row.qubits))
        cbits, formula, remap = row.classical
        has_qubits = row.kind not in _WITHOUT_QUBITS
        return Op(
            gate,
            list(row.qubits) if has_qubits else None,
            int(row.kind),
            list(cbits) if row.kind not in _WITHOUT_CBITS else None,
            formula,
            list(remap) if remap is not None else None,
        )

    def name(self, form: GateForm, parameters: tuple[Any, ...]) -> str:
        """The name of a gate in the dictionary, where it is entered if it is new."""
        key = (form, tuple(map(hashable, parameters)))
        if (name := self._names.get(key)) is None:
            name = self._names[key] = self._define(form, parameters)
        return name

    def _define(self, form: GateForm, parameters: tuple[Any, ...]) -> str:
        record = form.record
        if not (form.nb_controls or form.is_marked):
            if record.name in self.definitions and record is GATES.get(record.name):
                return record.name
            definition = GateDefinition(arity=form.arity, is_ctrl=False, syntax=_syntax(form, parameters))
            definition.origin = record if record.body is None else None
        else:
            definition = self._derived(form, parameters)
        return self._add(definition, form, parameters)

    def _derived(self, form: GateForm, parameters: tuple[Any, ...]) -> GateDefinition:
        """Definition of a gate by the one inside its outermost mark or its controls."""
        definition = GateDefinition(arity=form.arity)
        if form.nb_controls:
            definition.nbctrls = form.nb_controls
            inner = replace(form, nb_controls=0)
        elif form.is_conj:
            definition.is_conj, inner = True, form.conjugated()
        elif form.is_trans:
            definition.is_trans, inner = True, form.transposed()
        else:
            definition.is_dag, inner = True, replace(form, is_dag=False)
        definition.subgate = self.name(inner, parameters)
        return definition

    def _add(self, definition: GateDefinition, form: GateForm, parameters: tuple[Any, ...]) -> str:
        name = definition.name = f"_{self._nb_named}"
        self._nb_named += 1
        self.definitions[name] = definition
        if form.record.body is not None:
            self._bodies.append((definition, form))
        if self._has_matrix(form, parameters):
            definition.leave_matrix_for_later(lambda: _matrix(form, parameters))
        return name

    def _has_matrix(self, form: GateForm, parameters: tuple[Any, ...]) -> bool:
        if not self._include_matrices or (self._submatrices_only and form.nb_controls):
            return False
        matrix = form.record.matrix
        is_shown = matrix is not None and not isinstance(matrix, PreparationMatrix)
        return is_shown and not any(map(is_symbolic, parameters))

    def _implementation(self, form: GateForm) -> Subcircuit:
        body, nb_controls = form.record.body, form.nb_controls
        assert body is not None
        nb_qubits = body.nb_qubits + nb_controls
        rows = [_behind_controls(row, nb_controls) for row in marked_rows(body, form)]
        ancillas = list(range(form.arity, nb_qubits))
        return Subcircuit(self.ops(tape_of(rows, nb_qubits, body.nb_cbits)), ancillas, nb_qubits)


_WITHOUT_QUBITS = frozenset({3, 5})
_WITHOUT_CBITS = frozenset({5, 6})


def _behind_controls(row: Row, nb_controls: int) -> Row:
    return row._replace(qubits=(*range(nb_controls), *(qubit + nb_controls for qubit in row.qubits)))


def _syntax(form: GateForm, parameters: tuple[Any, ...]) -> GSyntax | None:
    record = form.record
    if not record.name:
        return None
    if record.name == CUSTOM_GATE and (values := written_parameters(form, parameters)):
        return GSyntax(record.name, [convert_parameter(values[0], type(values[0]))])
    types = record.parameters or tuple(map(type, parameters))
    return GSyntax(record.name, [convert_parameter(*pair) for pair in zip(parameters, types, strict=True)])


def _matrix(form: GateForm, parameters: tuple[Any, ...]) -> Matrix | None:
    full = form.full_matrix(*parameters)
    return None if full is None else matrix_record(full)


def _constant_definition(record: GateRecord) -> GateDefinition:
    seen = record.controlled
    definition = GateDefinition(
        record.name,
        record.arity,
        is_ctrl=seen is not None,
        subgate=_SUBGATES.get(record.name),
        nbctrls=None if seen is None else 1,
        syntax=GSyntax(record.name, []),
    )
    definition.leave_matrix_for_later(lambda: _matrix(GateForm(record), ()))
    return definition


_SUBGATES = {"CNOT": "X", "CSIGN": "Z", "CCNOT": "CNOT"}
