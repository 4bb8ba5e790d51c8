"""Rotations chosen by the state of other qubits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from qat.lang.AQASM.gates import CNOT, Gate
from qat.lang.AQASM.routines import QRoutine

__all__ = ["gray_code", "multiplexor"]


def gray_code(nbits: int) -> list[str]:
    """All words of ``nbits`` bits, in an order in which neighbours differ in one bit.

    >>> gray_code(2)
    ['00', '01', '11', '10']
    """
    return [format(index ^ (index >> 1), f"0{nbits}b") for index in range(2**nbits)]


def multiplexor(
    depth: int, angles: Sequence[float] | NDArray[np.float64], gate: Callable[[float], Gate], initial: bool = True
) -> QRoutine:
    """A rotation of the last qubit by an angle that the first ``depth`` qubits choose.

    It maps ``|i>|a>`` to ``|i> R(angles[i]) |a>``, first qubit of ``i`` most significant, with ``2**depth`` rotations
    and as many CNOT gates: between two rotations stands the CNOT of the bit in which neighbours of the Gray code
    differ. Source: M. Möttönen et al., Phys. Rev. Lett. 93, 130502 (2004), figure 2.

    Args:
        depth: number of choosing qubits.
        angles: angles in radians, at least ``2**depth`` of them.
        gate: the rotation ``R``, such as ``RY`` or ``RZ``; it turns to its inverse between two X gates.
        initial: whether to end with the CNOT that closes the cycle; two multiplexors on the same qubits with ``False``
            leave out one each.

    >>> from qat.lang.AQASM import RY
    >>> [operation.args for operation in multiplexor(1, [0.1, 0.2], RY).op_list]
    [[1], [0, 1], [1], [0, 1]]
    """
    routine = QRoutine()
    wires = routine.new_wires(depth + 1)
    mixed = mixed_angles(np.asarray(angles, dtype=np.float64)[: 2**depth])
    for index, angle in enumerate(mixed.tolist()):
        routine.apply(gate(angle), wires[depth])
        flipped = ((index + 1) & -(index + 1)).bit_length() - 1
        if depth and (initial or index + 1 < 2**depth):
            routine.apply(CNOT, wires[depth - 1 - min(flipped, depth - 1)], wires[depth])
    return routine


def mixed_angles(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The angles to apply between the CNOT gates of a multiplexor: a Walsh transform in Gray order.

    Shape ``(2**depth,)`` in and out. Source: Möttönen et al. (2004), equation 3. Cost O(4**depth).

    >>> mixed_angles(np.array([0.1, 0.3])).round(12).tolist()
    [0.2, -0.1]
    """
    index = np.arange(len(angles))
    gray = index ^ (index >> 1)
    signs = 1 - 2 * (np.bitwise_count(gray[:, None] & index[None, :]) & 1).astype(np.int64)
    mixed: NDArray[np.float64] = signs @ angles / len(angles)
    return mixed
