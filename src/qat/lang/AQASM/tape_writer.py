"""From programs to circuits: operations are written on a tape, routines opened, ancillas placed, gates linked.

Linking gives an implementation to gates made by ``build_gate``. It becomes a box, one gate with a body, shared by all
equal uses. It is opened in place instead when it must be (``inline``), when it needs ancillas, which are then placed
among the others, and when it is controlled and has parts that need no control.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qat.core.gate_set import GateSignature
from qat.kernels.gates import GateForm, GateRecord, matrix_gate
from qat.kernels.tape import Classical, Kind, Row, Tape, TapeBuilder, is_symbolic
from qat.kernels.tape_algebra import hashable
from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.lang.AQASM.gate import Gate, ParamGate, PredefGate, gate_of, tape_form, under_layers
from qat.lang.AQASM.generated import GeneratedMatrix
from qat.lang.AQASM.operations import (
    BreakOperation,
    CCQGateOperation,
    ClassicOperation,
    MeasureOperation,
    Operation,
    QGateOperation,
    ResetOperation,
)
from qat.lang.AQASM.recorder import Recording
from qat.lang.AQASM.routines import QRoutine

__all__ = ["Linking", "TapeWriter"]

_PLAIN_CLASSES = frozenset((Gate, PredefGate, ParamGate))
LOCK = GateForm(GateRecord(name="LOCK", arity=1, label="LOCK", summary="The ancilla is in use from here on."))
RELEASE = GateForm(GateRecord(name="RELEASE", arity=1, label="RELEASE", summary="The ancilla is clean and free."))


class Linking:
    """How gates with an implementation are written.

    Args:
        gate_set: implementations by gate name, which come before those the gates bring along.
        keep: names of the gates to leave as they are.
        is_on: whether to link at all.
        inline: open implementations in place instead of making boxes of them.
        box_routines: make boxes of routines too.
        include_locks: write when ancillas are taken and given back.
    """

    def __init__(
        self,
        gate_set: Mapping[str, GateSignature] | None = None,
        *,
        keep: Iterable[str] = (),
        is_on: bool = True,
        inline: bool = False,
        box_routines: bool = False,
        include_locks: bool = False,
    ) -> None:
        self.gate_set = gate_set or {}
        self.keep = frozenset(keep)
        self.is_on = is_on
        self.inline = inline
        self.box_routines = box_routines
        self.include_locks = include_locks
        self.bodies: dict[Any, tuple[QRoutine, GateRecord | None]] = {}

    def signature(self, name: str, own: GateSignature | None) -> GateSignature | None:
        """Where the implementation and the matrix of the gates of this name come from."""
        return self.gate_set.get(name, own)

    def implements(self, signature: GateSignature | None) -> bool:
        """Whether these gates are to be replaced by their implementation."""
        if signature is None or signature.circuit_generator is None or signature.name in self.keep:
            return False
        return self.is_on


class TapeWriter:
    """Writes operations on a tape.

    Args:
        nb_qubits: number of qubits of the program; ancillas come after them.
        linking: what to do with implementations.

    Attributes:
        locked_ranges: for each ancilla the first and last rows of its uses.
    """

    def __init__(self, nb_qubits: int, linking: Linking) -> None:
        self.builder = TapeBuilder()
        self.nb_qubits = nb_qubits
        self.linking = linking
        self.locked_ranges: dict[int, list[tuple[int, int]]] = {}
        self._first_rows: dict[int, int] = {}
        self._free: list[int] = []
        self._forms: dict[int, int] = {}
        self._plain: dict[int, int] = {}
        self._kept: list[GateForm] = []
        self._cbit: int | None = None

    def tape(self, nb_cbits: int) -> Tape:
        """The finished tape."""
        return self.builder.tape(self.nb_qubits, nb_cbits)

    def write(self, steps: Iterable[Operation | Recording]) -> None:
        """Write the operations of a program."""
        known, add = self._plain, self.builder.gate
        for operation in steps:
            if type(operation) is Recording:
                self._write_recording(operation)
                continue
            if type(operation) is not QGateOperation:
                self._write_other(operation)
                continue
            gate = operation.gate
            form = known.get(id(gate.form)) if type(gate) in _PLAIN_CLASSES else None
            if form is None:
                self.gate(gate, operation.args)
            else:  # nearly all gates
                add(form, operation.args, gate._tape_parameters)

    def _write_recording(self, recording: Recording) -> None:
        if all(self._is_plain(form, family) for _, form, family, _ in recording.palette):
            numbers = self.builder.numbers([tape_form(form) for _, form, _, _ in recording.palette])
            self.builder.extend(recording.columns, numbers)
        else:
            self.write(recording.operations())

    def _is_plain(self, form: GateForm, family: GateSignature | None) -> bool:
        """Whether a look at its kind tells how a gate is written."""
        matrix, linking = form.record.matrix, self.linking
        if matrix is None or isinstance(matrix, GeneratedMatrix):
            return False
        if family is None and not linking.gate_set:
            return True
        return not linking.implements(linking.signature(form.record.name, family))

    def _number(self, form: GateForm) -> int:
        """Number of a form on the tape."""
        index = self._forms.get(id(form))
        if index is None:
            index = self._forms[id(form)] = self.builder.form(form)
            self._kept.append(form)
        return index

    def _write_other(self, operation: Operation | Recording) -> None:
        match operation:
            case QGateOperation():
                self.gate(operation.gate, operation.args)
            case CCQGateOperation():
                self._cbit = operation.cbit
                self.gate(operation.gate, operation.args)
                self._cbit = None
            case MeasureOperation():
                self.builder.classical(Kind.MEASURE, operation.qbits, Classical(tuple(operation.cbits)))
            case ResetOperation():
                self.builder.classical(Kind.RESET, operation.qbits, Classical(tuple(operation.cbits)))
            case ClassicOperation():
                detail = Classical((operation.cbit,), operation.formula.to_thrift())
                self.builder.classical(Kind.CLASSIC, (), detail)
            case BreakOperation():
                detail = Classical(tuple(operation.formula.cbits_list()), operation.formula.to_thrift())
                self.builder.classical(Kind.BREAK, (), detail)

    # ---------------------------------------------------------------- gates
    def gate(self, gate: Gate, qubits: Sequence[int]) -> None:
        """Write a gate or routine."""
        known = self._plain.get(id(gate.form)) if type(gate) in _PLAIN_CLASSES else None
        if known is not None and self._cbit is None:
            self.builder.gate(known, qubits, gate.tape_parameters)
            return
        if isinstance(gate, QRoutine):
            if self.linking.box_routines and self._cbit is None:
                self.gate(gate.box(), qubits)
            else:
                self.routine(gate, qubits)
            return
        signature = self.linking.signature(gate.form.record.name, gate.signature)
        if self.linking.implements(signature) and self.implemented(gate, qubits, signature):
            return
        form = self._with_matrix(gate.tape_form, gate.parameters, signature)
        self._row(form, qubits, gate.tape_parameters)
        if form is gate.form and not self.linking.implements(signature) and form.record.matrix is not None:
            self._plain[id(form)] = self._forms[id(form)]

    def row(self, row: Row) -> None:
        """Write a row of a tape, its gate linked."""
        if row.form is None:
            self.builder.row(row)
            return
        if row.kind == Kind.CLASSIC_CONTROL and row.classical is not None:
            self._cbit = row.classical.cbits[0]
        self.gate(gate_of(row.form, row.parameters), row.qubits)
        self._cbit = None

    def _row(self, form: GateForm, qubits: Sequence[int], parameters: tuple[Any, ...]) -> None:
        index = self._number(form)
        if self._cbit is None:
            self.builder.gate(index, qubits, parameters)
        else:
            self.builder.controlled_gate(self._cbit, index, qubits, parameters)

    def _with_matrix(self, form: GateForm, parameters: tuple[Any, ...], signature: GateSignature | None) -> GateForm:
        """The form with the matrix for these parameters fixed, when a user's function makes it."""
        record = form.record
        generator = record.matrix
        if generator is None and signature is not None and signature.matrix_generator is not None:
            generator = GeneratedMatrix(record.name, record.arity, signature.matrix_generator)
        if not isinstance(generator, GeneratedMatrix):
            return form
        if any(map(is_symbolic, parameters)):
            return replace(form, record=replace(record, matrix=generator))
        fixed = matrix_gate(generator(*parameters), name=record.name, parameters=record.parameters, label=record.label)
        return replace(form, record=fixed)

    # ---------------------------------------------------------------- implementations
    def implemented(self, gate: Gate, qubits: Sequence[int], signature: GateSignature | None) -> bool:
        """Write the implementation of a gate; False when its parameters do not allow one yet."""
        assert signature is not None
        form, parameters = gate.form, gate.parameters
        if any(map(is_symbolic, parameters)):
            return self._implemented_symbolically(form, parameters, qubits, signature)
        routine, record = self._body(form.record, parameters, signature)
        if record is None or self._cbit is not None or (form.nb_controls and routine.has_protected_parts):
            self.routine(_under_layers(routine, form), qubits)
        else:
            self._row(replace(form, record=record), qubits, gate.tape_parameters)
        return True

    def _implemented_symbolically(
        self, form: GateForm, parameters: tuple[Any, ...], qubits: Sequence[int], signature: GateSignature
    ) -> bool:
        try:
            routine = implementation(signature, parameters, form.record.arity)
        except TypeError:  # it computes with the values themselves, so it has to wait for them
            return False
        self.routine(_under_layers(routine, form), qubits)
        return True

    def _body(
        self, record: GateRecord, parameters: tuple[Any, ...], signature: GateSignature
    ) -> tuple[QRoutine, GateRecord | None]:
        """The routine that implements a gate, and the record of the box, unless it is to be opened in place."""
        key = (id(signature), record.key, tuple(map(hashable, parameters)))
        known = self.linking.bodies.get(key)
        if known is None:
            routine = implementation(signature, parameters, record.arity)
            known = self.linking.bodies[key] = routine, self._boxed(record, routine, key)
        return known

    def _boxed(self, record: GateRecord, routine: QRoutine, key: Any) -> GateRecord | None:
        if self.linking.inline or self.linking.include_locks:
            return None
        writer = TapeWriter(record.arity, self.linking)
        writer.routine(routine, range(record.arity))
        if writer.nb_qubits != record.arity:
            return None
        body = writer.tape(0)
        return replace(record, body=body, matrix=None, identity=("box", *key[1:], _contents(body)))

    # ---------------------------------------------------------------- routines and ancillas
    def routine(self, routine: QRoutine, qubits: Sequence[int]) -> None:
        """Write the operations of a routine on ``qubits``, its ancillas on free ones from first to last use."""
        if not routine.ancillae:
            self._plain_routine(routine, routine.wire_map(qubits))
            return
        places = list(routine.wire_map(qubits))
        last_uses = {wire: step for step, op in enumerate(routine.op_list) for wire in _wires_of(op)}
        for step, operation in enumerate(routine.op_list):
            wires = _wires_of(operation)
            for wire in wires:
                if places[wire] < 0:
                    places[wire] = self._lock()
            if isinstance(operation, QGateOperation):
                self.gate(operation.gate, [places[wire] for wire in wires])
            for wire in wires:
                if wire in routine.ancillae and last_uses[wire] == step:
                    self._release(places[wire])

    def _plain_routine(self, routine: QRoutine, places: Sequence[int]) -> None:
        for operation in routine.op_list:
            if isinstance(operation, QGateOperation):
                self.gate(operation.gate, [places[wire] for wire in operation.args])

    def _lock(self) -> int:
        if self._free:
            qubit = self._free.pop(0)
        else:
            qubit = self.nb_qubits
            self.nb_qubits += 1
        self._first_rows[qubit] = len(self.builder)
        self._write_lock(LOCK, qubit)
        return qubit

    def _release(self, qubit: int) -> None:
        self._write_lock(RELEASE, qubit)
        insort(self._free, qubit)
        uses = self.locked_ranges.setdefault(qubit, [])
        uses.append((self._first_rows.pop(qubit), len(self.builder) - 1))

    def _write_lock(self, form: GateForm, qubit: int) -> None:
        if self.linking.include_locks:
            self.builder.gate(self.builder.form(form), (qubit,))


def _wires_of(operation: Operation) -> list[int]:
    return operation.args if isinstance(operation, QGateOperation) else []


def _contents(body: Tape) -> Any:
    return tuple(row._replace(parameters=tuple(map(hashable, row.parameters))) for row in body.rows())


def _under_layers(routine: QRoutine, form: GateForm) -> QRoutine:
    return under_layers(routine, form)  # type: ignore[return-value]


def implementation(signature: GateSignature, parameters: tuple[Any, ...], arity: int) -> QRoutine:
    """The routine that the circuit generator of ``signature`` makes from these parameters.

    Raises:
        InvalidArguments: it makes no routine, or one of another arity.
    """
    assert signature.circuit_generator is not None
    routine = signature.circuit_generator(*parameters)
    if not isinstance(routine, Gate):
        raise InvalidArguments(
            routine, f"the circuit generator of {signature.name} gave a {type(routine).__name__}", "return a QRoutine"
        )
    if routine.arity != arity:
        raise InvalidArguments(
            list(parameters),
            f"{signature.name} has arity {arity}, the routine that implements it has {routine.arity}",
            "give build_gate the arity of the routine, or declare its other wires as ancillas",
        )
    return routine if isinstance(routine, QRoutine) else _as_routine(routine)


def _as_routine(gate: Gate) -> QRoutine:
    assert gate.arity is not None
    return QRoutine(gate.arity).apply(gate, *range(gate.arity))  # type: ignore[no-any-return]
