"""Checks on the parameters of gates: their number, their types, their values."""

from __future__ import annotations

import cmath
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from qat.core.gate_set import WrongArgumentsNumber, WrongArgumentType
from qat.kernels.tape import is_symbolic

__all__ = ["checked_parameters"]

_ONE_FLOAT = [float]


def checked_parameters(name: str, types: Sequence[type], values: Sequence[Any]) -> tuple[Any, ...]:
    """The parameters of gate ``name`` as plain Python values; expressions are left as they are.

    Raises:
        WrongArgumentsNumber: if there are not as many values as types.
        WrongArgumentType: if a value is not of its type, or is NaN or infinite.

    >>> checked_parameters("FOO", [float, int], [np.float64(0.5), np.int64(2)])
    (0.5, 2)
    """
    if len(values) == 1 and type(values[0]) is float and types == _ONE_FLOAT and math.isfinite(values[0]):
        return (values[0],)  # nearly all gates
    if len(values) != len(types):
        error = WrongArgumentsNumber(len(types), len(values), name)
        error.add_note(f"Give {name} ({', '.join(kind.__name__ for kind in types)}); it was given {_shown(values)}.")
        raise error
    return tuple(
        value if type(value) is float and kind is float and math.isfinite(value) else _checked(name, kind, value)
        for kind, value in zip(types, values, strict=True)
    )


def _checked(name: str, kind: type, value: Any) -> Any:
    if is_symbolic(value):
        return value
    converted = _CONVERTERS[kind](value) if kind in _CONVERTERS else _instance(kind, value)
    if converted is None:
        error = WrongArgumentType(kind, value)
        error.add_note(f"Give {name} {_EXPECTED.get(kind, f'an object of {kind}')}; it was given {_shown(value)}.")
        raise error
    return converted


def _real(value: Any) -> int | float | None:
    if isinstance(value, int | np.integer | np.bool_):
        return int(value) if abs(int(value)) <= sys.float_info.max else None
    if isinstance(value, float | np.floating) and math.isfinite(value):
        return float(value)
    return None


def _integer(value: Any) -> int | None:
    return int(value) if isinstance(value, int | np.integer | np.bool_) else None


def _boolean(value: Any) -> bool | None:
    return bool(value) if isinstance(value, bool | np.bool_) else None


def _complex(value: Any) -> complex | None:
    is_number = isinstance(value, int | float | complex | np.number)
    return complex(value) if is_number and cmath.isfinite(complex(value)) else None


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) else None


def _array(value: Any) -> Any:
    """An array; a vector becomes a column."""
    if not isinstance(value, np.ndarray):
        return None
    return value.reshape(-1, 1) if value.ndim == 1 else value


def _list(value: Any) -> Any:
    return value if isinstance(value, list | tuple | np.ndarray) else None


def _instance(kind: type, value: Any) -> Any:
    return value if isinstance(value, kind) else None


_CONVERTERS: dict[type, Callable[[Any], Any]] = {
    float: _real, int: _integer, bool: _boolean, complex: _complex, str: _text, np.ndarray: _array, list: _list,
}  # fmt: skip
_EXPECTED: dict[type, str] = {
    float: "a finite number or an expression", int: "an integer or an expression",
    complex: "a finite number or an expression", str: "a string", bool: "True or False",
    np.ndarray: "a numpy array", list: "a list",
}  # fmt: skip


def _shown(value: Any, limit: int = 100) -> str:
    text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
