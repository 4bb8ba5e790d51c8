"""Quantum integers: registers with ``+ - *``, in-place ``+=`` and ``-=``, and comparisons.

Arithmetic is written with abstract gates; link a library to give them an implementation:

>>> from qat.lang.AQASM import Program, QInt, qftarith
>>> prog = Program()
>>> a, b = prog.qalloc(3, QInt), prog.qalloc(2, QInt)
>>> a += b
>>> [name for name, *_ in prog.to_circ().iterate_simple()]
['ADD']
>>> prog.to_circ(link=[qftarith]).statistics()["gates"]["custom gate"]
0
"""

from __future__ import annotations

import operator as operators
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qat.core.bits import subtype_metadata
from qat.core.records import Record
from qat.lang.AQASM.bits import Qbit, QRegister
from qat.lang.AQASM.gates import X
from qat.lang.AQASM.polynomials import Polynomial, add_polynomial
from qat.lang.AQASM.qtype_util import InvalidCast

if TYPE_CHECKING:
    from qat.lang.AQASM.comparisons import QCompExp

__all__ = ["BaseInt", "QArithExp", "QCompExp", "QInt"]


class BaseInt:
    """What has a quantum integer value: registers and arithmetic expressions of them.

    Args:
        scope: the program or routine that owns the qubits.
        reverse_bit_order: whether results have their least significant bit first.

    >>> from qat.lang.AQASM import Program
    >>> a = Program().qalloc(2, QInt)
    >>> isinstance(a, BaseInt), isinstance(2 * a + 1, BaseInt)
    (True, True)
    """

    scope: Any
    reverse_bit_order: bool

    def __init__(self, scope: Any, reverse_bit_order: bool, **_ignored: Any) -> None:
        self.scope = scope
        self.reverse_bit_order = reverse_bit_order

    def polynomial(self) -> Polynomial:
        """The value as a polynomial of registers."""
        raise NotImplementedError

    def __add__(self, other: Any) -> QArithExp:
        return _arithmetic("+", self, other, self.scope)

    def __radd__(self, other: Any) -> QArithExp:
        return _arithmetic("+", other, self, self.scope)

    def __sub__(self, other: Any) -> QArithExp:
        return _arithmetic("-", self, other, self.scope)

    def __rsub__(self, other: Any) -> QArithExp:
        return _arithmetic("-", other, self, self.scope)

    def __mul__(self, other: Any) -> QArithExp:
        return _arithmetic("*", self, other, self.scope)

    def __rmul__(self, other: Any) -> QArithExp:
        return _arithmetic("*", other, self, self.scope)

    def __lt__(self, other: Any) -> QCompExp:
        return _comparison("<", self, other)

    def __le__(self, other: Any) -> QCompExp:
        return _comparison("<=", self, other)

    def __gt__(self, other: Any) -> QCompExp:
        return _comparison(">", self, other)

    def __ge__(self, other: Any) -> QCompExp:
        return _comparison(">=", self, other)

    def __eq__(self, other: object) -> Any:
        return _comparison("==", self, other)

    def __ne__(self, other: object) -> Any:
        return _comparison("!=", self, other)

    __hash__ = object.__hash__


class QArithExp(BaseInt):
    """An arithmetic expression of quantum integers, made by ``+ - *``.

    Args:
        scope: the program or routine that owns the qubits.
        operator: ``+``, ``-`` or ``*``.
        operands: what it combines.
        reverse_bit_order: whether ``evaluate`` gives its least significant bit first.

    >>> from qat.lang.AQASM import QRoutine
    >>> rout = QRoutine()
    >>> a, b = rout.new_wires(2, QInt), rout.new_wires(3, QInt)
    >>> str(a + 2 * b)
    '(QInt(q[0]..q[1])+(2*QInt(q[2]..q[4])))'
    >>> (a + 2 * b).evaluate().length
    5
    """

    def __init__(
        self, scope: Any, operator: str, operands: Sequence[Any] | None = None, reverse_bit_order: bool = False
    ) -> None:
        super().__init__(scope, reverse_bit_order)
        self.operator = operator
        self.operands = list(operands or [])

    def polynomial(self) -> Polynomial:
        """The value as a polynomial of registers."""
        total = as_polynomial(self.operands[0], self.scope)
        for operand in self.operands[1:]:
            total = _COMBINE[self.operator](total, as_polynomial(operand, self.scope))
        return total

    def evaluate(self, nbqbit: int | None = None) -> QInt:
        """Computes the value into a new register.

        Args:
            nbqbit: number of qubits of the register; the value is taken modulo ``2**nbqbit``. By default as many as
                hold every value, in two's complement if there are negative ones.

        Returns:
            The register: allocated in a program, ancillas of a routine.
        """
        polynomial = self.polynomial()
        size = polynomial.width() if nbqbit is None else nbqbit
        result: QInt
        if hasattr(self.scope, "qalloc"):
            result = self.scope.qalloc(size, QInt, reverse_bit_order=self.reverse_bit_order)
        else:
            result = self.scope.get_free_ancillae(size, QInt)
        add_polynomial(self.scope, result.wires, polynomial)
        return result

    def __str__(self) -> str:
        return f"({self.operator.join(map(str, self.operands))})"


_COMBINE = {"+": operators.add, "-": operators.sub, "*": operators.mul}


class QInt(QRegister, BaseInt):
    """A register as an unsigned integer; its measured value is an ``int``.

    Args:
        start: number of the first qubit.
        length: number of qubits.
        scope: the program or routine that owns them.
        reverse_bit_order: whether the first qubit is the least significant one, instead of the most significant.
        qbits_list: the qubits, when they exist already.

    >>> from qat.lang.AQASM import Program
    >>> a = Program().qalloc(3, QInt)
    >>> str(a), a.cast(6)
    ('QInt(q[0]..q[2])', 6)
    """

    def __init__(
        self,
        start: int = 0,
        length: int = 1,
        scope: Any = None,
        reverse_bit_order: bool = False,
        qbits_list: Sequence[Qbit] | None = None,
    ) -> None:
        QRegister.__init__(self, start, length, scope, qbits_list)
        self.reverse_bit_order = reverse_bit_order
        self._subtype_metadata = subtype_metadata("qat.lang.AQASM.qint:QInt", reverse_bit_order=reverse_bit_order)

    @property
    def wires(self) -> list[Qbit]:
        """The qubits by rising weight: the first has weight 1, as arithmetic gates take them."""
        return self.qbits if self.reverse_bit_order else self.qbits[::-1]

    def polynomial(self) -> Polynomial:
        """The value as a polynomial of registers."""
        return Polynomial.of_wires(self.wires)

    def qbits_list(self) -> list[Qbit]:
        """The qubits."""
        return self.qbits

    def __iter__(self) -> Iterator[Qbit]:
        return iter(self.qbits)

    def set_value(self, val: int) -> None:
        """Sets a register in state zero to a number, modulo ``2**length``; any other state is xored with it."""
        number = _as_int(val)
        for weight, wire in enumerate(self.wires):
            if number >> weight & 1:
                self.scope.apply(X, wire)

    def cast(self, val: int) -> int:
        """The number that measured bits stand for, given as an integer whose most significant bit is the first qubit.

        >>> QInt(length=3, reverse_bit_order=True).cast(1)
        4
        """
        bits = format(val, f"0{self.length}b")
        return int(bits[::-1] if self.reverse_bit_order else bits, 2)

    def evaluate(self, nbqbit: int | None = None) -> QInt:
        """The register itself; ``nbqbit`` is ignored."""
        return self

    def __iadd__(self, other: Any) -> QInt:  # type: ignore[override]
        add_polynomial(self.scope, self.wires, as_polynomial(other, self.scope))
        return self

    def __isub__(self, other: Any) -> QInt:  # type: ignore[override]
        add_polynomial(self.scope, self.wires, as_polynomial(other, self.scope), is_subtracted=True)
        return self

    def __eq__(self, other: object) -> Any:
        """A comparison of values; between registers that belong to no program, whether they are the same."""
        return Record.__eq__(self, other) if self.scope is None else BaseInt.__eq__(self, other)

    def __ne__(self, other: object) -> Any:
        return not Record.__eq__(self, other) if self.scope is None else BaseInt.__ne__(self, other)

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"QInt(q[{self.start}]..q[{self.start + self.length - 1}])"


def as_polynomial(value: Any, scope: Any) -> Polynomial:
    """A number, register or expression as a polynomial.

    Raises:
        InvalidCast: it is of another program or routine.
        TypeError: it has no integer value.
    """
    if not isinstance(value, BaseInt):
        return Polynomial.of_constant(_as_int(value))
    if value.scope is not scope:
        raise InvalidCast(value)
    return value.polynomial()


def _as_int(value: Any) -> int:
    try:
        return operators.index(value)
    except TypeError:
        raise TypeError(f"{value!r} cannot be cast to a QInt; use quantum integers and Python integers.") from None


def _arithmetic(operator: str, left: Any, right: Any, scope: Any) -> QArithExp:
    operands: list[Any] = []
    for operand in (left, right):
        as_polynomial(operand, scope)
        is_same = isinstance(operand, QArithExp) and operand.operator == operator and operator != "-"
        operands.extend(operand.operands if is_same else [operand])
    order = next(operand.reverse_bit_order for operand in (left, right) if isinstance(operand, BaseInt))
    return QArithExp(scope, operator, operands, order)


def _comparison(operator: str, left: BaseInt, right: Any) -> QCompExp:
    from qat.lang.AQASM.comparisons import QCompExp

    as_polynomial(right, left.scope)
    return QCompExp(left.scope, operator, left, right)


def __getattr__(name: str) -> Any:
    if name == "QCompExp":
        from qat.lang.AQASM.comparisons import QCompExp

        return QCompExp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
