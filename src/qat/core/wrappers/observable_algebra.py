"""Arithmetic on the terms of observables.

Terms are kept in a dictionary from their key (letters and qubits in canonical order) to their entry (coefficient,
letters and qubits as written, class). A term that is merged moves to the end, in the form in which it came last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any

import numpy as np

from qat.core.variables import BaseArithmetic
from qat.core.wrappers.term import Entry, Key, Term, is_pauli, is_zero, key_of
from qat.kernels.pauli import PauliSum
from qat.kernels.pauli.sums import MAX_WORD_QUBITS, masks_of, string_of
from qat.kernels.pauli.terms import PauliColumns

Terms = dict[Key, Entry]

_MIN_VECTOR_PAIRS = 1 << 13
_PHASES = (1.0, 1j, -1.0, complex(0.0, -1.0))


def merge(terms: Terms, key: Key, entry: Entry) -> None:
    """Add a term in place; it vanishes when its coefficient becomes zero."""
    present = terms.pop(key, None)
    coefficient = entry[0] if present is None else entry[0] + present[0]
    if not is_zero(coefficient):
        terms[key] = entry if present is None else (coefficient, *entry[1:])


def scaled(terms: Terms, factor: Any) -> Terms:
    """The terms times a number or expression."""
    products = ((key, entry[0] * factor, entry) for key, entry in terms.items())
    return {key: (c, *entry[1:]) for key, c, entry in products if not is_zero(c)}


def summed(left: Terms, right: Terms) -> Terms:
    """The sum. Cost O(terms)."""
    total = left.copy()
    for key, entry in right.items():
        merge(total, key, entry)
    return total


def shifted(terms: Terms, offset: int) -> Terms:
    """The same terms on qubits further on."""
    moved = [
        (c, letters, tuple([qubit + offset for qubit in qubits]), kind) for c, letters, qubits, kind in terms.values()
    ]
    return {key_of(entry[1], entry[2]): entry for entry in moved}


def term_product(left: Entry, right: Entry) -> Entry:
    """Product of two Pauli terms, qubits in increasing order.

    Raises:
        NotImplementedError: a term has other operators.
    """
    nb_qubits = 1 + max((*left[2], *right[2]), default=-1)
    x, z, coefficient = next(_pair_products([left], [right], nb_qubits))
    return (coefficient, *string_of(x, z, nb_qubits), Term)


def product(left: Terms, left_constant: Any, right: Terms, right_constant: Any, nb_qubits: int) -> tuple[Terms, Any]:
    """Product of two sums as (terms, constant). Cost O(n * m), by columns when that is much.

    Raises:
        NotImplementedError: a term has other than Pauli operators.
    """
    lone = [*scaled(left, right_constant).values(), *scaled(right, left_constant).values()]
    constant = left_constant * right_constant
    if _is_for_columns(left, right, nb_qubits):
        columns = pauli_sum(left, 0.0, nb_qubits).product(pauli_sum(right, 0.0, nb_qubits))
        return _with_columns(lone, columns, constant)
    pairs = _pair_products(left.values(), right.values(), nb_qubits)
    return _gathered([*_as_masks(lone, nb_qubits), *pairs], constant, nb_qubits)


def commutator(left: Terms, right: Terms, nb_qubits: int) -> Terms:
    """``left @ right - right @ left``; constants play no part."""
    if _is_for_columns(left, right, nb_qubits):
        columns = pauli_sum(left, 0.0, nb_qubits).commutator(pauli_sum(right, 0.0, nb_qubits))
        return _with_columns([], columns, 0.0)[0]
    pairs = _pair_products(left.values(), right.values(), nb_qubits, only_anticommuting=True)
    return _gathered([(x, z, 2 * c) for x, z, c in pairs], 0.0, nb_qubits)[0]


def tensor(left: Terms, left_constant: Any, left_qubits: int, right: Terms, right_constant: Any) -> tuple[Terms, Any]:
    """Tensor product as (terms, constant), the qubits of the right after those of the left."""
    behind = shifted(right, left_qubits)
    total = summed(scaled(behind, left_constant), scaled(left, right_constant))
    for c1, letters1, qubits1, _ in left.values():
        for c2, letters2, qubits2, _ in behind.values():
            entry = (c1 * c2, letters1 + letters2, qubits1 + qubits2, Term)
            merge(total, key_of(entry[1], entry[2]), entry)
    return total, left_constant * right_constant


def pauli_sum(terms: Terms, constant: Any, nb_qubits: int) -> PauliSum:
    """The terms in columns.

    Raises:
        NotImplementedError: a term has other than Pauli operators.
        ValueError: a coefficient has variables.
    """
    for coefficient, letters, qubits, _ in terms.values():
        _require_pauli(letters, qubits)
        _require_number(coefficient)
    _require_number(constant)
    return PauliSum.from_terms(nb_qubits, (entry[:3] for entry in terms.values()), constant)


def sum_of_columns(columns: PauliColumns, constant: Any, nb_qubits: int) -> PauliSum:
    """The sum of terms in columns.

    Raises:
        ValueError: the constant has variables.
    """
    _require_number(constant)
    return PauliSum.from_columns(nb_qubits, columns, constant)


def from_pauli_sum(paulis: PauliSum) -> Terms:
    """The terms of a sum in columns, whose strings are distinct; coefficients stay complex."""
    return {(letters, qubits): (c, letters, qubits, Term) for c, letters, qubits in paulis.terms()}


def _pair_products(
    left: Iterable[Entry], right: Iterable[Entry], nb_qubits: int, *, only_anticommuting: bool = False
) -> Iterator[tuple[int, int, Any]]:
    """Masks and coefficient of the product of every pair, the right running faster."""
    right_masks = _as_masks(right, nb_qubits)
    for x1, z1, c1 in _as_masks(left, nb_qubits):
        nb_y = (x1 & z1).bit_count()
        for x2, z2, c2 in right_masks:
            x, z = x1 ^ x2, z1 ^ z2
            turns = nb_y + (x2 & z2).bit_count() - (x & z).bit_count() + 2 * (z1 & x2).bit_count()
            if turns & 1 or not only_anticommuting:
                yield x, z, _turned(turns % 4, c1, c2)


def _turned(turns: int, left: Any, right: Any) -> Any:
    """``i**turns * left * right``, without negative zeros for real factors."""
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        return _PHASES[turns] * left * right
    value = float(left * right)
    if turns & 1:
        return complex(0.0, value if turns == 1 else -value)
    return -value if turns else value


def _as_masks(entries: Iterable[Entry], nb_qubits: int) -> list[tuple[int, int, Any]]:
    masks = []
    for coefficient, letters, qubits, _ in entries:
        _require_pauli(letters, qubits)
        masks.append((*masks_of(letters, qubits, nb_qubits), coefficient))
    return masks


def _gathered(strings: Iterable[tuple[int, int, Any]], constant: Any, nb_qubits: int) -> tuple[Terms, Any]:
    total: dict[tuple[int, int], Any] = {}
    for x, z, coefficient in strings:
        if not (x or z):
            constant = constant + coefficient
            continue
        present = total.pop((x, z), None)
        if present is not None:
            coefficient = coefficient + present
        if not is_zero(coefficient):
            total[x, z] = coefficient
    keyed = ((string_of(x, z, nb_qubits), c) for (x, z), c in total.items())
    return {key: (c, *key, Term) for key, c in keyed}, constant


def _with_columns(lone: list[Entry], columns: PauliSum, constant: Any) -> tuple[Terms, Any]:
    terms: Terms = {}
    for entry in lone:
        merge(terms, key_of(entry[1], entry[2]), entry)
    for coefficient, letters, qubits in columns.terms():
        merge(terms, (letters, qubits), (real_if_possible(coefficient), letters, qubits, Term))
    return terms, constant + real_if_possible(columns.constant)


def real_if_possible(value: complex) -> float | complex:
    """The real part of a number without imaginary part; otherwise the number.

    >>> real_if_possible(1 + 0j), real_if_possible(1j)
    (1.0, 1j)
    """
    return value if value.imag else value.real


def _is_for_columns(left: Terms, right: Terms, nb_qubits: int) -> bool:
    return (
        len(left) * len(right) >= _MIN_VECTOR_PAIRS
        and nb_qubits <= MAX_WORD_QUBITS
        and not any(isinstance(entry[0], BaseArithmetic) for terms in (left, right) for entry in terms.values())
    )


def _require_pauli(letters: str, qubits: Any) -> None:
    if not is_pauli(letters):
        raise NotImplementedError(
            f"({letters}|{list(qubits)}) has other operators than I, X, Y and Z: transform the observable to spins "
            f"first, for example with qat.fermion"
        )


def _require_number(coefficient: Any) -> None:
    if type(coefficient) is float and isfinite(coefficient):
        return
    if isinstance(coefficient, BaseArithmetic):
        names = coefficient.get_variables()
        raise ValueError(
            f"the coefficient {coefficient} has the variables {names}: give them values first, as in observable("
            f"{names[0]}=0.5)"
        )
    if not np.isfinite(coefficient):
        raise ValueError(f"the coefficient {coefficient} is not finite: give a finite number")
