"""Formulas in AQASM text: arithmetic in gate parameters, boolean on classical bits."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from qat.core.variables import (
    Variable,
    abso,
    angle,
    atan2,
    conjugate,
    cos,
    exp,
    heaviside,
    imag,
    ln,
    real,
    sin,
    sqrt,
    vmax,
)
from qat.lang.AQASM.text.lexer import Token, Tokens

__all__ = ["read_cbit", "read_formula", "read_parameter"]

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abso, "angle": angle, "atan2": atan2, "conjugate": conjugate, "cos": cos, "exp": exp, "heaviside": heaviside,
    "imag": imag, "ln": ln, "real": real, "sin": sin, "sqrt": sqrt, "max": vmax,
}  # fmt: skip
_CONSTANTS: Mapping[str, float] = {"PI": math.pi, "pi": math.pi}

_Operators = Mapping[str, Callable[[Any, Any], Any]]
_SUMS: _Operators = {"+": operator.add, "-": operator.sub}
_PRODUCTS: _Operators = {"*": operator.mul, "/": operator.truediv, "%": operator.mod}


def read_parameter(tokens: Tokens) -> Any:
    """A parameter of a gate: a string, a complex number ``(re, im)``, or an arithmetic expression.

    Names that are neither functions nor constants are variables.

    >>> print(read_parameter(Tokens("2 * theta + PI / 2")))
    ((2 * theta) + 1.5707963267948966)
    """
    if tokens.peek().kind == "string":
        return tokens.string()
    start = tokens.peek()
    try:
        return _sum(tokens)
    except (ArithmeticError, TypeError, ValueError) as error:
        if isinstance(error, ValueError) and hasattr(error, "line"):
            raise
        start.refuse(f"this expression cannot be computed ({error})", "give one with a finite value")


def _sum(tokens: Tokens) -> Any:
    return _chain(tokens, _product, _SUMS)


def _product(tokens: Tokens) -> Any:
    return _chain(tokens, _signed, _PRODUCTS)


def _chain(tokens: Tokens, operand: Callable[[Tokens], Any], operators: _Operators) -> Any:
    value = operand(tokens)
    while tokens.peek().kind == "symbol" and tokens.peek().text in operators:
        function = operators[tokens.next().text]
        value = function(value, operand(tokens))
    return value


def _signed(tokens: Tokens) -> Any:
    tokens.deeper()
    if tokens.accept("-"):
        value = -_signed(tokens)
    elif tokens.accept("+"):
        value = _signed(tokens)
    else:
        value = _power(tokens)
    tokens.back()
    return value


def _power(tokens: Tokens) -> Any:
    base = _atom(tokens)
    return _raised(base, _signed(tokens)) if tokens.accept("**", "^") else base


def _raised(base: Any, exponent: Any) -> Any:
    """The power; that of large integers as a float, which is quick."""
    if isinstance(base, int) and isinstance(exponent, int) and abs(exponent) * base.bit_length() > 1024:
        return float(base) ** exponent
    return base**exponent


def _atom(tokens: Tokens) -> Any:
    token = tokens.peek()
    if token.kind == "number":
        return _number(tokens.next().text)
    if tokens.accept("("):
        return _in_brackets(tokens)
    if token.kind == "name":
        return _named(tokens, tokens.next())
    tokens.unexpected("a number, a name, a string or '('")


def _number(text: str) -> int | float:
    return int(text) if text.isdecimal() else float(text)


def _in_brackets(tokens: Tokens) -> Any:
    tokens.deeper()
    value = _sum(tokens)
    if tokens.accept(","):
        value = complex(value, _sum(tokens))
    tokens.expect(")")
    tokens.back()
    return value


def _named(tokens: Tokens, name: Token) -> Any:
    if name.text in _CONSTANTS:
        return _CONSTANTS[name.text]
    if not tokens.accept("("):
        return Variable(name.text)
    if name.text not in _FUNCTIONS:
        name.refuse(f"there is no function {name.text}", f"expected one of {', '.join(sorted(_FUNCTIONS))}")
    arguments = [_sum(tokens)]
    while tokens.accept(","):
        arguments.append(_sum(tokens))
    tokens.expect(")")
    return _FUNCTIONS[name.text](*arguments)


def read_cbit(tokens: Tokens) -> int:
    """A classical bit ``c[k]``; its number."""
    tokens.expect("c")
    tokens.expect("[", " and the number of a classical bit")
    index = tokens.integer("the number of a classical bit")
    tokens.expect("]")
    return index


def read_formula(tokens: Tokens, target: int) -> str:
    """A boolean formula in prefix notation, as tapes hold it.

    Operators: ``~``, then ``&`` or ``*``, then ``^``, then ``|`` or ``+``. The constants 0 and 1 are written with
    ``target``, a classical bit, whatever its value.

    >>> read_formula(Tokens("c[1] & ~c[2] | c[0]"), 0), read_formula(Tokens("1"), 4)
    ('OR AND 1 NOT 2 0', 'NOT XOR 4 4')
    """
    return _binary(tokens, target, 0)


_LEVELS = (({"|", "+"}, "OR"), ({"^"}, "XOR"), ({"&", "*"}, "AND"))


def _binary(tokens: Tokens, target: int, level: int) -> str:
    if level == len(_LEVELS):
        return _negation(tokens, target)
    symbols, name = _LEVELS[level]
    value = _binary(tokens, target, level + 1)
    while tokens.accept(*symbols):
        value = f"{name} {value} {_binary(tokens, target, level + 1)}"
    return value


def _negation(tokens: Tokens, target: int) -> str:
    tokens.deeper()
    if tokens.accept("~"):
        value = f"NOT {_negation(tokens, target)}"
    elif tokens.accept("("):
        value = _binary(tokens, target, 0)
        tokens.expect(")")
    else:
        value = _bit_or_constant(tokens, target)
    tokens.back()
    return value


def _bit_or_constant(tokens: Tokens, target: int) -> str:
    if tokens.accept("0"):
        return f"XOR {target} {target}"
    if tokens.accept("1"):
        return f"NOT XOR {target} {target}"
    if tokens.peek().text != "c":
        tokens.unexpected("a classical bit c[…], 0, 1, '~' or '('")
    return str(read_cbit(tokens))
