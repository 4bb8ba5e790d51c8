"""Single values on the wire: numbers, text, expressions, arrays, and lists and tables of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from qat.comm.wire.arrays import Array, pack_array, unpack_array
from qat.core.errors import WireError
from qat.core.records import ComplexNumber
from qat.core.variables import BaseArithmetic
from qat.core.variables.prefix import from_text_and_types
from qat.core.variables.walk import variables_by_name


class _Part(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the structures below."""


class Complex(_Part, frozen=True, tag="c"):
    """A complex number."""

    re: float
    im: float


class Blob(_Part, frozen=True, tag="b"):
    """Bytes."""

    data: bytes


class BigInteger(_Part, frozen=True, tag="i"):
    """An integer beyond 64 bits: two's complement, little-endian."""

    data: bytes


class Expression(_Part, frozen=True, tag="e"):
    """An expression as prefix text; ``types`` names the types of its variables that are not floats."""

    text: str
    types: dict[str, str] = {}


class Items(_Part, frozen=True, tag="l"):
    """A list."""

    items: list[Value]


class Table(_Part, frozen=True, tag="d"):
    """A dictionary with text keys."""

    items: dict[str, Value]


Value = None | bool | int | float | str | Complex | Blob | BigInteger | Expression | Array | Items | Table

_TYPES: Mapping[str, type] = {"int": int, "complex": complex, "str": str, "bool": bool}
_MAX_DEPTH = 64


def pack_expression(expression: BaseArithmetic) -> Expression:
    """An expression as it travels.

    >>> from qat.core.variables import Variable
    >>> pack_expression(2 * Variable("a")).text
    '* 2 a'
    """
    variables = variables_by_name(expression).items()
    types = {name: variable.type.__name__ for name, variable in variables if variable.type is not float}
    return Expression(expression.to_thrift(), {name: kind for name, kind in types.items() if kind in _TYPES})


def unpack_expression(expression: Expression) -> Any:
    """The expression; a number when the text has no variables.

    Raises:
        WireError: the text is not an expression, or uses a function that is not known here.
    """
    types = {name: _TYPES.get(kind, float) for name, kind in expression.types.items()}
    try:
        return from_text_and_types(expression.text, types)
    except (ValueError, ArithmeticError, TypeError, AssertionError) as error:
        text = expression.text if len(expression.text) <= _SHOWN else expression.text[:_SHOWN] + "…"
        cure = "if it uses a symbol of your own, define that symbol before loading"
        raise WireError(f"the expression {text!r} cannot be read: {error}", "prefix text", cure) from None


_SHOWN = 60


def pack_value(value: Any, what: str) -> Value:
    """A value as it travels.

    Args:
        value: a number, text, bytes, an expression, an array, or a list or dictionary of these.
        what: what it is, for the error message.

    Raises:
        WireError: a value of this type does not travel.

    >>> pack_value(1j, "amplitude")
    Complex(re=0.0, im=1.0)
    """
    pack = _PACKERS.get(type(value))
    return value if pack is None and type(value) in _PLAIN else (pack or _pack_other)(value, what)


_PLAIN = frozenset({type(None), bool, float, str})


def _pack_int(value: int, what: str) -> Value:
    if -(1 << 63) <= value < 1 << 64:
        return value
    return BigInteger(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


def _pack_list(value: Any, what: str) -> Value:
    return Items([pack_value(item, what) for item in value])


def _pack_dict(value: Any, what: str) -> Value:
    return Table({_text_key(key, what): pack_value(item, what) for key, item in value.items()})


def _text_key(key: Any, what: str) -> str:
    if not isinstance(key, str):
        raise WireError(f"{what} has the key {key!r} of type {type(key).__name__}", "keys of type str")
    return str(key)


def _pack_other(value: Any, what: str) -> Value:
    if isinstance(value, np.generic):
        return pack_value(_WIDE.get(type(value), np.generic.item)(value), what)
    if isinstance(value, np.ndarray):
        return pack_array(value)
    if isinstance(value, BaseArithmetic):
        return pack_expression(value)
    if isinstance(value, ComplexNumber):
        return Complex(float(value.re or 0.0), float(value.im))
    base = next((base for base in _PACKERS_OF_SUBCLASSES if isinstance(value, base)), None)
    if base is None:
        expected = "a number, text, an expression, an array, or a list or dictionary of these"
        raise WireError(f"{what} is a {type(value).__name__}, which cannot be sent", expected)
    return pack_value(base(value), what)


_WIDE: Mapping[type, Any] = {np.longdouble: float, np.clongdouble: complex}
"""Numbers of NumPy whose ``item`` is no number of Python."""

_PACKERS_OF_SUBCLASSES: tuple[Any, ...] = (int, float, complex, str, dict)
_PACKERS: Mapping[type, Any] = {
    int: _pack_int,
    complex: lambda value, what: Complex(value.real, value.imag),
    list: _pack_list,
    tuple: _pack_list,
    bytes: lambda value, what: Blob(value),
    dict: _pack_dict,
}


def pack_table(table: Mapping[str, Any] | None, what: str) -> dict[str, Value] | None:
    """A dictionary of values as it travels; ``None`` stays ``None``.

    >>> pack_table({"a": 1}, "meta_data")
    {'a': 1}
    """
    return None if table is None else {_text_key(key, what): pack_value(item, what) for key, item in table.items()}


def unpack_table(table: dict[str, Value] | None) -> Any:
    """The dictionary; ``None`` stays ``None``."""
    return None if table is None else {key: unpack_value(item) for key, item in table.items()}


def unpack_value(value: Value, depth: int = 0) -> Any:
    """The value that travelled; a tuple has become a list, a number of NumPy one of Python.

    Raises:
        WireError: an expression or an array is malformed, or lists are nested too deep.

    >>> unpack_value(Complex(0.0, 1.0))
    1j
    """
    if depth > _MAX_DEPTH:
        raise WireError(f"values are nested more than {_MAX_DEPTH} deep")
    match value:
        case Complex(re, im):
            return complex(re, im)
        case Blob(data):
            return data
        case BigInteger(data):
            return int.from_bytes(data, "little", signed=True)
        case Expression():
            return unpack_expression(value)
        case Array():
            return unpack_array(value)
        case Items(items):
            return [unpack_value(item, depth + 1) for item in items]
        case Table(table):
            return {key: unpack_value(item, depth + 1) for key, item in table.items()}
    return value
