"""From tapes to plans: gates that only permute and turn phases are merged, the others become products of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.kernels.engine import MissingMatrixError, UnsupportedRowError, checked_matrix
from qat.kernels.gates import GATES, GateForm, Matrix
from qat.kernels.numpy_plan import Interruption, MatrixGroup, Plan
from qat.kernels.numpy_steps import BlockStep, Dense, MonomialStep, Step, StridedStep
from qat.kernels.tape import Kind, Row, Tape

MAX_TABLE_QUBITS = 12
"""Beyond this, gates work on slices of the state instead of tables of its size."""
MAX_TABLE_ENTRIES = 1 << 21
"""Bound on rows * 2**n for a plan with tables."""
MAX_BLOCK_LOOPS = 16
MIN_BLOCK_INNER = 32
"""A block step loops over the values of the qubits before it: better than slices for few loops, or long ones."""
_STEP_BYTES = 600


def compiled(tape: Tape) -> Plan:
    """The plan of a tape without boxes. Cost O(rows), and O(rows * 2**n) for small circuits.

    Raises:
        MissingMatrixError: a gate has no matrix.
        UnsupportedRowError: an operation cannot be executed.
    """
    return _Compiler(tape).compile()


class _Table(NamedTuple):
    """A monomial gate on all its qubits: row ``i`` of its matrix has ``values[i]`` in column ``i ^ flips[i]``."""

    flips: NDArray[np.intp] | None
    values: Matrix | None


class _Nature(NamedTuple):
    """What a plan needs to know about a form: its kernel, and tables when it is monomial."""

    kernel: GateForm
    nb_controls: int
    matrix: Matrix | None
    table: _Table | None
    rates: NDArray[np.float64] | None
    is_diagonal: bool

    @property
    def is_mergeable(self) -> bool:
        """Whether a monomial step can take it in."""
        return self.table is not None or self.rates is not None

    @property
    def is_monomial(self) -> bool:
        """Whether it only permutes basis states and turns phases."""
        return self.is_diagonal or self.is_mergeable


def _nature(form: GateForm) -> _Nature:
    kernel, nb_controls = form.kernel
    matrix = kernel.matrices() if not form.record.nb_parameters else None
    if matrix is not None:
        matrix = checked_matrix(form.record.name, matrix, kernel.record.arity)
    rates = _rates(kernel)
    diagonal = rates is not None or (matrix is not None and not np.any(matrix - np.diag(matrix.diagonal())))
    if rates is not None:
        rates = np.concatenate([np.zeros(len(rates) * ((1 << nb_controls) - 1)), rates])
    table = (
        _table(matrix, nb_controls) if matrix is not None and kernel.arity + nb_controls <= MAX_TABLE_QUBITS else None
    )
    return _Nature(kernel, nb_controls, matrix, table, rates, diagonal)


_predefined_nature = lru_cache(maxsize=256)(_nature)


def _rates(kernel: GateForm) -> NDArray[np.float64] | None:
    """For a gate ``diag(exp(1j * angle * rates))`` the rates, shape ``(2**arity,)``."""
    generator = kernel.record.generator
    if generator is None or kernel.record.nb_parameters != 1 or np.any(generator - np.diag(generator.diagonal())):
        return None
    sign = 1 if kernel.is_dag != kernel.is_conj else -1
    return sign * generator.diagonal().real


def _table(matrix: Matrix, nb_controls: int) -> _Table | None:
    used = matrix != 0
    if np.any(used.sum(axis=0) != 1) or np.any(used.sum(axis=1) != 1):
        return None
    rows = np.arange(len(matrix))
    columns = used.argmax(axis=1)
    idle = len(matrix) * ((1 << nb_controls) - 1)
    flips = np.concatenate([np.zeros(idle, np.intp), rows ^ columns])
    values = np.concatenate([np.ones(idle), matrix[rows, columns]])
    return _Table(flips if flips.any() else None, values if np.any(values != 1) else None)


class _Monomial(NamedTuple):
    """A monomial gate waiting to be merged; ``parameter`` is its angle's place among the parameters."""

    nature: _Nature
    qubits: tuple[int, ...]
    parameter: int


class _Compiler:
    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.plan = Plan(tape.nb_qubits)
        self.has_tables = tape.nb_qubits <= MAX_TABLE_QUBITS and len(tape) << tape.nb_qubits <= MAX_TABLE_ENTRIES
        self.natures = [self._nature_of(form) for form in tape.forms]
        self.numbers: dict[GateForm, int] = {}
        self.groups: dict[GateForm, MatrixGroup] = {}
        self.waiting: list[_Monomial] = []

    @staticmethod
    def _nature_of(form: GateForm) -> _Nature:
        is_predefined = form.record is GATES.get(form.record.name)
        return _predefined_nature(form) if is_predefined else _nature(form)

    def compile(self) -> Plan:
        gates, starts = self.tape.gates.tolist(), self.tape.parameter_starts.tolist()
        for i, row in enumerate(self.tape.rows()):
            if row.kind == Kind.GATE:
                self._gate(i, gates[i], row, range(starts[i], starts[i + 1]))
            else:
                self._interrupt(i, gates[i], row, range(starts[i], starts[i + 1]))
        self._flush()
        self.plan.groups = list(self.groups.values())
        self.plan.nb_bytes += sum(matrix.nbytes for matrix in self.plan.constants if matrix is not None)
        return self.plan

    def _gate(self, row_number: int, gate: int, row: Row, indices: range) -> None:
        assert row.form is not None
        nature = self.natures[gate]
        if row.form.record.matrix is None:
            raise MissingMatrixError(row.form.record.name, row_number)
        if self.has_tables and nature.is_mergeable:
            self.waiting.append(_Monomial(nature, row.qubits, indices.start))
            return
        self._flush()
        self._add(self._dense(nature, row.qubits, self._number(nature, indices)))

    def _number(self, nature: _Nature, indices: range) -> int:
        form, constants = nature.kernel, self.plan.constants
        if not form.record.nb_parameters:
            if form not in self.numbers:
                self.numbers[form] = len(constants)
                constants.append(nature.matrix)
            return self.numbers[form]
        group = self.groups.setdefault(form, MatrixGroup(form))
        group.indices.append(indices)
        group.numbers.append(len(constants))
        constants.append(None)
        return group.numbers[-1]

    def _dense(self, nature: _Nature, qubits: tuple[int, ...], matrix: int) -> Dense:
        controls, targets = qubits[: nature.nb_controls], qubits[nature.nb_controls :]
        after = self.tape.nb_qubits - 1 - targets[-1]
        is_block = not controls and targets == tuple(range(targets[0], targets[0] + len(targets)))
        is_short = after and 1 << after < MIN_BLOCK_INNER and 1 << targets[0] > MAX_BLOCK_LOOPS
        if is_block and not nature.is_monomial and not is_short:
            return BlockStep(matrix, 1 << len(targets), 1 << after)
        return StridedStep(matrix, self.tape.nb_qubits, controls, targets, is_diagonal=nature.is_diagonal)

    def _add(self, step: Step) -> None:
        self.plan.sections[-1].append(step)
        self.plan.nb_bytes += _STEP_BYTES

    def _flush(self) -> None:
        if self.waiting:
            step = _merged(self.waiting, self.tape.nb_qubits)
            self._add(step)
            self.plan.nb_bytes += step.nb_bytes
            self.waiting = []

    def _interrupt(self, row_number: int, gate: int, row: Row, indices: range) -> None:
        if row.kind == Kind.REMAP:
            raise UnsupportedRowError("REMAP", row_number)
        self._flush()
        steps = self.plan.sections[-1]
        controlled: list[Step] = []
        self.plan.sections[-1] = controlled
        if row.kind == Kind.CLASSIC_CONTROL:
            self._gate(row_number, gate, row, indices)
            self._flush()
        self.plan.sections[-1] = steps
        self.plan.sections.append([])
        assert row.classical is not None
        self.plan.interruptions.append(Interruption(row_number, Kind(row.kind), row.qubits, row.classical, controlled))


def _merged(gates: Sequence[_Monomial], nb_qubits: int) -> MonomialStep:
    """One step for a run of gates, worked out from the last gate to the first."""
    sources = np.arange(1 << nb_qubits)
    phases: Matrix | None = None
    rates: list[NDArray[np.float64]] = []
    indices: list[int] = []
    for nature, qubits, parameter in reversed(gates):
        outcomes = _outcomes(sources, qubits, nb_qubits)
        if nature.rates is not None:
            rates.append(nature.rates[outcomes])
            indices.append(parameter)
            continue
        flips, values = nature.table or _Table(None, None)
        if values is not None:
            phases = values[outcomes] if phases is None else phases * values[outcomes]
        if flips is not None:
            sources = sources ^ _spread(flips, qubits, nb_qubits)[outcomes]
    moves = not np.array_equal(sources, np.arange(1 << nb_qubits))
    return MonomialStep(
        sources if moves else None,
        phases,
        np.array(indices, np.intp),
        np.array(rates).reshape(len(rates), 1 << nb_qubits),
    )


def _outcomes(states: NDArray[np.intp], qubits: tuple[int, ...], nb_qubits: int) -> NDArray[np.intp]:
    """The bits ``qubits`` of each basis state, as numbers."""
    outcomes = np.zeros_like(states)
    for place, qubit in enumerate(reversed(qubits)):
        outcomes |= (states >> (nb_qubits - 1 - qubit) & 1) << place
    return outcomes


def _spread(numbers: NDArray[np.intp], qubits: tuple[int, ...], nb_qubits: int) -> NDArray[np.intp]:
    """The inverse of ``_outcomes``: basis states with ``numbers`` in the bits ``qubits`` and 0 elsewhere."""
    states = np.zeros_like(numbers)
    for place, qubit in enumerate(reversed(qubits)):
        states |= (numbers >> place & 1) << (nb_qubits - 1 - qubit)
    return states
