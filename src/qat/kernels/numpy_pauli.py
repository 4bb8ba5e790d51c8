"""Sums of Pauli strings acting on state vectors.

The string with masks ``x`` and ``z`` maps the basis state ``i`` to ``i**popcount(x & z) * (-1)**popcount(z & i)``
times ``i ^ x``, so all strings with one X mask move amplitudes alike and differ by signs: their sum is one vector of
weights, and each distinct X mask costs one pass over the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.kernels import control
from qat.kernels.engine import State
from qat.kernels.gates import Matrix
from qat.kernels.numpy_products import overlap, row_sums, weighted_sum

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum

MAX_SIGN_QUBITS = 12
MAX_SIGN_ENTRIES = 1 << 18
"""Keep tables of signs, terms * 2**n, up to this size; beyond, signs are worked out when needed."""
MAX_WEIGHT_ENTRIES = 1 << 20
"""Keep weights of sums up to this size, groups * 2**n."""
_MASK = np.uint64
_POWERS_OF_I = np.array([1, 1j, -1, -1j])


class XGroup(NamedTuple):
    """The strings with one X mask.

    Attributes:
        x_mask: the mask.
        z_masks: Z masks of the strings, shape ``(k,)``.
        terms: their places in the sum.
        turns: their factors ``i**popcount(x & z)``.
        signs: ``(-1)**popcount(z & i)``, shape ``(k, 2**n)``, where the table is kept.
    """

    x_mask: int
    z_masks: NDArray[np.uint64]
    terms: NDArray[np.intp]
    turns: Matrix
    signs: NDArray[np.float64] | None


def x_groups(paulis: PauliSum, nb_qubits: int) -> list[XGroup]:
    """The strings grouped by X mask, on ``nb_qubits``. Kept for recent sums.

    Raises:
        ValueError: the sum has more qubits.
    """
    if paulis.nb_qubits > nb_qubits:
        raise ValueError(f"An observable on {paulis.nb_qubits} qubits does not fit a state of {nb_qubits}")
    return _kept_groups(nb_qubits, nb_qubits - paulis.nb_qubits, paulis.x_masks.tobytes(), paulis.z_masks.tobytes())


@lru_cache(maxsize=64)
def _kept_groups(nb_qubits: int, shift: int, x_bytes: bytes, z_bytes: bytes) -> list[XGroup]:
    x_masks, z_masks = (np.frombuffer(data, _MASK) << _MASK(shift) for data in (x_bytes, z_bytes))
    turns = _POWERS_OF_I[np.bitwise_count(x_masks & z_masks) % 4]
    has_signs = nb_qubits <= MAX_SIGN_QUBITS and len(x_masks) << nb_qubits <= MAX_SIGN_ENTRIES
    groups = []
    for x_mask in np.unique(x_masks):
        terms = np.flatnonzero(x_masks == x_mask)
        signs = _sign_table(z_masks[terms], nb_qubits) if has_signs else None
        groups.append(XGroup(int(x_mask), z_masks[terms], terms, turns[terms], signs))
    return groups


def _sign_table(z_masks: NDArray[np.uint64], nb_qubits: int) -> NDArray[np.float64]:
    states = np.arange(1 << nb_qubits, dtype=_MASK)
    signs: NDArray[np.float64] = 1.0 - 2.0 * (np.bitwise_count(z_masks[:, None] & states) & 1)
    return signs


def _signs(z_mask: int, nb_qubits: int) -> NDArray[np.float64]:
    """``(-1)**popcount(z_mask & i)`` for all ``i``. Cost O(2**n)."""
    signs = np.ones(1)
    for qubit in range(nb_qubits):
        factor = -1.0 if z_mask >> qubit & 1 else 1.0
        signs = np.concatenate([signs, factor * signs])
    return signs


def walsh_hadamard(values: Matrix) -> Matrix:
    """``out[z] = sum((-1)**popcount(z & i) * values[i])``, shape ``(2**n,)``. Cost O(n * 2**n).

    >>> walsh_hadamard(np.array([1, 2, 3, 4])).tolist()
    [10, -2, -4, 0]
    """
    for qubit in range(len(values).bit_length() - 1):
        pairs = values.reshape(-1, 2, 1 << qubit)
        values = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).reshape(-1)
    return values


Weights = tuple[int, Matrix]
"""An X mask ``x`` and ``w`` with ``(strings with that mask)|i> = w[i] |i ^ x>``."""


def _weights(paulis: PauliSum, nb_qubits: int) -> Iterable[Weights]:
    """The weights of all groups; kept for recent sums, unless they are too large."""
    nb_groups = len(x_groups(paulis, nb_qubits))
    if nb_groups << nb_qubits > MAX_WEIGHT_ENTRIES:
        return _all_weights(x_groups(paulis, nb_qubits), paulis.coefficients, nb_qubits)
    columns = (paulis.x_masks, paulis.z_masks, paulis.coefficients)
    return _kept_weights(nb_qubits, nb_qubits - paulis.nb_qubits, *(column.tobytes() for column in columns))


@lru_cache(maxsize=16)
def _kept_weights(
    nb_qubits: int, shift: int, x_bytes: bytes, z_bytes: bytes, coefficient_bytes: bytes
) -> tuple[Weights, ...]:
    coefficients = np.frombuffer(coefficient_bytes, np.complex128)
    return tuple(_all_weights(_kept_groups(nb_qubits, shift, x_bytes, z_bytes), coefficients, nb_qubits))


def _all_weights(groups: list[XGroup], coefficients: Matrix, nb_qubits: int) -> Iterator[Weights]:
    for number, group in enumerate(groups):
        control.report(number / len(groups))
        yield group.x_mask, _group_weights(group, coefficients[group.terms] * group.turns, nb_qubits)


def _group_weights(group: XGroup, factors: Matrix, nb_qubits: int) -> Matrix:
    if group.signs is not None:
        return weighted_sum(factors.real, group.signs) + 1j * weighted_sum(factors.imag, group.signs)
    if len(factors) > nb_qubits:
        spectrum = np.zeros(1 << nb_qubits, np.complex128)
        np.add.at(spectrum, group.z_masks.astype(np.intp), factors)
        return walsh_hadamard(spectrum)
    weights = np.zeros(1 << nb_qubits, np.complex128)
    for factor, z_mask in zip(factors, group.z_masks.tolist(), strict=True):
        weights += factor * _signs(z_mask, nb_qubits)
    return weights


def _moved(state: State, x_mask: int) -> State:
    """``out[i] = state[i ^ x_mask]``."""
    if not x_mask:
        return state
    moved: State = state[np.arange(len(state)) ^ x_mask]
    return moved


def expectation(state: State, paulis: PauliSum) -> complex:
    """See ``Engine.expectation``."""
    nb_qubits = len(state).bit_length() - 1
    total = complex(paulis.constant) * overlap(state, state).real if paulis.constant else 0j
    for x_mask, weights in _weights(paulis, nb_qubits):
        total += overlap(_moved(state, x_mask), weights * state)
    return total


def term_expectations(state: State, paulis: PauliSum) -> NDArray[np.float64]:
    """See ``Engine.term_expectations``."""
    nb_qubits = len(state).bit_length() - 1
    values = np.empty(len(paulis.x_masks))
    groups = x_groups(paulis, nb_qubits)
    for number, group in enumerate(groups):
        control.report(number / len(groups))
        overlaps = _moved(state, group.x_mask).conj() * state
        values[group.terms] = (group.turns * _signed_sums(overlaps, group, nb_qubits)).real
    return values


def _signed_sums(values: Matrix, group: XGroup, nb_qubits: int) -> Matrix:
    if group.signs is not None:
        return row_sums(group.signs, values.real) + 1j * row_sums(group.signs, values.imag)
    if len(group.terms) > nb_qubits:
        return walsh_hadamard(values)[group.z_masks.astype(np.intp)]
    return np.array([overlap(_signs(z_mask, nb_qubits), values) for z_mask in group.z_masks.tolist()])


def applied(state: State, paulis: PauliSum) -> State:
    """``paulis |state>``, shape ``(2**n,)``."""
    nb_qubits = len(state).bit_length() - 1
    result: Any = paulis.constant * state
    for x_mask, weights in _weights(paulis, nb_qubits):
        result = result + _moved(weights * state, x_mask)
    return np.asarray(result)
