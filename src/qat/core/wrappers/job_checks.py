"""Checks on what users put into a job: initial states, numbers of shots, qubits to measure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def checked_state(state: Any, nb_qubits: int | None) -> str | NDArray[Any]:
    """An initial state as a job keeps it: text, or normalised amplitudes of shape ``(2**nb_qubits,)``.

    Raises:
        ValueError: it does not have the right size, has other letters than ``01+-``, or is zero.
        TypeError: it is neither text nor an array.

    >>> checked_state("0+", 2)
    '0+'
    """
    if isinstance(state, str):
        return _checked_bits(state, nb_qubits)
    if not isinstance(state, np.ndarray | list | tuple):
        raise TypeError(f"psi_0 must be of type [string|numpy] array got {type(state)} instead")
    amplitudes = np.array(state)
    if not np.issubdtype(amplitudes.dtype, np.inexact):
        amplitudes = amplitudes.astype(np.float64)
    if nb_qubits is not None and amplitudes.shape != (2**nb_qubits,):
        raise ValueError(
            f"The shape of the statevector array must be equal to {(2**nb_qubits,)}, instead got an array of shape "
            f"{amplitudes.shape}"
        )
    norm = np.linalg.norm(amplitudes)
    if not (np.isfinite(norm) and norm > 0.0):
        raise ValueError(f"psi_0 has norm {norm}: give amplitudes that can be normalised to 1")
    normalised: NDArray[Any] = amplitudes / norm
    return normalised


def _checked_bits(state: str, nb_qubits: int | None) -> str:
    if nb_qubits is not None and len(state) != nb_qubits:
        raise ValueError(
            f"The number of bits in psi_0 must be same as the number of qubits, got {len(state)} bits in psi_0 "
            f"({state!r}) and {nb_qubits} qubits"
        )
    if set(state) - set("01+-"):
        raise ValueError(f"psi_0 is {state!r}: expected one of 0, 1, + and - for each qubit")
    return state


def checked_shots(nbshots: Any) -> int:
    """A number of shots as a plain integer; ``None`` is 0.

    Raises:
        ValueError: it is negative or not a whole number.

    >>> checked_shots(10)
    10
    """
    if nbshots is None:
        return 0
    is_whole = isinstance(nbshots, int | np.integer) or (isinstance(nbshots, float) and nbshots.is_integer())
    if not is_whole or isinstance(nbshots, bool) or nbshots < 0:
        raise ValueError(f"nbshots is {nbshots!r}: give a whole number of shots, or 0 for the exact result")
    return int(nbshots)


def checked_threshold(amp_threshold: Any) -> float:
    """A threshold on amplitudes; ``None`` is 0.

    Raises:
        ValueError: it is not a finite number from 0 on.

    >>> checked_threshold(0.1)
    0.1
    """
    if amp_threshold is None:
        return 0.0
    if not isinstance(amp_threshold, int | float | np.number) or not 0.0 <= amp_threshold < np.inf:
        raise ValueError(f"amp_threshold is {amp_threshold!r}: give a number from 0 on, 0 to keep all amplitudes")
    return amp_threshold  # type: ignore[return-value]


def checked_qubits(qubits: Any, nb_qubits: int, purpose: str = "measure") -> list[int]:
    """Qubits, given as an index, a register, or a list of these, as a list of indices.

    Raises:
        ValueError: one is out of range or repeated.

    >>> checked_qubits([2, 0], 3)
    [2, 0]
    """
    indices = list(_indices(qubits))
    wrong = [index for index in indices if not 0 <= index < nb_qubits]
    if wrong:
        raise ValueError(
            f"Some qubits are out of bound: cannot {purpose} qubits {wrong} of a circuit of {nb_qubits}: choose among "
            f"0 to {nb_qubits - 1}"
        )
    if len(set(indices)) != len(indices):
        raise ValueError(f"Cannot {purpose} qubits {indices}, where one is repeated: give each qubit once")
    return indices


def _indices(qubits: Any) -> Iterator[int]:
    if isinstance(qubits, int | np.integer):
        yield int(qubits)
    elif (index := getattr(qubits, "index", None)) is not None and not callable(index):
        yield int(index)
    elif hasattr(qubits, "start") and hasattr(qubits, "length"):
        yield from range(qubits.start, qubits.start + qubits.length)
    elif isinstance(qubits, str):
        raise ValueError(f"{qubits!r} is no list of qubits: give indices or registers")
    elif isinstance(qubits, Iterable):
        for part in qubits:
            yield from _indices(part)
    else:
        raise ValueError(f"{qubits!r} is no qubit: give indices or registers")
