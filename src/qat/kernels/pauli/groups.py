"""Groups of Pauli strings that one measurement serves, with the circuit that turns a group into Z strings.

A group's circuit ``U`` is made of gates of the gate table without parameters (H, S, CNOT, CSIGN); for each member
``U P U^dagger = sign * Z(z_mask)``. So run ``U`` after the state preparation, measure the qubits of ``z_mask``, and the
sign times the parity of the outcome samples ``P``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels.pauli.diagonal import Gate, Tableau, diagonalise
from qat.kernels.pauli.sums import Masks, PauliSum, mask_array, popcount


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiagonalGroup:
    """Terms of a sum measured together.

    Attributes:
        members: indices of the terms in the sum, increasing, shape ``(k,)``.
        circuit: gates ``(name, qubits)`` in order of application.
        z_masks: the Z string that each member becomes, shape ``(k,)``; qubit 0 is the most significant bit.
        signs: +1.0 or -1.0 for each member, shape ``(k,)``.
    """

    members: NDArray[np.int64]
    circuit: tuple[Gate, ...]
    z_masks: Masks
    signs: NDArray[np.float64]

    @property
    def measured(self) -> int:
        """Mask of the qubits that have to be measured."""
        return int(np.bitwise_or.reduce(self.z_masks, initial=0))


def single_groups(paulis: PauliSum) -> list[DiagonalGroup]:
    """A group for every term."""
    return [_qubit_wise_group(paulis, np.array([index])) for index in range(len(paulis))]


def qubit_wise_groups(paulis: PauliSum) -> list[DiagonalGroup]:
    """Groups whose members have equal letters wherever they meet; circuits act on single qubits.

    Terms are placed greedily, largest coefficient first, in the first group that takes them ("sorted insertion").
    Cost O(terms * groups).

    Source: Crawford et al., Quantum 5, 385 (2021).

    >>> sums = PauliSum.from_terms(2, [(1.0, "ZZ", [0, 1]), (1.0, "XX", [0, 1]), (0.5, "Z", [0])])
    >>> [group.members.tolist() for group in qubit_wise_groups(sums)]
    [[0, 2], [1]]
    """
    return [_qubit_wise_group(paulis, members) for members in _insert_all(paulis, _QubitWise(paulis).clashes)]


def commuting_groups(paulis: PauliSum) -> list[DiagonalGroup]:
    """Groups of mutually commuting terms, fewer than qubit-wise; circuits entangle.

    Placed as in ``qubit_wise_groups``. Cost O(terms**2) for the colouring, O(terms * n**2) for the circuits.

    >>> sums = PauliSum.from_terms(2, [(1.0, "ZZ", [0, 1]), (1.0, "XX", [0, 1]), (0.5, "Z", [0])])
    >>> [(group.members.tolist(), group.circuit) for group in commuting_groups(sums)][0]
    ([0, 1], (('CNOT', (0, 1)), ('H', (0,))))
    """
    return [_commuting_group(paulis, members) for members in _insert_all(paulis, _Commuting(paulis).clashes)]


class _QubitWise:
    """Which groups a term cannot join, when members must agree letter by letter."""

    def __init__(self, paulis: PauliSum) -> None:
        self._x, self._z = paulis.x_masks, paulis.z_masks
        self._groups: list[tuple[int, int]] = []

    def clashes(self, index: int, colours: NDArray[np.int64], nb_groups: int) -> NDArray[np.int64]:
        x, z = int(self._x[index]), int(self._z[index])
        for colour, (group_x, group_z) in enumerate(self._groups):
            if not ((x ^ group_x) | (z ^ group_z)) & (x | z) & (group_x | group_z):
                self._groups[colour] = (group_x | x, group_z | z)
                return np.arange(colour)
        self._groups.append((x, z))
        return np.arange(nb_groups)


class _Commuting:
    """Which groups a term cannot join, when members must commute."""

    def __init__(self, paulis: PauliSum) -> None:
        self._x, self._z = paulis.x_masks, paulis.z_masks

    def clashes(self, index: int, colours: NDArray[np.int64], nb_groups: int) -> NDArray[np.int64]:
        placed = np.flatnonzero(colours >= 0)
        x, z = self._x[index], self._z[index]
        turns = popcount(self._x[placed] & z) + popcount(self._z[placed] & x)
        return np.unique(colours[placed[(turns & 1).astype(bool)]])


_Clashes = Callable[[int, NDArray[np.int64], int], NDArray[np.int64]]


def _insert_all(paulis: PauliSum, clashes: _Clashes) -> list[NDArray[np.int64]]:
    """Members of each group, first-fit from the largest coefficient down."""
    colours = np.full(len(paulis), -1, np.int64)
    nb_groups = 0
    for index in np.argsort(-np.abs(paulis.coefficients), kind="stable").tolist():
        colour = _first_free(clashes(index, colours, nb_groups))
        colours[index] = colour
        nb_groups = max(nb_groups, colour + 1)
    return [np.flatnonzero(colours == colour) for colour in range(nb_groups)]


def _first_free(taken: NDArray[np.int64]) -> int:
    """Smallest number not in a sorted array of distinct numbers."""
    gaps = np.flatnonzero(taken != np.arange(len(taken)))
    return int(gaps[0]) if len(gaps) else len(taken)


def _qubit_wise_group(paulis: PauliSum, members: NDArray[np.int64]) -> DiagonalGroup:
    x_masks, z_masks = paulis.x_masks[members], paulis.z_masks[members]
    letters = Tableau.from_masks([_joined(x_masks)], [_joined(z_masks)], paulis.nb_qubits)
    circuit: list[Gate] = []
    for qubit in np.flatnonzero(letters.x[0]).tolist():
        circuit += [("S", (qubit,))] * int(letters.z[0, qubit]) + [("H", (qubit,))]
    return _group(paulis, members, circuit)


def _commuting_group(paulis: PauliSum, members: NDArray[np.int64]) -> DiagonalGroup:
    tableau = Tableau.from_masks(paulis.x_masks[members], paulis.z_masks[members], paulis.nb_qubits)
    return _group(paulis, members, diagonalise(tableau))


def _group(paulis: PauliSum, members: NDArray[np.int64], circuit: list[Gate]) -> DiagonalGroup:
    tableau = Tableau.from_masks(paulis.x_masks[members], paulis.z_masks[members], paulis.nb_qubits)
    for name, qubits in circuit:
        tableau.apply(name, qubits)
    z_masks = mask_array(tableau.z_masks(), paulis.nb_qubits)
    return DiagonalGroup(
        members=members, circuit=tuple(circuit), z_masks=z_masks, signs=np.where(tableau.is_negative, -1.0, 1.0)
    )


def _joined(masks: Masks) -> Any:
    return np.bitwise_or.reduce(masks)
