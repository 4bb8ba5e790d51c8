"""Sums of Pauli strings acting on state vectors, compiled.

The functions are those of :mod:`qat.kernels.numpy_pauli`. The strings of recent sums stay grouped; see
``native/pauli_sum.h`` for the method.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels import _native
from qat.kernels.engine import State

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum


def expectation(state: State, paulis: PauliSum, nb_threads: int = 1) -> complex:
    """See ``Engine.expectation``."""
    constant = complex(paulis.constant)
    answer: complex = strings(state, paulis).expectation(paulis.coefficients, constant, state, nb_threads)
    return answer


def term_expectations(state: State, paulis: PauliSum, nb_threads: int = 1) -> NDArray[np.float64]:
    """See ``Engine.term_expectations``."""
    values: NDArray[np.float64] = strings(state, paulis).term_values(state, nb_threads)
    return values


def variance(state: State, paulis: PauliSum, nb_threads: int = 1) -> float:
    """See ``Engine.variance``."""
    weights = np.abs(paulis.coefficients) ** 2
    return float(weights @ np.maximum(1 - term_expectations(state, paulis, nb_threads) ** 2, 0))


def applied(state: State, paulis: PauliSum, nb_threads: int = 1) -> State:
    """``paulis |state>``, shape ``(2**n,)``, in the precision of the state."""
    answer: State = strings(state, paulis).applied(paulis.coefficients, complex(paulis.constant), state, nb_threads)
    return answer


def strings(state: State, paulis: PauliSum) -> Any:
    """The grouped strings of a sum, as wide as a state. Kept for recent sums.

    Raises:
        ValueError: the sum has more qubits than the state.
    """
    return strings_on(len(state).bit_length() - 1, paulis)


def strings_on(nb_qubits: int, paulis: PauliSum) -> Any:
    """The grouped strings of a sum on ``nb_qubits``; see ``strings``."""
    if (known := paulis.kept.get(nb_qubits)) is not None:
        return known
    require_width(nb_qubits, paulis)
    found = paulis.kept[nb_qubits] = _kept_strings(nb_qubits, nb_qubits - paulis.nb_qubits, *paulis.key[2:4])
    return found


def require_width(nb_qubits: int, paulis: PauliSum) -> None:
    """Check that a sum is not on more qubits than a state.

    Raises:
        ValueError: it is.
    """
    if paulis.nb_qubits > nb_qubits:
        raise ValueError(f"An observable on {paulis.nb_qubits} qubits does not fit a state of {nb_qubits}")


@lru_cache(maxsize=64)
def _kept_strings(nb_qubits: int, shift: int, x_bytes: bytes, z_bytes: bytes) -> Any:
    x_masks, z_masks = (np.frombuffer(data, np.uint64) << np.uint64(shift) for data in (x_bytes, z_bytes))
    return _native.PauliStrings(nb_qubits, x_masks, z_masks)
