"""Errors of the language, and the checks on what users pass to gates, measurements and resets.

::

    PyAQASMException                     everything raised on purpose by the language
    ├── InvalidArguments                 qubits: repeated, of another program, not qubits at all
    ├── InvalidGateArguments             a gate on the wrong number of qubits
    ├── InvalidMeasureArguments          qubits and classical bits of a measurement do not match
    ├── InvalidResetArguments            the same for a reset
    ├── InvalidClassicArguments          not a classical bit
    ├── InvalidCustomName                a gate name that the text format cannot hold
    ├── program.CbitNotInitialized       a formula reads a classical bit which nothing has written (an InvalidFormula)
    ├── program.OperationNotAuthorized   an operation that has no meaning where it was asked for
    ├── routines.UnreferencedWire        a routine has no such wire
    ├── routines.InvalidAncilla          a wire that cannot be an ancilla
    ├── routines.InvalidConjugate        gates of different sizes in a conjugation
    └── math_util.InvalidDimensions, math_util.InvalidUnitaryMatrix
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from qat.core.circuit_builder.builder import InvalidFormula

__all__ = [
    "InvalidArguments", "InvalidClassicArguments", "InvalidCustomName", "InvalidFormula", "InvalidGateArguments",
    "InvalidMeasureArguments", "InvalidResetArguments", "PyAQASMException", "check_custom_name", "flatten_list",
]  # fmt: skip


class PyAQASMException(Exception):  # noqa: N818 (published name)
    """Root of the errors of the language."""


class InvalidArguments(PyAQASMException):
    """Qubits that an operation cannot act on.

    >>> print(InvalidArguments([0, 0], "qubit 0 is repeated", "give each qubit once"))
    [0, 0] is an invalid argument: qubit 0 is repeated; give each qubit once.
    """

    def __init__(self, args: Any, reason: str = "it is not a list of qubits", cure: str = "give qubits") -> None:
        super().__init__(f"{_shown(args)} is an invalid argument: {reason}; {cure}.")


class InvalidGateArguments(PyAQASMException):
    """A gate on the wrong number of qubits.

    >>> print(InvalidGateArguments("CNOT", 2, [0]))
    Gate CNOT of arity 2 cannot be applied on [0]: it was given 1; give it 2 qubits.
    """

    def __init__(self, name: str | None, arity: int | None, qubits: Sequence[int]) -> None:
        expected = "at least one qubit" if arity is None else f"{arity} qubit{'s' * (arity != 1)}"
        super().__init__(
            f"Gate {name} of arity {arity} cannot be applied on {_shown(list(qubits))}: "
            f"it was given {len(qubits)}; give it {expected}."
        )


class InvalidMeasureArguments(PyAQASMException):
    """Qubits and classical bits of a measurement do not match."""

    def __init__(self, qbits: Any, cbits: Any, reason: str = "they do not match") -> None:
        super().__init__(f"Cannot measure qubits {_shown(qbits)} into classical bits {_shown(cbits)}: {reason}.")


class InvalidResetArguments(PyAQASMException):
    """Qubits or classical bits that cannot be reset."""

    def __init__(self, qbits: Any, cbits: Any, reason: str = "they cannot be reset") -> None:
        super().__init__(f"Cannot reset qubits {_shown(qbits)}, classical bits {_shown(cbits)}: {reason}.")


class InvalidClassicArguments(PyAQASMException):
    """Something else where a classical bit was expected."""

    def __init__(self, arg: Any, reason: str = "expected a classical bit, as Program.calloc returns") -> None:
        super().__init__(f"{_shown(arg)} is an invalid classical argument: {reason}.")


class InvalidCustomName(PyAQASMException):
    """A gate name which the text format cannot hold."""

    def __init__(self, name: Any) -> None:
        super().__init__(f"{name!r} is an invalid gate name: use a letter, then letters, digits and underscores.")


_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


def _shown(value: Any, limit: int = 200) -> str:
    text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def check_custom_name(name: Any) -> None:
    """Check that ``name`` can be the name of a gate.

    Raises:
        InvalidCustomName: if it is not a letter followed by letters, digits and underscores.

    >>> check_custom_name("MY_GATE2")
    """
    if not (isinstance(name, str) and _NAME.match(name)):
        raise InvalidCustomName(name)


def flatten_list(a_list: Iterable[Any]) -> list[Any]:
    """The elements of nested lists, tuples and registers, in order.

    >>> flatten_list([1, [2, (3,)]])
    [1, 2, 3]
    """
    flat: list[Any] = []
    for item in a_list:
        if isinstance(item, Iterable) and not isinstance(item, str | bytes):
            flat.extend(flatten_list(item))
        else:
            flat.append(item)
    return flat
