"""What programs and routines are made of: one light object per operation, in order of application."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qat.lang.AQASM.bits import BoolFormula
    from qat.lang.AQASM.gates import Gate

__all__ = [
    "AncillaOperation", "BreakOperation", "CCQGateOperation", "ClassicOperation", "CommentOperation",
    "MeasureOperation", "Operation", "QGateOperation", "ResetOperation",
]  # fmt: skip


class Operation:
    """One step of a program or routine."""

    __slots__ = ()


class QGateOperation(Operation):
    """A gate or routine on qubits.

    Attributes:
        gate: what is applied.
        args: indices of the qubits, controls first.
        ctrl_prot: whether it stays as it is when its routine is controlled, because it is part of a
            compute-uncompute pair.
    """

    __slots__ = ("args", "ctrl_prot", "gate")

    def __init__(self, gate: Gate, args: list[int], ctrl_prot: bool = False) -> None:
        self.gate = gate
        self.args = args
        self.ctrl_prot = ctrl_prot


class AncillaOperation(Operation):
    """From here on the wires are in use (``is_lock``) or clean and free again."""

    __slots__ = ("args", "is_lock")

    def __init__(self, args: list[int], is_lock: bool) -> None:
        self.args = args
        self.is_lock = is_lock


class CCQGateOperation(Operation):
    """A gate or routine that acts when classical bit ``cbit`` is 1."""

    __slots__ = ("args", "cbit", "gate")

    def __init__(self, gate: Gate, args: list[int], cbit: int) -> None:
        self.gate = gate
        self.args = args
        self.cbit = cbit


class MeasureOperation(Operation):
    """Qubits measured into classical bits."""

    __slots__ = ("cbits", "qbits")

    def __init__(self, qbits: list[int], cbits: list[int]) -> None:
        self.qbits = qbits
        self.cbits = cbits


class ResetOperation(Operation):
    """Qubits and classical bits set to zero."""

    __slots__ = ("cbits", "qbits")

    def __init__(self, qbits: list[int], cbits: list[int]) -> None:
        self.qbits = qbits
        self.cbits = cbits


class ClassicOperation(Operation):
    """A classical bit set to a formula."""

    __slots__ = ("cbit", "formula")

    def __init__(self, cbit: int, formula: BoolFormula) -> None:
        self.cbit = cbit
        self.formula = formula


class BreakOperation(Operation):
    """The program stops when the formula is true."""

    __slots__ = ("formula",)

    def __init__(self, formula: BoolFormula) -> None:
        self.formula = formula


class CommentOperation(Operation):
    """A remark; it leaves no trace in the circuit."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message
