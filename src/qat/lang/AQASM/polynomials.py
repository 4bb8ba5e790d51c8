"""Arithmetic expressions of quantum integers as polynomials, and the gates that add them to a register.

Every expression of sums, differences and products is a sum of products of registers with integer coefficients. Each
such product is added by one gate (``ADD``, ``ADD_CONST``, ``MULT``, ``MULT_CONST``), modulo the size of the target,
so that no intermediate result can overflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from qat.lang.AQASM.arithmetic import add, add_const, mult_const
from qat.lang.AQASM.bits import Qbit
from qat.lang.AQASM.gates import CNOT, Gate
from qat.lang.AQASM.qftarith import mult

__all__ = ["Factor", "Polynomial", "add_polynomial"]


class Factor(NamedTuple):
    """A register as a number: its qubits, the first of weight 1."""

    wires: tuple[Qbit, ...]

    @property
    def key(self) -> tuple[int, ...]:
        """What tells it from other registers of the same program."""
        return tuple(wire.index for wire in self.wires)


Monomial = tuple[Factor, ...]
Key = tuple[tuple[int, ...], ...]


class Polynomial:
    """A polynomial with integer coefficients in quantum integers; the constant is the coefficient of no factor.

    >>> from qat.lang.AQASM import QRoutine
    >>> a = Polynomial.of_wires(QRoutine().new_wires(2)[:])
    >>> (a * a - a + Polynomial.of_constant(3)).bounds()
    (0, 12)
    """

    def __init__(self, terms: Iterable[tuple[Monomial, int]] = ()) -> None:
        self._terms: dict[Key, tuple[Monomial, int]] = {}
        for monomial, coefficient in terms:
            ordered = tuple(sorted(monomial, key=lambda factor: factor.key))
            key = tuple(factor.key for factor in ordered)
            self._terms[key] = (ordered, self._terms.get(key, (ordered, 0))[1] + coefficient)

    @classmethod
    def of_constant(cls, constant: int) -> Polynomial:
        """A number."""
        return cls([((), constant)])

    @classmethod
    def of_wires(cls, wires: Sequence[Qbit]) -> Polynomial:
        """A register, given by its qubits, the first of weight 1."""
        return cls([((Factor(tuple(wires)),), 1)])

    def terms(self) -> Iterator[tuple[Monomial, int]]:
        """The products with their coefficients, without zeros, in order of appearance."""
        return ((monomial, coefficient) for monomial, coefficient in self._terms.values() if coefficient)

    @property
    def constant(self) -> int:
        """The coefficient of no factor."""
        return self._terms.get((), ((), 0))[1]

    def __add__(self, other: Polynomial) -> Polynomial:
        return Polynomial([*self._terms.values(), *other._terms.values()])

    def __neg__(self) -> Polynomial:
        return Polynomial((monomial, -coefficient) for monomial, coefficient in self._terms.values())

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + -other

    def __mul__(self, other: Polynomial) -> Polynomial:
        return Polynomial(
            (left + right, left_coefficient * right_coefficient)
            for left, left_coefficient in self._terms.values()
            for right, right_coefficient in other._terms.values()
        )

    def bounds(self) -> tuple[int, int]:
        """Numbers between which its values lie, both included; not always the closest ones."""
        low = high = 0
        for monomial, coefficient in self.terms():
            largest = coefficient
            for factor in monomial:
                largest *= 2 ** len(factor.wires) - 1
            low += min(largest, 0) if monomial else coefficient
            high += max(largest, 0) if monomial else coefficient
        return low, high

    def width(self) -> int:
        """Number of qubits that hold all its values, in two's complement if there are negative ones."""
        low, high = self.bounds()
        if low >= 0:
            return max(high.bit_length(), 1)
        return max(high.bit_length(), (-low - 1).bit_length()) + 1

    def plain_factor(self) -> Factor | None:
        """A register that appears alone with coefficient 1 and nowhere else, so that it can hold the value."""
        uses: Mapping[int, int] = _uses(self)
        for monomial, coefficient in self.terms():
            if len(monomial) == 1 and coefficient == 1 and all(uses[wire.index] == 1 for wire in monomial[0].wires):
                return monomial[0]
        return None

    def without(self, factor: Factor) -> Polynomial:
        """The rest when ``plain_factor`` is taken away."""
        return self - Polynomial.of_wires(factor.wires)


def _uses(polynomial: Polynomial) -> dict[int, int]:
    """In how many places of a polynomial each qubit appears."""
    uses: dict[int, int] = {}
    for monomial, _ in polynomial.terms():
        for factor in monomial:
            for wire in factor.wires:
                uses[wire.index] = uses.get(wire.index, 0) + 1
    return uses


def add_polynomial(scope: Any, target: Sequence[Qbit], polynomial: Polynomial, *, is_subtracted: bool = False) -> None:
    """Writes ``target += polynomial`` (or ``-=``), modulo ``2**len(target)``.

    Args:
        scope: the program or routine to write to.
        target: qubits of the register, the first of weight 1.
        polynomial: what to add; its registers must not overlap the target.
        is_subtracted: subtract it instead.
    """
    for monomial, coefficient in polynomial.terms():
        _add_term(scope, target, monomial, -coefficient if is_subtracted else coefficient)


def _add_term(scope: Any, target: Sequence[Qbit], monomial: Monomial, coefficient: int) -> None:
    size, is_negative, amount = len(target), coefficient < 0, abs(coefficient)

    def apply(gate: Gate, *qubits: Any) -> None:
        scope.apply(gate.dag() if is_negative else gate, *qubits)

    match monomial:
        case ():
            apply(add_const(size, amount), target)
        case (factor,) if amount == 1:
            apply(add(size, len(factor.wires)), target, factor.wires)
        case (factor,):
            apply(mult_const(len(factor.wires), size, amount), factor.wires, target)
        case (first, second) if not set(first.key) & set(second.key):
            for shift in _set_bits(amount, size):
                gate = mult(len(first.wires), len(second.wires), size - shift)
                apply(gate, first.wires, second.wires, target[shift:])
        case (first, second, *others):
            _add_long_term(scope, target, (first, second), tuple(others), coefficient)


def _add_long_term(
    scope: Any, target: Sequence[Qbit], pair: tuple[Factor, Factor], others: Monomial, coefficient: int
) -> None:
    """Adds a product of which a part is computed into ancillas first."""
    first, second = pair
    with scope.compute():
        if set(first.key) & set(second.key):
            replaced, rest = _copied(scope, second), (first, *others)
        else:
            size = min(len(first.wires) + len(second.wires), len(target))
            wires = scope.get_free_ancillae(size)
            scope.apply(mult(len(first.wires), len(second.wires), size), first.wires, second.wires, wires)
            replaced, rest = Factor(tuple(wires)), others
    _add_term(scope, target, (replaced, *rest), coefficient)
    scope.uncompute()


def _copied(scope: Any, factor: Factor) -> Factor:
    wires = scope.get_free_ancillae(len(factor.wires))
    for wire, copy in zip(factor.wires, wires, strict=True):
        scope.apply(CNOT, wire, copy)
    return Factor(tuple(wires))


def _set_bits(number: int, limit: int) -> Iterator[int]:
    return (bit for bit in range(min(number.bit_length(), limit)) if number >> bit & 1)
