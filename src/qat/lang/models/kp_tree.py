"""Loading an array into the amplitudes of a state."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.lang.AQASM.gates import RY
from qat.lang.AQASM.routines import QRoutine
from qat.lang.models.routines import multiplexor

__all__ = ["KPTree"]


class KPTree:
    """A Kerenidis-Prakash tree: the norms of all halves, quarters, … of an array of real numbers.

    The routine it gives prepares a state whose amplitudes are proportional to the array, with one multiplexed RY
    rotation per qubit. Source: I. Kerenidis, A. Prakash, "Quantum recommendation systems", arXiv:1603.08675 (2016).

    Args:
        data: array of real numbers, any shape; axes are filled up with zeros to powers of two.

    Raises:
        ValueError: a number is not real.

    >>> tree = KPTree(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> tree.get_routine().arity, len(tree.get_routine(1).op_list) < len(tree.get_routine().op_list)
    (2, True)
    """

    def __init__(self, data: Any) -> None:
        array = np.asarray(data)
        if np.iscomplexobj(array) and np.any(array.imag):
            raise ValueError("KPTree holds real numbers; prepare the phases of a complex state by other gates.")
        padded = _padded(np.asarray(array.real, dtype=np.float64))
        self.shape = padded.shape
        self.leaves = padded.ravel()
        self.depth = len(self.leaves).bit_length() - 1

    def get_routine(self, addresses_count: int = 0) -> QRoutine:
        """The routine that loads the data, on ``log2(size)`` qubits.

        Args:
            addresses_count: number of leading axes whose qubits are addresses: they are left as they are, and choose
                which part of the data is loaded, normalised by itself, into the remaining qubits.

        Raises:
            ValueError: there are not so many axes.
        """
        if not 0 <= addresses_count <= len(self.shape):
            raise ValueError(f"addresses_count is {addresses_count}, expected 0 to {len(self.shape)}, one per axis.")
        first = int(np.prod(self.shape[:addresses_count], dtype=np.int64)).bit_length() - 1
        routine = QRoutine()
        wires = routine.new_wires(self.depth)[:] if self.depth else []
        for level in range(first, self.depth):
            routine.apply(multiplexor(level, self.angles(level), RY), wires[: level + 1])
        return routine

    def angles(self, level: int) -> NDArray[np.float64]:
        """Angles in radians for qubit ``level``, by the state of the qubits before it, shape ``(2**level,)``."""
        halves = self.leaves.reshape(2**level, 2, -1)
        amplitudes = halves[:, :, 0] if halves.shape[2] == 1 else np.linalg.norm(halves, axis=2)
        return 2 * np.arctan2(amplitudes[:, 1], amplitudes[:, 0])


def _padded(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """The array with every axis filled up with zeros to a power of two."""
    widths = [(0, (1 << (size - 1).bit_length()) - size) for size in array.shape]
    return np.pad(array, widths)
