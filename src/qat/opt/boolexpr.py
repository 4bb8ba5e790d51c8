"""Boolean expressions over numbered variables, and their expansion in products of Z.

A variable is true where its qubit is ``|1>``: it stands for ``(1 - Z) / 2``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from qat.core import Observable, Term

__all__ = ["BaseBool", "Clause", "Polynomial", "Var", "as_observable", "combined"]

Polynomial = Mapping[frozenset[int], float]
"""A diagonal operator: for each set of qubits the coefficient of the product of their Zs; the empty set is identity."""


class BaseBool:
    """What variables and clauses share: the operators ``& | ^ ~``.

    >>> a, b = Var(0), Var(1)
    >>> print((a & b) | ~a)
    (V(0) & V(1)) | (~ V(0))
    """

    def polynomial(self) -> Polynomial:
        """The expression's value, 0 or 1, as a diagonal operator."""
        raise NotImplementedError

    def evaluate(self, bits: Mapping[int, bool] | list[int] | str) -> bool:
        """Truth value for given values of the variables; a string is read as one bit a variable."""
        raise NotImplementedError

    def __and__(self, other: BaseBool) -> Clause:
        return Clause("&", self, other)

    def __or__(self, other: BaseBool) -> Clause:
        return Clause("|", self, other)

    def __xor__(self, other: BaseBool) -> Clause:
        return Clause("^", self, other)

    def __invert__(self) -> Clause:
        return Clause("~", self)

    def to_observable(self, nb_qubits: int) -> Observable:
        """The expression's value as an observable of ``nb_qubits`` qubits.

        >>> print((Var(0) & Var(1)).to_observable(2))
        0.25 * I^2 +
        -0.25 * (Z|[0]) +
        0.25 * (ZZ|[0, 1]) +
        -0.25 * (Z|[1])
        """
        return as_observable(self.polynomial(), nb_qubits)


class Var(BaseBool):
    """Boolean variable number ``index``, carried by the qubit of that number.

    >>> Var(3), Var(3).evaluate("0001")
    (V(3), True)
    """

    def __init__(self, index: int) -> None:
        self.index = index

    def polynomial(self) -> Polynomial:
        """The operator ``(1 - Z) / 2``."""
        return {frozenset(): 0.5, frozenset({self.index}): -0.5}

    def evaluate(self, bits: Mapping[int, bool] | list[int] | str) -> bool:
        """The variable's value."""
        return bool(int(bits[self.index]))

    def __str__(self) -> str:
        return f"V({self.index})"

    __repr__ = __str__


class Clause(BaseBool):
    """A connective (``& | ^ ~``) and its one or two operands.

    Raises:
        TypeError: an operand is neither a variable nor a clause.

    >>> print(Clause("&", Var(0), Clause("~", Var(1))))
    V(0) & (~ V(1))
    """

    def __init__(self, connective: str, *operands: BaseBool) -> None:
        for operand in operands:
            if not isinstance(operand, BaseBool):
                raise TypeError(
                    f"{operand!r} cannot stand in a boolean expression; combine variables of the problem (new_var) and "
                    f"expressions made of them with & | ^ ~"
                )
        self.connective, self.operands = connective, operands

    def polynomial(self) -> Polynomial:
        """The clause's value as a diagonal operator; cost grows as ``2**variables``."""
        return _EXPANSIONS[self.connective](*(operand.polynomial() for operand in self.operands))

    def evaluate(self, bits: Mapping[int, bool] | list[int] | str) -> bool:
        """Truth value for given values of the variables."""
        return bool(_TRUTH[self.connective](*(operand.evaluate(bits) for operand in self.operands)))

    def __str__(self) -> str:
        inner = [str(o) if isinstance(o, Var) else f"({o})" for o in self.operands]
        return f" {self.connective} ".join(inner) if len(inner) > 1 else f"{self.connective} {inner[0]}"

    __repr__ = __str__


def combined(*weighted: tuple[float, Polynomial]) -> Polynomial:
    """Linear combination of diagonal operators; vanishing coefficients are left out."""
    total: dict[frozenset[int], float] = defaultdict(float)
    for weight, polynomial in weighted:
        for qubits, coefficient in polynomial.items():
            total[qubits] += weight * coefficient
    return {qubits: coefficient for qubits, coefficient in total.items() if coefficient}


def as_observable(polynomial: Polynomial, nb_qubits: int) -> Observable:
    """The diagonal operator as an observable, terms in order of their qubits."""
    terms = [
        Term(coefficient, "Z" * len(qubits), sorted(qubits))
        for qubits, coefficient in sorted(polynomial.items(), key=lambda item: sorted(item[0]))
        if qubits
    ]
    return Observable(nb_qubits, pauli_terms=terms, constant_coeff=polynomial.get(frozenset(), 0.0))


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    total: dict[frozenset[int], float] = defaultdict(float)
    for a, value_a in left.items():
        for b, value_b in right.items():
            total[a ^ b] += value_a * value_b
    return total


_ONE: Polynomial = {frozenset(): 1.0}
_EXPANSIONS: dict[str, Callable[..., Polynomial]] = {
    "&": _product,
    "|": lambda a, b: combined((1, a), (1, b), (-1, _product(a, b))),
    "^": lambda a, b: combined((1, a), (1, b), (-2, _product(a, b))),
    "~": lambda a: combined((1, _ONE), (-1, a)),
}
_TRUTH: dict[str, Callable[..., Any]] = {
    "&": lambda a, b: a and b,
    "|": lambda a, b: a or b,
    "^": lambda a, b: a != b,
    "~": lambda a: not a,
}
