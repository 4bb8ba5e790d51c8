"""Quantum and classical bits, their registers, and boolean formulas on classical bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, overload

from qat.core.records import QRegister as RegisterRecord
from qat.lang.AQASM.aqasm_util import InvalidClassicArguments

__all__ = ["BoolFormula", "BoolOp", "CRegister", "Cbit", "QRegister", "Qbit", "UnreferencedQubit"]


class UnreferencedQubit(IndexError):  # noqa: N818 (published name)
    """A qubit beyond the end of a register.

    >>> QRegister(0, length=2)[5]
    Traceback (most recent call last):
        ...
    qat.lang.AQASM.bits.UnreferencedQubit: qubit 5 is out of range: this register has 2 qubits, use 0 to 1.
    """


class Qbit:
    """A qubit of a program, or a wire of a routine.

    Attributes:
        index: its number within its program or routine; 0 is the most significant bit of a state.
        scope: the program or routine that owns it.

    >>> str(Qbit(3))
    'q[3]'
    """

    __slots__ = ("index", "scope")

    def __init__(self, index: int, scope: Any = None) -> None:
        self.index = index
        self.scope = scope

    def __str__(self) -> str:
        return f"q[{self.index}]"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.index})"


class QRegister(RegisterRecord):
    """Consecutive qubits; index it by integers and slices. Quantum types derive from it.

    Args:
        offset: number of the first qubit.
        length: number of qubits.
        scope: the program or routine that owns them.
        qbits_list: the qubits, when they exist already.

    >>> register = QRegister(2, length=3)
    >>> register.start, len(register), register[0].index, [qubit.index for qubit in register[1:]]
    (2, 3, 2, [3, 4])
    """

    def __init__(
        self, offset: int, length: int = 1, scope: Any = None, qbits_list: Sequence[Qbit] | None = None
    ) -> None:
        super().__init__(length=length, start=offset)
        self.scope = scope
        self._qubits: list[Qbit] | None = None if qbits_list is None else list(qbits_list)

    length: int
    start: int

    @property
    def qbits(self) -> list[Qbit]:
        """The qubits, in order. They are made when first asked for."""
        if self._qubits is None:
            self._qubits = [Qbit(index, self.scope) for index in range(self.start, self.start + self.length)]
        return self._qubits

    def detached(self) -> QRegister:
        """A copy that knows no program, as circuits and results keep it."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.scope = None
        copy._qubits = None
        return copy

    def attached(self, scope: Any) -> QRegister:
        """A copy that belongs to a program or routine."""
        copy = self.detached()
        copy.scope = scope
        return copy

    def get_width(self) -> int:
        """Number of qubits."""
        return self.length

    def cast_to(self, class_type: type[QRegister], **attributes: Any) -> QRegister:
        """The same qubits seen as a register of another quantum type."""
        return class_type(self.start, length=self.length, scope=self.scope, qbits_list=self.qbits, **attributes)

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Qbit]:
        return iter(self.qbits)

    @overload
    def __getitem__(self, key: int) -> Qbit: ...
    @overload
    def __getitem__(self, key: slice) -> list[Qbit]: ...
    def __getitem__(self, key: int | slice) -> Qbit | list[Qbit]:
        try:
            return (self._qubits or self.qbits)[key]
        except IndexError:
            raise UnreferencedQubit(
                f"qubit {key} is out of range: this register has {self.length} qubits, use 0 to {self.length - 1}."
            ) from None

    def __str__(self) -> str:
        if not self.length:
            return "QReg()"
        return f"QReg(q[{self.start}]..q[{self.start + self.length - 1}])"


class BoolOp(Enum):
    """Operators of a boolean formula, with their prefix names; a leaf is a classical bit."""

    AND = "AND"
    L_OR = "OR"
    XOR = "XOR"
    NOT = "NOT"
    LEAF = ""

    @property
    def is_binary(self) -> bool:
        """Whether it takes two operands."""
        return self in _INFIX


_INFIX = {BoolOp.AND: "&", BoolOp.L_OR: "|", BoolOp.XOR: "^"}


class _Boolean:
    """Operators shared by classical bits and formulas."""

    __slots__ = ()

    def __and__(self, other: Cbit | BoolFormula) -> BoolFormula:
        return BoolFormula(BoolOp.AND, self, other)

    def __or__(self, other: Cbit | BoolFormula) -> BoolFormula:
        return BoolFormula(BoolOp.L_OR, self, other)

    def __xor__(self, other: Cbit | BoolFormula) -> BoolFormula:
        return BoolFormula(BoolOp.XOR, self, other)

    def __invert__(self) -> BoolFormula:
        return BoolFormula(BoolOp.NOT, self)


class Cbit(_Boolean):
    """A classical bit; ``& | ^ ~`` make formulas of them.

    >>> str(Cbit(0) & ~Cbit(1))
    '(c[0] & (~ c[1]))'
    """

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index

    def __str__(self) -> str:
        return f"c[{self.index}]"

    def __repr__(self) -> str:
        return f"Cbit({self.index})"


class BoolFormula(_Boolean):
    """A boolean formula on classical bits.

    Args:
        operator: what it does.
        left: its first operand; the classical bit of a leaf.
        right: its second operand, for a binary operator.

    >>> formula = Cbit(0) & Cbit(1) | ~Cbit(2)
    >>> formula.to_thrift(), formula.cbits_list()
    ('OR AND 0 1 NOT 2', [0, 1, 2])
    """

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: BoolOp, left: Any, right: Any = None) -> None:
        self.operator = operator
        self.left: Any = left if operator is BoolOp.LEAF else _as_formula(left)
        self.right: BoolFormula | None = _as_formula(right) if operator.is_binary else None

    def _prefix(self) -> Iterator[BoolFormula]:
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(operand for operand in (node.right, node.left) if isinstance(operand, BoolFormula))

    def cbits_list(self) -> list[int]:
        """Indices of the classical bits it reads, in order of appearance."""
        return [node.left.index for node in self._prefix() if node.operator is BoolOp.LEAF]

    def to_thrift(self) -> str:
        """The formula in prefix notation, as circuits keep it."""
        return " ".join(
            str(node.left.index) if node.operator is BoolOp.LEAF else node.operator.value for node in self._prefix()
        )

    def __str__(self) -> str:
        if self.operator is BoolOp.LEAF:
            return str(self.left)
        if self.operator is BoolOp.NOT:
            return f"(~ {self.left})"
        return f"({self.left} {_INFIX[self.operator]} {self.right})"


def _as_formula(value: Any) -> BoolFormula:
    if isinstance(value, BoolFormula):
        return value
    if isinstance(value, Cbit):
        return BoolFormula(BoolOp.LEAF, value)
    raise InvalidClassicArguments(value, "a formula is made of classical bits and & | ^ ~ on them")


class CRegister:
    """Consecutive classical bits; index it by integers and slices.

    >>> [str(bit) for bit in CRegister(1, 2)]
    ['c[1]', 'c[2]']
    """

    __slots__ = ("cbits",)

    def __init__(self, offset: int, length: int = 1) -> None:
        self.cbits = [Cbit(index) for index in range(offset, offset + length)]

    def __len__(self) -> int:
        return len(self.cbits)

    def __iter__(self) -> Iterator[Cbit]:
        return iter(self.cbits)

    @overload
    def __getitem__(self, key: int) -> Cbit: ...
    @overload
    def __getitem__(self, key: slice) -> list[Cbit]: ...
    def __getitem__(self, key: int | slice) -> Cbit | list[Cbit]:
        return self.cbits[key]


def unfold_cbits(cbits: Any) -> list[Cbit]:
    """The classical bits in nested lists and registers, in order.

    >>> [bit.index for bit in unfold_cbits([CRegister(0, 2), Cbit(5)])]
    [0, 1, 5]
    """
    if isinstance(cbits, Cbit):
        return [cbits]
    if not isinstance(cbits, Iterable) or isinstance(cbits, str | bytes):
        raise InvalidClassicArguments(cbits)
    return [bit for item in cbits for bit in unfold_cbits(item)]
