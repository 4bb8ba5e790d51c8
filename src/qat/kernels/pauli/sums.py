"""Sums of Pauli strings in columns, and their algebra.

Conventions. A string on ``n`` qubits has two masks of ``n`` bits, of which qubit 0 is the most significant: qubit
``q`` carries ``X`` where only ``x`` has bit ``n - 1 - q``, ``Z`` where only ``z`` has it, ``Y`` where both do. Strings
are Hermitian, so ``P(x, z) = i**popcount(x & z) * X**x * Z**z`` and the coefficients of an observable are real. Masks
are uint64 up to 64 qubits and Python integers (dtype object) beyond.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels.memo import Memo
from qat.kernels.pauli.terms import PauliColumns, pauli_columns

Masks = NDArray[Any]
Complexes = NDArray[np.complex128]

POWERS_OF_I: Complexes = np.array([1, 1j, -1, -1j])
MAX_WORD_QUBITS = 64
_LETTERS = {(1, 0): "X", (1, 1): "Y", (0, 1): "Z"}
_PRODUCT_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PauliSum:
    """``constant + sum(coefficients[k] * P(x_masks[k], z_masks[k]))``. Immutable.

    Attributes:
        nb_qubits: number of qubits; masks have this many bits, qubit 0 the most significant.
        x_masks: shape ``(k,)``, uint64 (object beyond 64 qubits).
        z_masks: as ``x_masks``.
        coefficients: shape ``(k,)``, complex128.
        constant: coefficient of the identity.
        kept: what has been worked out of the sum, for those that ask again.

    >>> paulis = PauliSum.from_terms(2, [(0.5, "ZZ", [0, 1]), (2.0, "X", [1])], constant=3.0)
    >>> paulis.x_masks.tolist(), paulis.z_masks.tolist()
    ([0, 1], [3, 0])
    """

    nb_qubits: int
    x_masks: Masks
    z_masks: Masks
    coefficients: Complexes
    constant: complex = 0.0
    kept: Memo = field(default_factory=Memo, init=False, repr=False)

    @property
    def is_real(self) -> bool:
        """Whether no coefficient has an imaginary part."""
        if (known := self.kept.get("is_real")) is None:
            known = not (np.count_nonzero(self.coefficients.imag) or complex(self.constant).imag)
            self.kept["is_real"] = known
        return bool(known)

    @property
    def key(self) -> tuple[int, complex, bytes, bytes, bytes]:
        """Number of qubits, constant, and the columns as bytes: equal for equal sums, their terms in the same order."""
        known: tuple[int, complex, bytes, bytes, bytes] | None = self.kept.get("key")
        if known is None:
            x, z, coefficients = (column.tobytes() for column in (self.x_masks, self.z_masks, self.coefficients))
            known = self.kept["key"] = (self.nb_qubits, self.constant, x, z, coefficients)
        return known

    @classmethod
    def from_terms(
        cls, nb_qubits: int, terms: Iterable[tuple[complex, str, Sequence[int]]], constant: complex = 0.0
    ) -> PauliSum:
        """Sum of terms given as (coefficient, letters among IXYZ, qubits); strings are kept as they come.

        Raises:
            ValueError: a letter is none of these, or a qubit is out of range or repeated.
        """
        terms = terms if isinstance(terms, list | tuple) else list(terms)
        if (columns := pauli_columns(terms, nb_qubits)) is not None:
            return cls.from_columns(nb_qubits, columns, constant)
        coefficients, x_masks, z_masks = [], [], []
        for coefficient, letters, qubits in terms:
            x, z = masks_of(letters, qubits, nb_qubits)
            coefficients.append(coefficient)
            x_masks.append(x)
            z_masks.append(z)
        return cls(
            nb_qubits=nb_qubits,
            x_masks=mask_array(x_masks, nb_qubits),
            z_masks=mask_array(z_masks, nb_qubits),
            coefficients=np.array(coefficients, np.complex128),
            constant=constant,
        )

    @classmethod
    def from_columns(cls, nb_qubits: int, columns: PauliColumns, constant: complex) -> PauliSum:
        """The sum whose columns are these, on at most 64 qubits."""
        x, z, coefficients = columns
        made = cls(
            nb_qubits=nb_qubits,
            x_masks=np.frombuffer(x, np.uint64),
            z_masks=np.frombuffer(z, np.uint64),
            coefficients=np.frombuffer(coefficients, np.complex128),
            constant=constant,
        )
        made.kept["key"] = (nb_qubits, constant, *columns)
        return made

    def __len__(self) -> int:
        return len(self.coefficients)

    def __getitem__(self, selection: Any) -> PauliSum:
        """The terms selected by a slice, mask or array of indices, without the constant."""
        return self._with(self.x_masks[selection], self.z_masks[selection], self.coefficients[selection], 0.0)

    def terms(self) -> list[tuple[complex, str, tuple[int, ...]]]:
        """The terms as (coefficient, letters, qubits in increasing order).

        >>> PauliSum.from_terms(3, [(2.0, "YX", [2, 0])]).terms()
        [((2+0j), 'XY', (0, 2))]
        """
        masks = zip(self.x_masks.tolist(), self.z_masks.tolist(), strict=True)
        strings = [string_of(x, z, self.nb_qubits) for x, z in masks]
        return [(c, *string) for c, string in zip(self.coefficients.tolist(), strings, strict=True)]

    def on_qubits(self, nb_qubits: int) -> PauliSum:
        """The same sum on more qubits, added behind the present ones."""
        shift = nb_qubits - self.nb_qubits
        if shift < 0:
            raise ValueError(f"cannot narrow a sum on {self.nb_qubits} qubits to {nb_qubits}")
        x, z = (mask_array([mask << shift for mask in m.tolist()], nb_qubits) for m in (self.x_masks, self.z_masks))
        return PauliSum(
            nb_qubits=nb_qubits, x_masks=x, z_masks=z, coefficients=self.coefficients, constant=self.constant
        )

    @property
    def support(self) -> int:
        """Mask of the qubits on which some string acts.

        >>> bin(PauliSum.from_terms(3, [(1.0, "X", [0]), (1.0, "Z", [2])]).support)
        '0b101'
        """
        return int(np.bitwise_or.reduce(self.x_masks | self.z_masks, initial=0)) if len(self) else 0

    @property
    def is_diagonal(self) -> bool:
        """Whether all strings are made of Z alone."""
        return not np.any(self.x_masks)

    def merged(self, tolerance: float = 0.0) -> PauliSum:
        """Equal strings merged, the identity moved to the constant, coefficients up to ``tolerance`` dropped.

        Strings come in increasing order of masks. Cost O(k log k).
        """
        x, z, coefficients = _sum_equal(self.x_masks, self.z_masks, self.coefficients)
        is_identity = (x == 0) & (z == 0)
        constant = self.constant + complex(coefficients[is_identity].sum())
        kept = ~is_identity & (np.abs(coefficients) > tolerance)
        return self._with(x[kept], z[kept], coefficients[kept], constant)

    def product(self, other: PauliSum) -> PauliSum:
        """Operator product ``self @ other``, merged. Cost O(k * l) time, O(distinct strings) memory.

        >>> x, y = (PauliSum.from_terms(1, [(1.0, letter, [0])]) for letter in "XY")
        >>> x.product(y).terms()
        [(1j, 'Z', (0,))]
        """
        scaled = [self._scaled(other.constant), other._scaled(self.constant)]
        return self._gathered([*scaled, *self._products(other)], self.constant * other.constant)

    def commutator(self, other: PauliSum) -> PauliSum:
        """``self @ other - other @ self``, merged; constants play no part."""
        return self._gathered([part._scaled(2.0) for part in self._products(other, only_anticommuting=True)], 0.0)

    def adjoint(self) -> PauliSum:
        """The Hermitian adjoint."""
        constant = complex(self.constant).conjugate()
        return self._with(self.x_masks, self.z_masks, self.coefficients.conj(), constant)

    def _with(self, x_masks: Masks, z_masks: Masks, coefficients: Complexes, constant: complex) -> PauliSum:
        return PauliSum(
            nb_qubits=self.nb_qubits, x_masks=x_masks, z_masks=z_masks, coefficients=coefficients, constant=constant
        )

    def _scaled(self, factor: complex) -> PauliSum:
        return self._with(self.x_masks, self.z_masks, self.coefficients * factor, 0.0)

    def _gathered(self, parts: list[PauliSum], constant: complex) -> PauliSum:
        joined = self._with(
            np.concatenate([part.x_masks for part in parts]),
            np.concatenate([part.z_masks for part in parts]),
            np.concatenate([part.coefficients for part in parts]),
            constant,
        )
        return joined.merged()

    def _products(self, other: PauliSum, *, only_anticommuting: bool = False) -> list[PauliSum]:
        """Products of all pairs of strings, a block of rows at a time, each merged."""
        _require_equal_width(self, other)
        rows = max(1, _PRODUCT_BLOCK // max(1, len(other)))
        blocks = [self[start : start + rows] for start in range(0, len(self), rows)]
        return [self[:0]] + [_block_product(block, other, only_anticommuting) for block in blocks]


def popcount(masks: Masks) -> NDArray[np.int64]:
    """Number of bits set in each mask."""
    if masks.dtype == object:
        return np.array([mask.bit_count() for mask in masks.ravel()], np.int64).reshape(masks.shape)
    return np.bitwise_count(masks).astype(np.int64)


def mask_array(masks: Sequence[int], nb_qubits: int) -> Masks:
    """Masks as an array of the type used for so many qubits."""
    return np.array(masks, np.uint64 if nb_qubits <= MAX_WORD_QUBITS else object)


def masks_of(letters: str, qubits: Sequence[int], nb_qubits: int) -> tuple[int, int]:
    """The two masks of a string of letters on qubits.

    Raises:
        ValueError: not a Pauli string on these qubits.

    >>> masks_of("XY", [0, 2], 3)
    (5, 1)
    """
    x = z = seen = 0
    for letter, qubit in zip(letters, qubits, strict=True):
        bit = 1 << (nb_qubits - 1 - qubit) if 0 <= qubit < nb_qubits else 0
        if not bit or seen & bit:
            problem = "is repeated" if bit else f"is out of bound (nbqbits={nb_qubits})"
            raise ValueError(f"qubit {qubit} {problem} in ({letters}|{list(qubits)})")
        seen |= bit
        if letter == "Z":
            z |= bit
        elif letter == "X":
            x |= bit
        elif letter == "Y":
            x |= bit
            z |= bit
        elif letter != "I":
            raise ValueError(f"{letter!r} in {letters!r} is not a Pauli letter: expected I, X, Y or Z")
    return x, z


def string_of(x: int, z: int, nb_qubits: int) -> tuple[str, tuple[int, ...]]:
    """The letters and qubits, in increasing order, of two masks; the inverse of ``masks_of``."""
    letters, qubits = [], []
    rest = x | z
    while rest:
        place = rest.bit_length() - 1
        letters.append(_LETTERS[x >> place & 1, z >> place & 1])
        qubits.append(nb_qubits - 1 - place)
        rest ^= 1 << place
    return "".join(letters), tuple(qubits)


def _block_product(left: PauliSum, right: PauliSum, only_anticommuting: bool) -> PauliSum:
    x1, z1 = left.x_masks[:, None], left.z_masks[:, None]
    x2, z2 = right.x_masks[None, :], right.z_masks[None, :]
    x, z = x1 ^ x2, z1 ^ z2
    turns = popcount(x1 & z1) + popcount(x2 & z2) - popcount(x & z) + 2 * popcount(z1 & x2)
    coefficients = left.coefficients[:, None] * right.coefficients * POWERS_OF_I[turns % 4]
    if only_anticommuting:
        kept = (turns & 1).astype(bool)
        return PauliSum(nb_qubits=left.nb_qubits, x_masks=x[kept], z_masks=z[kept], coefficients=coefficients[kept])
    x, z, coefficients = _sum_equal(x.ravel(), z.ravel(), coefficients.ravel())
    return PauliSum(nb_qubits=left.nb_qubits, x_masks=x, z_masks=z, coefficients=coefficients)


def _sum_equal(x: Masks, z: Masks, coefficients: Complexes) -> tuple[Masks, Masks, Complexes]:
    """Columns sorted by masks with equal strings merged."""
    if not len(x):
        return x, z, coefficients
    order = np.lexsort((z, x))
    x, z, coefficients = x[order], z[order], coefficients[order]
    is_first = np.concatenate([[True], (x[1:] != x[:-1]) | (z[1:] != z[:-1])]).astype(bool)
    starts = np.flatnonzero(is_first)
    return x[starts], z[starts], np.add.reduceat(coefficients, starts)


def _require_equal_width(left: PauliSum, right: PauliSum) -> None:
    if left.nb_qubits != right.nb_qubits:
        raise ValueError(f"sums on {left.nb_qubits} and {right.nb_qubits} qubits: widen one with on_qubits first")
