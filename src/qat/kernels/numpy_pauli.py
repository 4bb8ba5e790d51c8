"""Sums of Pauli strings acting on state vectors.

The string with masks ``x`` and ``z`` maps the basis state ``i`` to ``i**popcount(x & z) * (-1)**popcount(z & i)``
times ``i ^ x``, so all strings with one X mask move amplitudes alike and differ by signs: their sum is one vector of
weights, and each distinct X mask costs one pass over the state.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.kernels.engine import State
from qat.kernels.gates import Matrix

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum

MAX_TABLE_ENTRIES = 1 << 20
"""Keep tables of signs up to this size; beyond, signs are worked out when needed."""
_MAX_CACHED = 64
_POWERS_OF_I = np.array([1, 1j, -1, -1j])


class XGroup(NamedTuple):
    """The strings with one X mask: ``terms`` are their places in the sum, ``signs`` a table of shape ``(k, 2**n)``."""

    x_mask: int
    z_masks: NDArray[np.uint64]
    terms: NDArray[np.intp]
    turns: Matrix
    signs: NDArray[np.float64] | None


_groups: OrderedDict[Hashable, list[XGroup]] = OrderedDict()


def x_groups(paulis: PauliSum, nb_qubits: int) -> list[XGroup]:
    """The strings grouped by X mask, on ``nb_qubits`` (at least those of the sum). Kept for recent sums."""
    key = (nb_qubits, paulis.nb_qubits, paulis.x_masks.tobytes(), paulis.z_masks.tobytes())
    found = _groups.get(key)
    if found is None:
        found = _groups[key] = list(_make_groups(paulis, nb_qubits))
        while len(_groups) > _MAX_CACHED:
            _groups.popitem(last=False)
    return found


def _make_groups(paulis: PauliSum, nb_qubits: int) -> Iterator[XGroup]:
    shift = np.uint64(nb_qubits - paulis.nb_qubits)
    x_masks, z_masks = paulis.x_masks << shift, paulis.z_masks << shift
    turns = _POWERS_OF_I[np.bitwise_count(x_masks & z_masks) % 4]
    has_tables = len(x_masks) << nb_qubits <= MAX_TABLE_ENTRIES
    for x_mask in np.unique(x_masks):
        terms = np.flatnonzero(x_masks == x_mask)
        signs = _sign_table(z_masks[terms], nb_qubits) if has_tables else None
        yield XGroup(int(x_mask), z_masks[terms], terms, turns[terms], signs)


def _sign_table(z_masks: NDArray[np.uint64], nb_qubits: int) -> NDArray[np.float64]:
    states = np.arange(1 << nb_qubits, dtype=np.uint64)
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


def _weights(group: XGroup, coefficients: Matrix, nb_qubits: int) -> Matrix:
    """``w`` with ``(group of strings)|i> = w[i] |i ^ x>``."""
    factors = coefficients[group.terms] * group.turns
    if group.signs is not None:
        return np.asarray(factors @ group.signs)
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
    total = complex(paulis.constant) * float(np.vdot(state, state).real) if paulis.constant else 0j
    for group in x_groups(paulis, nb_qubits):
        weights = _weights(group, paulis.coefficients, nb_qubits)
        total += complex(np.vdot(_moved(state, group.x_mask), weights * state))
    return total


def term_expectations(state: State, paulis: PauliSum) -> NDArray[np.float64]:
    """See ``Engine.term_expectations``."""
    nb_qubits = len(state).bit_length() - 1
    values = np.empty(len(paulis.x_masks))
    for group in x_groups(paulis, nb_qubits):
        overlaps = _moved(state, group.x_mask).conj() * state
        values[group.terms] = (group.turns * _signed_sums(overlaps, group, nb_qubits)).real
    return values


def _signed_sums(values: Matrix, group: XGroup, nb_qubits: int) -> Matrix:
    if group.signs is not None:
        return np.asarray(group.signs @ values)
    if len(group.terms) > nb_qubits:
        return walsh_hadamard(values)[group.z_masks.astype(np.intp)]
    return np.array([values @ _signs(z_mask, nb_qubits) for z_mask in group.z_masks.tolist()])


def applied(state: State, paulis: PauliSum) -> State:
    """``paulis |state>``, shape ``(2**n,)``."""
    nb_qubits = len(state).bit_length() - 1
    result: State = paulis.constant * state
    for group in x_groups(paulis, nb_qubits):
        result = result + _moved(_weights(group, paulis.coefficients, nb_qubits) * state, group.x_mask)
    return result
