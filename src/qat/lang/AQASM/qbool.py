"""Quantum booleans: qubits combined by ``& | ^ ~`` into clauses, to be evaluated or marked by a phase.

>>> from qat.lang.AQASM import QRoutine
>>> oracle = QRoutine()
>>> a, b, c = oracle.new_wires(3, QBoolArray)
>>> (a & ~b | c).phase()
>>> oracle.arity
3
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from qat.core.bits import subtype_metadata
from qat.lang.AQASM.bits import Qbit, QRegister
from qat.lang.AQASM.clauses import Expression, flip_sign_where, open_block, xor_into
from qat.lang.AQASM.gates import Z
from qat.lang.AQASM.qtype_util import InvalidCast

__all__ = ["BaseBool", "QBool", "QBoolArray", "QClause"]


class BaseBool(Expression):
    """What has a quantum truth value: qubits, clauses of them, comparisons of quantum integers.

    >>> from qat.lang.AQASM import Program
    >>> a, b = Program().qalloc(2, QBoolArray)
    >>> isinstance(a & b, BaseBool), isinstance(a, BaseBool)
    (True, True)
    """

    __slots__ = ()

    def __and__(self, other: Any) -> QClause:
        return _combined("&", self, other)

    def __rand__(self, other: Any) -> QClause:
        return _combined("&", other, self)

    def __or__(self, other: Any) -> QClause:
        return _combined("|", self, other)

    def __ror__(self, other: Any) -> QClause:
        return _combined("|", other, self)

    def __xor__(self, other: Any) -> QClause:
        return _combined("^", self, other)

    def __rxor__(self, other: Any) -> QClause:
        return _combined("^", other, self)

    def __invert__(self) -> BaseBool:
        return QClause(self.scope, "~", [self])

    def evaluate(self, output: Any = None) -> Any:
        """Adds the truth value to a qubit: ``|x>|y> -> |x>|y ^ value(x)>``. Ancillas used on the way are clean again.

        Args:
            output: the qubit, a register of one qubit, or nothing to take an ancilla.

        Returns:
            ``output``, or the ancilla as a register of one qubit.
        """
        target = self.scope.get_free_ancillae(1, QBoolArray) if output is None else output
        xor_into(self, _single_qubit(target, self.scope))
        return target

    def phase(self) -> None:
        """Turns the sign of the states for which it is true. Ancillas used on the way are clean again."""
        flip_sign_where(self)

    def __enter__(self) -> QBoolArray:
        result: QBoolArray = open_block(self, QBoolArray)
        return result

    def __exit__(self, error_type: Any, error: Any, traceback: Any) -> None:
        if error_type is None:
            self.scope.uncompute()


class QBool(Qbit, BaseBool):
    """A qubit as a boolean. Allocate them by arrays: ``prog.qalloc(3, QBoolArray)``.

    Args:
        index: number of the qubit.
        scope: the program or routine that owns it.

    >>> from qat.lang.AQASM import QRoutine
    >>> str(QRoutine().new_wires(2, QBoolArray)[1])
    'q[1]'
    """

    __slots__ = ()

    def evaluate(self, output: Any = None) -> QBool:
        """The qubit itself; ``output`` is ignored."""
        return self

    def phase(self) -> None:
        """Turns the sign of the states in which it is 1."""
        self.scope.apply(Z, self)

    def __enter__(self) -> QBool:  # type: ignore[override]
        return self

    def __exit__(self, error_type: Any, error: Any, traceback: Any) -> None:
        return None

    def qbits_list(self) -> list[Qbit]:
        """The qubit, in a list."""
        return [self]

    def cast(self, val: int) -> bool:
        """What a measured bit means.

        >>> QBool(0).cast(1)
        True
        """
        return bool(val)

    def cast_to(self, cls: type[QRegister], **kwargs: Any) -> QRegister:
        """The qubit as a register of one qubit, of another quantum type."""
        return cls(self.index, length=1, scope=self.scope, qbits_list=[self], **kwargs)


class QBoolArray(QRegister):
    """A register of booleans; its measured value is a list of ``bool``.

    Args:
        start: number of the first qubit.
        length: number of qubits.
        scope: the program or routine that owns them.
        qbits_list: the qubits, when they exist already.

    >>> from qat.lang.AQASM import Program
    >>> array = Program().qalloc(2, QBoolArray)
    >>> str(array), type(array[0]).__name__, array.cast(2)
    ('QBoolArray(q[0]..q[1])', 'QBool', [True, False])
    """

    def __init__(
        self, start: int = 0, length: int = 1, scope: Any = None, qbits_list: Sequence[Qbit] | None = None
    ) -> None:
        super().__init__(start, length, scope)
        if qbits_list is not None:
            self._qubits = [QBool(qubit.index, scope) for qubit in qbits_list]
        self._subtype_metadata = subtype_metadata("qat.lang.AQASM.qbool:QBoolArray")

    @property
    def qbits(self) -> list[Qbit]:
        """The qubits, as booleans."""
        if self._qubits is None:
            self._qubits = [QBool(index, self.scope) for index in range(self.start, self.start + self.length)]
        return self._qubits

    def __iter__(self) -> Iterator[Any]:
        return iter(self.qbits)

    def evaluate(self) -> list[Qbit]:
        """The qubits."""
        return self.qbits

    def qbits_list(self) -> list[Qbit]:
        """The qubits."""
        return self.qbits

    def cast(self, val: int) -> list[bool]:
        """What measured bits mean, given as an integer whose most significant bit is the first qubit."""
        return [bool(val >> shift & 1) for shift in reversed(range(self.length))]

    def __str__(self) -> str:
        return f"QBoolArray(q[{self.start}]..q[{self.start + self.length - 1}])"


class QClause(BaseBool):
    """A boolean formula of quantum booleans, made by ``& | ^ ~``.

    Args:
        scope: the program or routine that owns the qubits.
        operator: one of ``& | ^ ~``.
        operand: the operands.

    >>> from qat.lang.AQASM import QRoutine
    >>> a, b, c = QRoutine().new_wires(3, QBoolArray)
    >>> str((a & b) | ~c)
    '((q[0]&q[1])|(~ q[2]))'
    """

    __slots__ = ("operand", "operator", "scope")

    def __init__(self, scope: Any, operator: str, operand: Sequence[Any] | None = None) -> None:
        self.scope = scope
        self.operator = operator
        self.operand = list(operand or [])

    def __invert__(self) -> BaseBool:
        if self.operator == "~":
            inner: BaseBool = self.operand[0]
            return inner
        return QClause(self.scope, "~", [self])

    def qbits_list(self) -> list[Qbit]:
        """The qubits it reads, in order of appearance."""
        found = {qubit.index: qubit for operand in self.operand for qubit in _qubits_of(operand)}
        return list(found.values())

    def __str__(self) -> str:
        if self.operator == "~":
            return f"(~ {self.operand[0]})"
        return f"({self.operator.join(map(str, self.operand))})"


def _qubits_of(operand: Any) -> list[Qbit]:
    return [] if isinstance(operand, bool) else operand.qbits_list()


def _combined(operator: str, left: Any, right: Any) -> QClause:
    scope = left.scope if isinstance(left, BaseBool) else right.scope
    operands: list[Any] = []
    for operand in (as_bool(left, scope), as_bool(right, scope)):
        if isinstance(operand, QClause) and operand.operator == operator:
            operands.extend(operand.operand)
        else:
            operands.append(operand)
    return QClause(scope, operator, operands)


def as_bool(value: Any, scope: Any) -> BaseBool | bool:
    """A value as an operand of a clause.

    Raises:
        InvalidCast: it is of another program or routine.
        TypeError: it has no truth value.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if not isinstance(value, Qbit | BaseBool):
        raise TypeError(f"{value!r} cannot be cast to a QBool; combine qubits, clauses, comparisons and True or False.")
    if value.scope is not scope:
        raise InvalidCast(value)
    return value if isinstance(value, BaseBool) else QBool(value.index, scope)


def _single_qubit(target: Any, scope: Any) -> Qbit:
    indices = scope.indices([target])
    if len(indices) != 1:
        raise TypeError(f"the output of a clause is one qubit, not {len(indices)}: give a qubit or a register of one")
    return Qbit(indices[0], scope)
