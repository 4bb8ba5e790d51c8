"""Errors of the quantum types."""

from __future__ import annotations

from typing import Any

from qat.lang.AQASM.aqasm_util import PyAQASMException

__all__ = ["InvalidArgument", "InvalidCast", "InvalidOperation"]


class InvalidArgument(PyAQASMException):
    """An operand that a quantum type cannot be combined with."""


class InvalidCast(PyAQASMException):
    """Operands of different programs or routines.

    >>> print(InvalidCast("q[0]"))
    q[0] belongs to another program or routine; combine qubits of the same one.
    """

    def __init__(self, operand: Any, *_details: Any) -> None:
        super().__init__(f"{operand} belongs to another program or routine; combine qubits of the same one.")


class InvalidOperation(PyAQASMException):
    """An arithmetic expression that cannot be evaluated."""
