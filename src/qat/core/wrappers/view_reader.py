"""From the published per-gate view, as users edit it or write it by hand, back to a tape, explaining every mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from qat.core.parameters import matrix_array, revert_parameter
from qat.core.records import GateDefinition, Op
from qat.core.wrappers.gate_view import CUSTOM_GATE
from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.preparation import preparation
from qat.kernels.tape import Classical, Kind, Tape, TapeBuilder, is_symbolic
from qat.kernels.tape_algebra import ROW_NAMES, body_record

Instance = tuple[GateForm, tuple[Any, ...]]
_TOLERANCE = 1e-12


class CircuitError(ValueError):
    """Something is wrong in the operations or in the gate dictionary of a circuit.

    Attributes:
        index: index of the operation, or ``None`` when the gate dictionary is wrong.
    """

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message if index is None else f"Operation {index}: {message}")
        self.index = index


def read_view(ops: Sequence[Op], gates: Mapping[str, GateDefinition], nb_qubits: int, nb_cbits: int) -> Tape:
    """The tape of a list of operations and a gate dictionary.

    Raises:
        CircuitError: an operation uses an unknown gate, the wrong number of qubits, a repeated or a missing qubit, or
            a gate definition cannot be understood.
    """
    return _Reader(GateReader(gates, nb_cbits), nb_qubits, nb_cbits).tape(ops)


class GateReader:
    """Finds out which gates the names of a gate dictionary stand for.

    >>> GateReader({})["H"][0].syntax
    'H'
    """

    def __init__(self, gates: Mapping[str, GateDefinition], nb_cbits: int = 0) -> None:
        self._gates = gates
        self._nb_cbits = nb_cbits
        self._instances: dict[str, Instance] = {}
        self._pending: list[str] = []

    def __getitem__(self, name: str) -> Instance:
        if (instance := self._instances.get(name)) is None:
            instance = self._instances[name] = self._read_guarded(name)
        return instance

    def _read_guarded(self, name: str) -> Instance:
        if name in self._pending:
            raise CircuitError(f"the definition of gate {name!r} refers to itself: {' -> '.join(self._pending)}")
        self._pending.append(name)
        try:
            return self._read(name)
        finally:
            self._pending.pop()

    def _read(self, name: str) -> Instance:
        definition = self._gates.get(name)
        if definition is None:
            return _predefined(name, self._gates)
        form, parameters = self._instance(definition)
        if definition.subgate is None and definition.arity not in (None, form.arity):
            raise CircuitError(
                f"gate {name!r} is defined with arity {definition.arity}, but acts on {form.arity} qubits: "
                f"correct its arity"
            )
        return form, parameters

    def _instance(self, definition: GateDefinition) -> Instance:
        if definition.syntax is not None and definition.syntax.name:
            return self._written(definition)
        if definition.subgate is not None:
            return self._derived(definition)
        if definition.circuit_implementation is not None:
            return GateForm(self._box(definition, definition.name or "", ())), ()
        if definition.matrix is None:
            raise CircuitError(
                f"gate {definition.name!r} has no syntax, no subgate, no matrix and no implementation: give it one"
            )
        return GateForm(_matrix_record(definition, "", ())), ()

    def _written(self, definition: GateDefinition) -> Instance:
        assert definition.syntax is not None
        name = definition.syntax.name or ""
        parameters = tuple(revert_parameter(param) for param in definition.syntax.parameters or ())
        if name == CUSTOM_GATE and definition.matrix is not None:
            return GateForm(_matrix_record(definition, name, ())), ()
        if definition.circuit_implementation is not None:
            return GateForm(self._box(definition, name, parameters)), parameters
        form = GateForm(_written_record(definition, name, parameters))
        if _is_overridden(definition, form, parameters):
            return GateForm(_matrix_record(definition, name, _types(parameters))), parameters
        return form, parameters

    def _derived(self, definition: GateDefinition) -> Instance:
        assert definition.subgate is not None
        form, parameters = self[definition.subgate]
        if definition.is_dag:
            form = replace(form, is_dag=not form.is_dag)
        form = form.transposed() if definition.is_trans else form
        form = form.conjugated() if definition.is_conj else form
        form = replace(form, nb_controls=form.nb_controls + (definition.nbctrls or 0))
        if _is_overridden(definition, form, parameters):
            return GateForm(_matrix_record(definition, "", ())), ()
        return form, parameters

    def _box(self, definition: GateDefinition, name: str, parameters: tuple[Any, ...]) -> GateRecord:
        implementation = definition.circuit_implementation
        assert implementation is not None
        body = _Reader(self, implementation.nbqbits or definition.arity or 0, self._nb_cbits).tape(
            implementation.ops or ()
        )
        arity = body.nb_qubits - len(implementation.ancillas or ()) if definition.arity is None else definition.arity
        return body_record(name, arity, body, parameters=_types(parameters))


def _predefined(name: str, gates: Mapping[str, GateDefinition]) -> Instance:
    record = GATES.get(name)
    if record is not None and not record.parameters:
        return GateForm(record), ()
    known = [*gates] or [name for name, record in GATES.items() if not record.parameters]
    close = get_close_matches(str(name), known, 3) or known[:20]
    raise CircuitError(
        f"gate {name!r} is not in the gate dictionary (it has {', '.join(map(str, close))}, …): add "
        f"circuit.gateDic[{name!r}] = GateDefinition({name!r}, arity=…, matrix=…)"
    )


def _types(parameters: tuple[Any, ...]) -> tuple[type, ...]:
    return tuple(float if is_symbolic(parameter) else type(parameter) for parameter in parameters)


def _written_record(definition: GateDefinition, name: str, parameters: tuple[Any, ...]) -> GateRecord:
    """Record of a gate by its name: what the package knows about it, or the little that the definition says."""
    origin: GateRecord | None = definition.origin
    if origin is not None and (origin.name, origin.nb_parameters) == (name, len(parameters)):
        return origin
    predefined = GATES.get(name)
    if predefined is not None and predefined.nb_parameters == len(parameters):
        return predefined
    types = _types(parameters)
    if definition.matrix is not None:
        return _matrix_record(definition, name, types)
    if definition.arity is None:
        raise CircuitError(f"gate {definition.name!r} ({name}) has no arity: give it one")
    return GateRecord(
        name=name,
        arity=definition.arity,
        parameters=types,
        matrix=preparation(name, definition.arity, types),
        label=name,
        identity=(name, definition.arity, types),
    )


def _matrix_record(definition: GateDefinition, name: str, types: tuple[type, ...]) -> GateRecord:
    assert definition.matrix is not None
    matrix = matrix_array(definition.matrix)
    size = matrix.shape[0]
    if matrix.shape[0] != matrix.shape[1] or size < 2 or size & (size - 1):
        raise CircuitError(
            f"the matrix of gate {definition.name!r} has shape {matrix.shape}: expected (2**n, 2**n) for n qubits"
        )
    return matrix_gate(matrix, name=name, parameters=types, label=name or definition.name)


def _is_overridden(definition: GateDefinition, form: GateForm, parameters: tuple[Any, ...]) -> bool:
    """Whether somebody gave the gate another matrix than its name stands for; then the matrix counts."""
    if definition.has_pending_matrix or definition.matrix is None or any(map(is_symbolic, parameters)):
        return False
    expected = form.full_matrix(*parameters)
    if expected is None:
        return form.record.body is None
    given = matrix_array(definition.matrix)
    return given.shape != expected.shape or not np.allclose(given, expected, rtol=0.0, atol=_TOLERANCE)


class _Reader:
    """Writes a tape from operations, checking each."""

    def __init__(self, gates: GateReader, nb_qubits: int, nb_cbits: int) -> None:
        self._gates = gates
        self._nb_qubits = nb_qubits
        self._nb_cbits = nb_cbits
        self._builder = TapeBuilder()
        self._forms: dict[str, tuple[int, int, tuple[Any, ...]]] = {}

    def tape(self, ops: Sequence[Op]) -> Tape:
        for index, op in enumerate(ops):
            try:
                self._append(op)
            except CircuitError as error:
                if error.index is not None:
                    raise
                raise CircuitError(str(error), index) from None
        return self._builder.tape(self._nb_qubits, self._nb_cbits)

    def _append(self, op: Op) -> None:
        qubits = self._qubits(op)
        if op.type == Kind.GATE:
            form, parameters = self._gate(op, qubits)
            self._builder.gate(form, qubits, parameters)
        elif op.type == Kind.CLASSIC_CONTROL:
            form, parameters = self._gate(op, qubits)
            self._builder.controlled_gate(self._cbits(op, 1)[0], form, qubits, parameters)
        elif op.type in ROW_NAMES:
            self._builder.classical(Kind(op.type), qubits, self._classical(op, qubits))
        else:
            raise CircuitError(f"type {op.type!r} is not an operation type: use one of OpType (0 is a gate)")

    def _gate(self, op: Op, qubits: list[int]) -> tuple[int, tuple[Any, ...]]:
        name = op.gate
        if name is None:
            raise CircuitError("it is a gate, but its gate name is None: set op.gate to a name in the gate dictionary")
        if (known := self._forms.get(name)) is None:
            form, parameters = self._gates[name]
            known = self._forms[name] = self._builder.form(form), form.arity, parameters
        number, arity, parameters = known
        if len(qubits) != arity:
            raise CircuitError(
                f"gate {name!r} acts on {arity} qubits, but got {len(qubits)} ({qubits}): give it {arity}"
            )
        return number, parameters

    def _qubits(self, op: Op) -> list[int]:
        qubits = _integers("qubits", op.qbits)
        if len(set(qubits)) != len(qubits):
            raise CircuitError(f"{_called(op)} acts on {qubits}, where a qubit is repeated: give each qubit once")
        if any(not 0 <= qubit < self._nb_qubits for qubit in qubits):
            raise CircuitError(
                f"{_called(op)} acts on {qubits}, but the circuit has qubits 0 to {self._nb_qubits - 1}: choose among "
                f"these, or raise circuit.nbqbits"
            )
        return qubits

    def _cbits(self, op: Op, nb_expected: int | None = None) -> tuple[int, ...]:
        cbits = _integers("classical bits", op.cbits)
        if nb_expected is not None and len(cbits) != nb_expected:
            raise CircuitError(f"{_called(op)} has classical bits {cbits}, expected {nb_expected}: set op.cbits")
        if any(not 0 <= cbit < self._nb_cbits for cbit in cbits):
            raise CircuitError(
                f"{_called(op)} uses classical bits {cbits}, but the circuit has {self._nb_cbits} of them: raise "
                f"circuit.nbcbits"
            )
        return tuple(cbits)

    def _classical(self, op: Op, qubits: list[int]) -> Classical:
        if op.type == Kind.REMAP:
            return Classical(remap=tuple(_integers("remap", op.remap)))
        nb_expected = {Kind.MEASURE: len(qubits), Kind.CLASSIC: 1, Kind.BREAK: 0}.get(Kind(op.type))
        if op.type in (Kind.CLASSIC, Kind.BREAK) and not op.formula:
            raise CircuitError(f"{_called(op)} has no formula: set op.formula, for example to 'AND 0 1'")
        return Classical(self._cbits(op, nb_expected), op.formula)


def _called(op: Op) -> str:
    return f"gate {op.gate!r}" if op.gate is not None else ROW_NAMES.get(op.type, f"type {op.type}")


def _integers(what: str, values: Any) -> list[int]:
    try:
        return [value if type(value) is int else value.__index__() for value in (() if values is None else values)]
    except (AttributeError, TypeError):
        raise CircuitError(f"its {what} are {values!r}: expected a list of integers") from None


__all__ = ["CircuitError", "GateReader", "read_view"]
