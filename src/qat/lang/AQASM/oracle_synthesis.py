"""Boolean formulas on numbered variables, and the oracles that evaluate them.

>>> a, b, c = Var(0), Var(1), Var(2)
>>> ((a & b) | ~c).to_routine().arity
4
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qat.lang.AQASM.qbool import QBoolArray
from qat.lang.AQASM.routines import QRoutine

__all__ = ["Formula", "Var"]

OP_LIST = ["&", "|", "^", "~"]


class Var:
    """A boolean variable; variables of the same index are the same.

    Args:
        index: its number, from 0 on.

    >>> str(Var(0) & Var(1)), (Var(0) & Var(3)).get_nbvars()
    ('(q0 & q1)', 4)
    """

    index: int | None
    op: str | None = None
    left: Var | None = None
    right: Var | None = None

    def __init__(self, index: int) -> None:
        self.index = index

    def __and__(self, other: Var) -> Formula:
        return Formula("&", self, other)

    def __or__(self, other: Var) -> Formula:
        return Formula("|", self, other)

    def __xor__(self, other: Var) -> Formula:
        return Formula("^", self, other)

    def __invert__(self) -> Formula:
        return Formula("~", self)

    def get_nbvars(self) -> int:
        """Number of variables: one more than the largest index."""
        assert self.index is not None
        return self.index + 1

    def clause(self, qubits: Sequence[Any]) -> Any:
        """The formula on qubits that hold the variables."""
        return qubits[self.index or 0]

    def to_routine(self) -> QRoutine:
        """The oracle ``|x>|y> -> |x>|y ^ formula(x)>`` on the variables, by index, and one more qubit."""
        routine = QRoutine()
        variables, output = routine.new_wires(self.get_nbvars(), QBoolArray), routine.new_wires(1)
        (self.clause(list(variables)) ^ False).evaluate(output=output)
        return routine

    def __str__(self) -> str:
        return f"q{self.index}"

    __repr__ = __str__


class Formula(Var):
    """A formula of variables, made by ``& | ^ ~``.

    Args:
        op: the operator.
        left: its first operand.
        right: its second operand, if it takes two.
    """

    def __init__(self, op: str, left: Var, right: Var | None = None) -> None:
        if op not in OP_LIST:
            raise ValueError(f"{op!r} is no operator of formulas; use one of {' '.join(OP_LIST)}")
        self.index = None
        self.op = op
        self.left = left
        self.right = right

    def get_nbvars(self) -> int:
        """Number of variables: one more than the largest index."""
        return max(operand.get_nbvars() for operand in (self.left, self.right) if operand is not None)

    def clause(self, qubits: Sequence[Any]) -> Any:
        """The formula on qubits that hold the variables."""
        assert self.left is not None
        left = self.left.clause(qubits)
        if self.right is None:
            return ~left
        right = self.right.clause(qubits)
        return left & right if self.op == "&" else left | right if self.op == "|" else left ^ right

    def __str__(self) -> str:
        return f"(~{self.left})" if self.right is None else f"({self.left} {self.op} {self.right})"

    __repr__ = __str__
