"""From tapes to native programs: what the compiled engine is told once per circuit structure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.kernels._native import Program
from qat.kernels.engine import MissingMatrixError, UnsupportedRowError, checked_matrix
from qat.kernels.gates import GATES, GateForm, Matrix
from qat.kernels.native_subspace import Evaluators
from qat.kernels.numpy_plan import Interruption, MatrixGroup
from qat.kernels.tape import Kind, Tape

_GATE_BYTES = 64
_NO_MATRICES: Matrix = np.empty(0, np.complex128)


class FormKind(IntEnum):
    """What a gate form is, controls and marks aside; the numbers are those of ``native/program.h``."""

    FIXED = 0
    SUPPLIED = 1
    RX = 2
    RY = 3
    RZ = 4
    PH = 5
    SWAP = 6
    ISWAP = 7


class _Native(NamedTuple):
    """A form as the program takes it: ``sign`` multiplies the angle, ``matrix`` is that of a fixed form."""

    kind: FormKind
    nb_controls: int
    sign: float = 1.0
    matrix: Matrix | None = None


def _native_form(form: GateForm) -> _Native:
    kernel, nb_controls = form.kernel
    record = kernel.record
    is_predefined = record is GATES.get(record.name)
    is_transposed, is_conjugated = kernel.is_trans != kernel.is_dag, kernel.is_conj != kernel.is_dag
    if is_predefined and record.name in ("RX", "RY", "RZ", "PH"):
        is_reversed = is_transposed if record.name == "RY" else is_conjugated
        return _Native(FormKind[record.name], nb_controls, -1.0 if is_reversed else 1.0)
    if is_predefined and not nb_controls and (record.name == "SWAP" or (record.name == "ISWAP" and not is_conjugated)):
        return _Native(FormKind[record.name], 0)
    if record.nb_parameters or record.matrix is None:
        return _Native(FormKind.SUPPLIED, nb_controls)
    matrix = checked_matrix(record.name, kernel.matrices(), record.arity)
    return _Native(FormKind.FIXED, nb_controls, matrix=matrix)


_predefined_form = lru_cache(maxsize=256)(_native_form)


@dataclass(slots=True)
class Section:
    """A run of plain gates.

    Attributes:
        program: the gates, compiled.
        groups: uses of the gates whose matrices are made anew for each run, in groups of one form.
        nb_supplied: number of those uses.
        evaluators: what has been learnt of the section with observables.
    """

    program: Program
    groups: list[MatrixGroup] = field(default_factory=list)
    nb_supplied: int = 0
    evaluators: Evaluators = field(default_factory=Evaluators)

    def supplied(self, tape: Tape) -> Matrix:
        """The entries of the matrices to be supplied, in the order of their rows."""
        if not self.groups:
            return _NO_MATRICES
        matrices: list[Matrix] = [_NO_MATRICES] * self.nb_supplied
        for group in self.groups:
            for number, matrix in zip(group.numbers, group.matrices(tape), strict=True):
                matrices[number] = np.ravel(matrix)
        return np.concatenate(matrices)


@dataclass(slots=True, weakref_slot=True)
class NativePlan:
    """A compiled tape: ``sections[i]`` comes before ``interruptions[i]``, there is one more of the former.

    The steps of an interruption are a list with the section of its controlled gate, or empty.
    """

    nb_qubits: int
    sections: list[list[Section]]
    interruptions: list[Interruption]
    nb_bytes: int


def compiled(tape: Tape) -> NativePlan:
    """The plan of a tape without boxes. Cost O(rows), about 0.05 microseconds each.

    Raises:
        MissingMatrixError: a gate has no matrix.
        UnsupportedRowError: an operation cannot be executed.
        ValueError: a gate acts on more qubits than the engine takes at once.
    """
    return _Compiler(tape).compile()


class _Compiler:
    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.natives = [self._native_of(form) for form in tape.forms]
        self.forms: list[tuple[int, int, float, int]] = []
        matrices: list[Matrix] = []
        offset = 0
        for kind, nb_controls, sign, matrix in self.natives:
            self.forms.append((int(kind), nb_controls, sign, offset))
            if matrix is not None:
                matrices.append(matrix.ravel())
                offset += matrix.size
        self.matrices = np.concatenate(matrices) if matrices else _NO_MATRICES

    @staticmethod
    def _native_of(form: GateForm) -> _Native:
        is_predefined = form.record is GATES.get(form.record.name)
        return _predefined_form(form) if is_predefined else _native_form(form)

    def compile(self) -> NativePlan:
        self._require_matrices()
        sections: list[list[Section]] = []
        interruptions: list[Interruption] = []
        begin = 0
        for row in self._interrupting_rows():
            sections.append(self._section(begin, row))
            interruptions.append(self._interruption(row))
            begin = row + 1
        sections.append(self._section(begin, len(self.tape)))
        nb_bytes = len(self.tape) * _GATE_BYTES + self.matrices.nbytes
        return NativePlan(self.tape.nb_qubits, sections, interruptions, nb_bytes)

    def _require_matrices(self) -> None:
        missing = [number for number, form in enumerate(self.tape.forms) if form.record.matrix is None]
        if missing:
            rows = np.flatnonzero(np.isin(self.tape.gates, missing))
            if len(rows):
                name = self.tape.forms[self.tape.gates[rows[0]]].record.name
                raise MissingMatrixError(name, int(rows[0]))

    def _interrupting_rows(self) -> Iterator[int]:
        return iter(np.flatnonzero(self.tape.kinds != Kind.GATE).tolist()) if self.tape.classical else iter(())

    def _interruption(self, row: int) -> Interruption:
        tape = self.tape
        kind = Kind(int(tape.kinds[row]))
        if kind == Kind.REMAP:
            raise UnsupportedRowError("REMAP", row)
        steps: list[Section] = self._section(row, row + 1) if kind == Kind.CLASSIC_CONTROL else []
        qubits = tuple(tape.qubits[tape.qubit_starts[row] : tape.qubit_starts[row + 1]].tolist())
        return Interruption(row, kind, qubits, tape.classical[row], steps)  # type: ignore[arg-type]

    def _section(self, begin: int, end: int) -> list[Section]:
        if begin == end:
            return []
        tape = self.tape
        program = Program(
            tape.nb_qubits,
            tape.gates[begin:end],
            tape.qubit_starts[begin : end + 1],
            tape.qubits,
            tape.parameter_starts[begin : end + 1],
            self.forms,
            self.matrices,
        )
        section = Section(program)
        if any(native.kind == FormKind.SUPPLIED for native in self.natives):
            self._add_supplied(section, begin, end)
        return [section]

    def _add_supplied(self, section: Section, begin: int, end: int) -> None:
        groups: dict[int, MatrixGroup] = {}
        starts: NDArray[np.int32] = self.tape.parameter_starts
        for row, gate in enumerate(self.tape.gates[begin:end].tolist(), begin):
            if self.natives[gate].kind != FormKind.SUPPLIED:
                continue
            group = groups.setdefault(gate, MatrixGroup(self.tape.forms[gate].kernel[0]))
            group.indices.append(range(int(starts[row]), int(starts[row + 1])))
            group.numbers.append(section.nb_supplied)
            section.nb_supplied += 1
        section.groups = list(groups.values())
