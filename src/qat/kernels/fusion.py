"""Gate fusion: runs of neighbouring gates replaced by one gate with their product as its matrix. Exact.

A gate may join an earlier group when nothing between the group and the gate touches the gate's qubits. Gates without
a matrix (symbolic parameters, abstract gates) stay as they are, and nothing moves past them on their qubits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from qat.kernels.gates import GateForm, Matrix, matrix_gate
from qat.kernels.tape import Row, Tape, TapeBuilder, is_symbolic
from qat.kernels.tape_algebra import opened

__all__ = ["Group", "fuse", "product"]

WINDOW = 64
"""How many groups back a gate looks for company, which keeps the cost linear."""


@dataclass(slots=True, eq=False)
class Group:
    """Gates that become one: their qubits in order of first use, the rows and their matrices.

    A group without matrices is a single gate that cannot be fused.
    """

    qubits: list[int]
    rows: list[Row] = field(default_factory=list)
    matrices: list[Matrix] = field(default_factory=list)

    def nb_added(self, qubits: Sequence[int]) -> int:
        """Number of qubits the group would grow by."""
        return sum(qubit not in self.qubits for qubit in qubits)

    def add(self, row: Row, matrix: Matrix) -> None:
        """Append a gate."""
        self.rows.append(row)
        self.matrices.append(matrix)
        self.qubits.extend(qubit for qubit in row.qubits if qubit not in self.qubits)


Choice = Callable[[Sequence[Group], Sequence[int]], Group | None]
"""A strategy: of the groups a gate on the given qubits may join, oldest first, the one to join."""


def fuse(tape: Tape, choose: Choice, *, qubit_limit: int = 3) -> Tape:
    """The tape with boxes opened and gates fused.

    Cost: ``O(n)`` searches for groups, ``O(4**k)`` for each gate in a group of ``k`` qubits.

    Args:
        tape: plain gates only.
        choose: the strategy; it keeps groups at ``qubit_limit`` or below.
        qubit_limit: gates on more qubits than this stay as they are.

    Raises:
        ValueError: if the tape measures, resets or has classical control.

    >>> from qat.kernels.gates import GATES
    >>> builder = TapeBuilder()
    >>> builder.gate(builder.form(GateForm(GATES["H"])), [0])
    >>> builder.gate(builder.form(GateForm(GATES["CNOT"])), [0, 1])
    >>> [(row.form.syntax, row.qubits) for row in fuse(builder.tape(2), lambda groups, qubits: groups[-1]).rows()]
    [('CustomGate', (0, 1))]
    """
    tape = opened(tape)
    if not tape.is_unitary:
        raise ValueError("only circuits made of plain gates can be fused; remove measurements, resets and controls")
    builder = TapeBuilder()
    for group in _grouped(tape, choose, qubit_limit):
        _write(group, builder)
    return builder.tape(tape.nb_qubits, tape.nb_cbits)


def _grouped(tape: Tape, choose: Choice, qubit_limit: int) -> list[Group]:
    groups: list[Group] = []
    last_touch = [-1] * tape.nb_qubits
    positions: dict[int, int] = {}
    for row, matrix in _with_matrices(tape, qubit_limit):
        after = max((last_touch[qubit] for qubit in row.qubits), default=-1)
        joinable = [] if matrix is None else _joinable(groups, after)
        group = choose(joinable, row.qubits) if joinable else None
        if group is None:
            group = Group(list(row.qubits))
            positions[id(group)] = len(groups)
            groups.append(group)
        if matrix is None:
            group.rows.append(row)
        else:
            group.add(row, matrix)
        for qubit in row.qubits:
            last_touch[qubit] = positions[id(group)]
    return groups


def _joinable(groups: Sequence[Group], after: int) -> list[Group]:
    return [group for group in groups[max(after, len(groups) - WINDOW, 0) :] if group.matrices]


def _with_matrices(tape: Tape, qubit_limit: int) -> Iterator[tuple[Row, Matrix | None]]:
    for row in tape.rows():
        assert row.form is not None
        is_open = any(is_symbolic(value) for value in row.parameters)
        too_large = len(row.qubits) > qubit_limit
        yield row, None if is_open or too_large else row.form.full_matrix(*row.parameters)


def _write(group: Group, builder: TapeBuilder) -> None:
    if len(group.rows) == 1:
        builder.row(group.rows[0])
        return
    builder.gate(builder.form(GateForm(matrix_gate(product(group)))), group.qubits)


def product(group: Group) -> Matrix:
    """Product of a group's gates over its qubits, first one most significant; shape ``(2**k, 2**k)``."""
    k = len(group.qubits)
    place = {qubit: index for index, qubit in enumerate(group.qubits)}
    total = np.eye(1 << k, dtype=np.complex128).reshape([2] * k + [1 << k])
    for row, matrix in zip(group.rows, group.matrices, strict=True):
        total = _applied(matrix, [place[qubit] for qubit in row.qubits], total)
    return np.ascontiguousarray(total.reshape(1 << k, 1 << k))


def _applied(matrix: Matrix, axes: list[int], total: Matrix) -> Matrix:
    """A matrix applied to some axes, each of length 2, of a tensor."""
    order = [*axes, *(axis for axis in range(total.ndim) if axis not in axes)]
    moved = total.transpose(order)
    applied: Matrix = (matrix @ moved.reshape(len(matrix), -1)).reshape(moved.shape)
    return applied.transpose(sorted(range(total.ndim), key=order.__getitem__))
