"""The moves of the NumPy engine: what a compiled circuit does to state vectors.

All steps take states of shape ``(..., 2**n)``, so several states can be carried along. They own the array they are
given: the answer may be the same array, changed. In matrices and tables the first qubit is the most significant bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.kernels.engine import State
from qat.kernels.gates import Matrix
from qat.kernels.numpy_products import on_middle_axis, overlaps, row_sums, weighted_sum


class Operands(NamedTuple):
    """The numbers of one run: a matrix per numbered gate, and the tape's parameters."""

    matrices: Sequence[Matrix]
    parameters: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BlockStep:
    """A matrix on neighbouring qubits in increasing order, as one product of arrays.

    Attributes:
        matrix: number of the matrix.
        dimension: its size.
        inner: ``2**`` number of qubits after the last one it acts on.
    """

    matrix: int
    dimension: int
    inner: int

    def apply(self, states: State, operands: Operands) -> State:
        """The states after the move."""
        return on_middle_axis(operands.matrices[self.matrix], states, self.inner)

    def undo(self, states: State, operands: Operands) -> State:
        """The states before the move, for a unitary one."""
        return on_middle_axis(operands.matrices[self.matrix].conj().T, states, self.inner)

    def transition(self, bra: State, ket: State) -> Matrix:
        """``T[a, b] = sum(conj(bra[a]) * ket[b])`` over all other qubits, ``a`` and ``b`` indices of the matrix."""
        return overlaps(*(self._rows(state) for state in (bra, ket)))

    def _rows(self, state: State) -> State:
        rows: State = state.reshape(-1, self.dimension, self.inner).swapaxes(0, 1).reshape(self.dimension, -1)
        return rows


class StridedStep:
    """A matrix on any qubits, with controls, in place: only the part where all controls are 1 is touched.

    Attributes:
        matrix: number of the matrix, which is for the targets alone.
        is_diagonal: whether the matrix has entries on its diagonal only.
    """

    __slots__ = ("_indices", "_shape", "is_diagonal", "matrix")

    def __init__(
        self, matrix: int, nb_qubits: int, controls: Sequence[int], targets: Sequence[int], *, is_diagonal: bool
    ) -> None:
        self.matrix, self.is_diagonal = matrix, is_diagonal
        self._shape, axes = _split_axes(nb_qubits, [*controls, *targets])
        fixed = {axes[qubit]: 1 for qubit in controls}
        self._indices = [
            _index(len(self._shape), fixed | {axes[qubit]: bit for qubit, bit in zip(targets, bits, strict=True)})
            for bits in product((0, 1), repeat=len(targets))
        ]

    def apply(self, states: State, operands: Operands) -> State:
        """The states after the move."""
        return self._multiply(operands.matrices[self.matrix], states)

    def undo(self, states: State, operands: Operands) -> State:
        """The states before the move, for a unitary one."""
        return self._multiply(operands.matrices[self.matrix].conj().T, states)

    def _multiply(self, matrix: Matrix, states: State) -> State:
        parts = self._parts(states)
        if self.is_diagonal:
            _scale(parts, matrix.diagonal().tolist())
        else:
            _mix(parts, matrix.tolist())
        return states

    def _parts(self, states: State) -> list[State]:
        tensor = states.reshape(self._shape)
        return [tensor[index] for index in self._indices]

    def transition(self, bra: State, ket: State) -> Matrix:
        """``T[a, b] = sum(conj(bra[a]) * ket[b])`` over all other qubits, ``a`` and ``b`` indices of the matrix."""
        bras = np.stack([part.reshape(-1) for part in self._parts(bra)])
        kets = np.stack([part.reshape(-1) for part in self._parts(ket)])
        return overlaps(bras, kets)


def _split_axes(nb_qubits: int, qubits: Sequence[int]) -> tuple[tuple[int, ...], dict[int, int]]:
    """Shape in which each of ``qubits`` has an axis of its own, the others share, and the axis of each."""
    shape, axes, last = [-1], {}, -1
    for qubit in sorted(qubits):
        shape += [1 << (qubit - last - 1), 2]
        axes[qubit], last = len(shape) - 1, qubit
    return (*shape, 1 << (nb_qubits - last - 1)), axes


def _index(nb_axes: int, fixed: dict[int, int]) -> tuple[Any, ...]:
    return tuple(fixed.get(axis, slice(None)) for axis in range(nb_axes))


def _scale(parts: list[State], factors: list[complex]) -> None:
    for part, factor in zip(parts, factors, strict=True):
        if factor != 1:
            part *= factor


def _mix(parts: list[State], rows: list[list[complex]]) -> None:
    """Replace the parts by the matrix times the parts; zeros and untouched parts cost nothing."""
    moved = [i for i, row in enumerate(rows) if any(entry != (i == j) for j, entry in enumerate(row))]
    results = {i: _combination(parts, rows[i]) for i in moved}
    for i, result in results.items():
        parts[i][...] = result


def _combination(parts: list[State], row: list[complex]) -> State | complex:
    terms = [(part, entry) for part, entry in zip(parts, row, strict=True) if entry != 0]
    if not terms:
        return 0
    part, entry = terms[0]
    total = part * entry if entry != 1 else part.copy()
    for part, entry in terms[1:]:
        total += part * entry
    return total


@dataclass(frozen=True, slots=True)
class MonomialStep:
    """A run of gates that only permute basis states and turn their phases, in one go.

    ``after[i] = phases[i] * exp(1j * sum(angles[k] * rates[k, i])) * before[sources[i]]`` with
    ``angles = parameters[indices]``.

    Attributes:
        sources: shape ``(2**n,)``, or ``None`` when nothing moves.
        phases: constant factors, shape ``(2**n,)``, or ``None`` when they are 1.
        indices: the angles' places among the parameters, shape ``(k,)``.
        rates: how fast each angle turns each amplitude, shape ``(k, 2**n)``.
    """

    sources: NDArray[np.intp] | None
    phases: Matrix | None
    indices: NDArray[np.intp]
    rates: NDArray[np.float64]

    def apply(self, states: State, operands: Operands) -> State:
        """The states after the move."""
        if self.sources is not None:
            states = states.take(self.sources, axis=-1)
        factors = self._factors(operands)
        if factors is not None:
            states *= factors
        return states

    def undo(self, states: State, operands: Operands) -> State:
        """The states before the move, for a unitary one."""
        factors = self._factors(operands)
        if factors is not None:
            states *= factors.conj()
        if self.sources is None:
            return states
        before = np.empty_like(states)
        before[..., self.sources] = states
        return before

    def _factors(self, operands: Operands) -> Matrix | None:
        if not len(self.indices):
            return self.phases
        turned: Matrix = np.exp(1j * weighted_sum(operands.parameters[self.indices], self.rates))
        return turned if self.phases is None else turned * self.phases

    def add_gradient(self, bra: State, ket: State, gradient: NDArray[np.float64]) -> None:
        """Add ``2 Re <bra| d/d angle |ket>``, for states after the step, to ``gradient`` at each angle's place."""
        if len(self.indices):
            gradient[self.indices] += row_sums(self.rates, -2 * (bra.conj() * ket).imag)

    @property
    def nb_bytes(self) -> int:
        """Size of the tables."""
        return sum(table.nbytes for table in (self.sources, self.phases, self.rates) if table is not None)


Dense = BlockStep | StridedStep
Step = Dense | MonomialStep
