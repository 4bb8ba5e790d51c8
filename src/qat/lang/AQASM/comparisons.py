"""Comparisons of quantum integers, which are boolean expressions like clauses of qubits.

A comparison is the sign, or the vanishing, of a difference. The difference is computed in place where a register can
hold it, with ancillas for the bits it lacks, and undone afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qat.lang.AQASM.bits import Qbit
from qat.lang.AQASM.clauses import Conjunction, Literal
from qat.lang.AQASM.gates import CNOT
from qat.lang.AQASM.polynomials import Factor, Polynomial, add_polynomial
from qat.lang.AQASM.qbool import BaseBool
from qat.lang.AQASM.qint import as_polynomial

__all__ = ["QCompExp"]

_TRUE = Conjunction(())
_FALSE = Conjunction((), is_negated=True)


class QCompExp(BaseBool):
    """A comparison of quantum integers, made by ``< <= > >= == !=``. It compares exact integer values.

    Args:
        scope: the program or routine that owns the qubits.
        operator: the comparison.
        left: a quantum integer or an expression.
        right: a quantum integer, an expression or a number.

    >>> from qat.lang.AQASM import QInt, QRoutine
    >>> oracle = QRoutine()
    >>> a, b = oracle.new_wires(3, QInt), oracle.new_wires(3, QInt)
    >>> (a + b < 9).phase()
    >>> oracle.arity, str(a < 3)
    (6, '(QInt(q[0]..q[2]) < 3)')
    """

    __slots__ = ("left", "operator", "right", "scope")

    def __init__(self, scope: Any, operator: str, left: Any, right: Any) -> None:
        self.scope = scope
        self.operator = operator
        self.left = left
        self.right = right

    def __bool__(self) -> bool:
        return True

    def conjunction(self) -> Conjunction:
        """Writes the gates that reduce it to a conjunction, to be undone by the caller; registers may be changed."""
        difference = as_polynomial(self.left, self.scope) - as_polynomial(self.right, self.scope)
        if self.operator in {">", "<="}:
            difference = -difference
        decide = _vanishes if self.operator in {"==", "!="} else _is_negative
        conjunction = decide(self.scope, difference)
        is_negation = self.operator in {"<=", ">=", "!="}
        return conjunction._replace(is_negated=conjunction.is_negated != is_negation)

    def qbits_list(self) -> list[Qbit]:
        """The qubits it reads."""
        difference = as_polynomial(self.left, self.scope) - as_polynomial(self.right, self.scope)
        wires = (wire for monomial, _ in difference.terms() for factor in monomial for wire in factor.wires)
        found = {wire.index: wire for wire in wires}
        return list(found.values()) or list(_any_wires(self.left))

    def __str__(self) -> str:
        return f"({self.left} {self.operator} {self.right})"


def _any_wires(expression: Any) -> Sequence[Qbit]:
    while hasattr(expression, "operands"):
        expression = next(operand for operand in expression.operands if not isinstance(operand, int))
    return expression.qbits_list()  # type: ignore[no-any-return]


def _is_negative(scope: Any, polynomial: Polynomial) -> Conjunction:
    low, high = polynomial.bounds()
    if low >= 0 or high < 0:
        return _FALSE if low >= 0 else _TRUE
    mirrored = -polynomial - Polynomial.of_constant(1)
    if polynomial.plain_factor() is None and mirrored.plain_factor() is not None:
        return Conjunction((Literal(_held(scope, mirrored)[-1]),), is_negated=True)
    return Conjunction((Literal(_held(scope, polynomial)[-1]),))


def _vanishes(scope: Any, polynomial: Polynomial) -> Conjunction:
    low, high = polynomial.bounds()
    if low > 0 or high < 0:
        return _FALSE
    if polynomial.plain_factor() is None and (-polynomial).plain_factor() is not None:
        polynomial = -polynomial
    factor = polynomial.plain_factor()
    rest = polynomial if factor is None else polynomial.without(factor)
    terms = list(rest.terms())
    if factor is not None and all(not monomial for monomial, _ in terms):
        return _is_number(factor, -rest.constant)
    match terms:
        case [((other,), -1)] if factor is not None:
            return _are_equal(scope, factor, other)
    return Conjunction(tuple(Literal(wire, is_negated=True) for wire in _held(scope, polynomial)))


def _is_number(factor: Factor, number: int) -> Conjunction:
    """Whether a register has a value, without any arithmetic."""
    return Conjunction(
        tuple(Literal(wire, is_negated=not number >> weight & 1) for weight, wire in enumerate(factor.wires))
    )


def _are_equal(scope: Any, first: Factor, second: Factor) -> Conjunction:
    """Whether two registers have the same value, without any arithmetic."""
    longer, shorter = sorted((first, second), key=lambda factor: -len(factor.wires))
    for wire, other in zip(longer.wires, shorter.wires, strict=False):
        scope.apply(CNOT, other, wire)
    return Conjunction(tuple(Literal(wire, is_negated=True) for wire in longer.wires))


def _held(scope: Any, polynomial: Polynomial) -> list[Qbit]:
    """Qubits that hold the value in two's complement, the last one being the sign if it can be negative."""
    width = polynomial.width()
    factor = polynomial.plain_factor()
    wires = [] if factor is None else list(factor.wires)
    missing = width - len(wires)
    held = [*wires, *(scope.get_free_ancillae(missing) if missing > 0 else [])]
    add_polynomial(scope, held, polynomial if factor is None else polynomial.without(factor))
    return held
