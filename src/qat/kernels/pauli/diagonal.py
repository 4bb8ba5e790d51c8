"""Clifford circuits that turn commuting Pauli strings into Z strings.

The tableau holds one string a row as bits ``x`` and ``z`` per qubit and a sign, and is conjugated by gates. Source:
Aaronson and Gottesman, Phys. Rev. A 70, 052328 (2004); the elimination follows van den Berg and Temme, Quantum 4,
322 (2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Gate = tuple[str, tuple[int, ...]]
Bits = NDArray[np.bool_]


class Tableau:
    """Signed Pauli strings under conjugation ``P -> U P U^dagger`` by Clifford gates. Changes in place.

    Attributes:
        x: bits of the X masks, shape ``(k, n)``, column ``q`` for qubit ``q``.
        z: bits of the Z masks, as ``x``.
        is_negative: signs, shape ``(k,)``.

    >>> tableau = Tableau.from_masks([1], [1], 1)
    >>> tableau.apply("S", (0,))
    >>> tableau.x.tolist(), tableau.z.tolist(), tableau.is_negative.tolist()
    ([[True]], [[False]], [True])
    """

    def __init__(self, x: Bits, z: Bits) -> None:
        self.x, self.z = x, z
        self.is_negative: Bits = np.zeros(len(x), bool)

    @classmethod
    def from_masks(cls, x_masks: Iterable[int], z_masks: Iterable[int], nb_qubits: int) -> Tableau:
        """Tableau of strings given by masks, qubit 0 the most significant of ``nb_qubits`` bits."""
        return cls(_bits(x_masks, nb_qubits), _bits(z_masks, nb_qubits))

    def apply(self, name: str, qubits: tuple[int, ...]) -> None:
        """Conjugate by H, S, CNOT or CSIGN."""
        _CONJUGATIONS[name](self, *qubits)

    def z_masks(self) -> list[int]:
        """The Z masks as integers, qubit 0 the most significant bit."""
        return [int("".join("01"[bit] for bit in row) or "0", 2) for row in self.z.tolist()]

    def _h(self, qubit: int) -> None:
        x, z = self.x[:, qubit].copy(), self.z[:, qubit].copy()
        self.is_negative ^= x & z
        self.x[:, qubit], self.z[:, qubit] = z, x

    def _s(self, qubit: int) -> None:
        self.is_negative ^= self.x[:, qubit] & self.z[:, qubit]
        self.z[:, qubit] ^= self.x[:, qubit]

    def _cnot(self, control: int, target: int) -> None:
        x, z = self.x, self.z
        self.is_negative ^= x[:, control] & z[:, target] & ~(x[:, target] ^ z[:, control])
        x[:, target] ^= x[:, control]
        z[:, control] ^= z[:, target]

    def _csign(self, first: int, second: int) -> None:
        x, z = self.x, self.z
        self.is_negative ^= x[:, first] & x[:, second] & (z[:, first] ^ z[:, second])
        z[:, first] ^= x[:, second]
        z[:, second] ^= x[:, first]


_CONJUGATIONS: dict[str, Callable[..., None]] = {
    "H": Tableau._h,
    "S": Tableau._s,
    "CNOT": Tableau._cnot,
    "CSIGN": Tableau._csign,
}


def diagonalise(tableau: Tableau) -> list[Gate]:
    """Gates that turn mutually commuting strings into Z strings; empty when they already are. Cost O(k * n**2).

    With ``r`` independent X masks it takes at most ``r * (n - r)`` CNOT, ``r * (r - 1) / 2`` CSIGN, ``r`` S, ``r`` H.

    >>> diagonalise(Tableau.from_masks([0b11, 0b00], [0b00, 0b11], 2))
    [('CNOT', (0, 1)), ('H', (0,))]
    """
    rows, pivots = _generators_with_x(tableau)
    return [*_clear_other_x(rows, pivots), *_clear_pivot_z(rows, pivots), *(("H", (pivot,)) for pivot in pivots)]


def _generators_with_x(tableau: Tableau) -> tuple[Tableau, list[int]]:
    """Independent products of the strings whose X masks are in reduced echelon form, and their pivot qubits.

    Signs are of no interest here, so that multiplying two strings is adding their bits.
    """
    x, z = tableau.x.copy(), tableau.z.copy()
    pivots: list[int] = []
    for qubit in range(x.shape[1]):
        found = np.flatnonzero(x[len(pivots) :, qubit])
        if not len(found):
            continue
        row, source = len(pivots), len(pivots) + int(found[0])
        for bits in (x, z):
            bits[[row, source]] = bits[[source, row]]
        others = x[:, qubit].copy()
        others[row] = False
        x[others] ^= x[row]
        z[others] ^= z[row]
        pivots.append(qubit)
    return Tableau(x[: len(pivots)], z[: len(pivots)]), pivots


def _clear_other_x(rows: Tableau, pivots: list[int]) -> list[Gate]:
    """CNOTs after which each row has its X on its pivot alone; applied to ``rows``."""
    gates: list[Gate] = []
    for row, pivot in enumerate(pivots):
        for qubit in np.flatnonzero(rows.x[row]).tolist():
            if qubit != pivot:
                gates.append(("CNOT", (pivot, qubit)))
                rows.apply(*gates[-1])
    return gates


def _clear_pivot_z(rows: Tableau, pivots: list[int]) -> list[Gate]:
    """CSIGNs and S after which no row has a Z on a pivot; the Z bits there are symmetric, as the rows commute."""
    gates: list[Gate] = []
    for row, pivot in enumerate(pivots):
        gates += [("CSIGN", (pivot, other)) for other in pivots[row + 1 :] if rows.z[row, other]]
        gates += [("S", (pivot,))] * int(rows.z[row, pivot])
    return gates


def _bits(masks: Iterable[int], nb_qubits: int) -> Bits:
    words = [format(int(mask), f"0{nb_qubits}b") if nb_qubits else "" for mask in masks]
    flat: Bits = np.frombuffer("".join(words).encode(), np.uint8) == ord("1")
    return flat.reshape(len(words), nb_qubits)
