"""Circuits on the wire: their gates, their tapes (bodies of boxes before what uses them), their registers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from qat.comm.wire.codec import Format
from qat.comm.wire.gate_sets import Signature, pack_gate_set, unpack_gate_set
from qat.comm.wire.gates import Form, Gate, is_computed, pack_form, pack_gate, unpack_form
from qat.comm.wire.records import (
    Ancillas,
    Declared,
    pack_ancillas,
    pack_variables,
    unpack_ancillas,
    unpack_variables,
)
from qat.comm.wire.registers import Register, pack_registers, unpack_registers
from qat.comm.wire.structures import gate_at, plain_tape
from qat.comm.wire.tape import Columns, pack_tape, unpack_tape
from qat.core.errors import WireError
from qat.core.wrappers.circuit import Circuit
from qat.kernels.gates import GateRecord
from qat.kernels.tape import Tape, is_symbolic

MAX_NESTING = 100
"""Boxes within boxes."""


class CircuitParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A circuit.

    Attributes:
        gates: the gates of all tapes: a name of the table, or a description.
        tapes: the bodies of the boxes, each before what uses it, then the circuit itself.
        registers: its registers.
        name: its name.
        gate_set: signatures of the gates known to the program, when they are not the predefined ones.
        options: whether the per-gate view has matrices (1), and of controlled gates too (2).
        ancillas: where ancillas are in use.
        variables: the declared variables, when they are not simply those in use.
        has_matrices: a flag kept for programs that set it.
    """

    gates: list[str | Gate]
    tapes: list[Columns]
    registers: list[Register] | None = None
    name: str | None = None
    gate_set: list[Signature] | None = None
    options: int = 3
    ancillas: Ancillas | None = None
    variables: list[Declared] | None = None
    has_matrices: bool | None = None


class _Packer:
    """Numbers the gates and the tapes of a circuit; every body before what uses it."""

    def __init__(self) -> None:
        self.tapes: list[Columns] = []
        self._records: dict[int, tuple[GateRecord, int]] = {}
        self._bodies: dict[int, int] = {}
        self._used: list[list[tuple[Any, ...]]] = []

    def add(self, tape: Tape, depth: int = 0) -> int:
        if depth > MAX_NESTING:
            raise WireError(f"boxes are nested more than {MAX_NESTING} deep", cure="inline the circuit first")
        forms = [pack_form(form, self._number(form.record, depth)) for form in tape.forms]
        self._note_values(tape, forms)
        self.tapes.append(pack_tape(tape, forms))
        return len(self.tapes) - 1

    def _number(self, record: GateRecord, depth: int) -> int:
        known = self._records.get(id(record))
        if known is None:
            if record.body is not None:
                self._bodies[id(record)] = self.add(record.body, depth + 1)
            known = self._records[id(record)] = (record, len(self._records))
            self._used.append([])
        return known[1]

    def _note_values(self, tape: Tape, forms: Sequence[Form]) -> None:
        """Remembers with which values the gates are used whose matrices must be sent."""
        if not any(is_computed(form.record) for form in tape.forms):
            return
        for row in tape.rows():
            if row.form is not None and is_computed(row.form.record) and not any(map(is_symbolic, row.parameters)):
                self._used[self._records[id(row.form.record)][1]].append(row.parameters)

    def gates(self) -> Iterator[str | Gate]:
        for record, number in self._records.values():
            yield pack_gate(record, self._used[number], self._bodies.get(id(record)))


def pack_circuit(circuit: Circuit) -> CircuitParts:
    """A circuit as it travels."""
    packer = _Packer()
    packer.add(circuit.tape)
    return CircuitParts(
        gates=list(packer.gates()),
        tapes=packer.tapes,
        registers=pack_registers(circuit.qregs),
        name=circuit.name,
        gate_set=None if circuit._gate_set is None else pack_gate_set(circuit._gate_set),
        options=circuit._include_matrices | (not circuit._submatrices_only) << 1,
        ancillas=pack_ancillas(circuit.ancilla_map),
        variables=pack_variables(circuit.declared_variables()),
        has_matrices=circuit.has_matrices,
    )


class _Unpacker:
    """Makes the gates and the tapes of a circuit in order."""

    def __init__(self, parts: CircuitParts) -> None:
        self._parts = parts
        self._tapes: list[Tape] = []
        self._depths: list[int] = []
        self._records: dict[int, GateRecord] = {}

    def circuit_tape(self) -> Tape:
        for wire in self._parts.tapes:
            forms = [unpack_form(form, self._record) for form in wire.forms]
            self._tapes.append(unpack_tape(wire, forms))
            inner = (self._body(form.gate) for form in wire.forms)
            self._depths.append(1 + max((self._depths[body] for body in inner if body is not None), default=-1))
            if self._depths[-1] > MAX_NESTING:
                raise WireError(f"boxes are nested more than {MAX_NESTING} deep")
        if not self._tapes:
            raise WireError("a circuit has no tape")
        return self._tapes[-1]

    def _body(self, gate: int) -> int | None:
        wire = self._parts.gates[gate]
        return None if isinstance(wire, str) else wire.body

    def _record(self, number: int) -> GateRecord:
        if number not in self._records:
            self._records[number] = gate_at(self._parts.gates, number, self._tape)
        return self._records[number]

    def _tape(self, number: int) -> Tape:
        if not 0 <= number < len(self._tapes):
            raise WireError(f"a gate has the body {number}, which does not come before it")
        return self._tapes[number]


def unpack_circuit(parts: CircuitParts) -> Circuit:
    """The circuit.

    Raises:
        WireError: its parts do not fit together.
    """
    tape = plain_tape(parts.gates, parts.tapes[0]) if len(parts.tapes) == 1 else None
    circuit = Circuit.from_tape(
        _Unpacker(parts).circuit_tape() if tape is None else tape,
        qregs=unpack_registers(parts.registers) or (),
        name=parts.name,
        gate_set=None if parts.gate_set is None else unpack_gate_set(parts.gate_set),
        include_matrices=bool(parts.options & 1),
        submatrices_only=not parts.options & 2,
        var_dic=unpack_variables(parts.variables),
        ancilla_map=unpack_ancillas(parts.ancillas),
    )
    circuit.has_matrices = parts.has_matrices
    return circuit


FORMATS = {"Circuit": Format(CircuitParts, pack_circuit, unpack_circuit)}
