"""The built-in operators and functions of expressions, with their evaluation and their derivatives.

Evaluation takes Python and NumPy numbers, real or complex, and arrays (element by element); numbers give Python
numbers. ``fast`` is the plain ``math`` function, used when every variable is bound to a float.

Derivatives are exact where the function has one. Conventions elsewhere: the jumps of ``heaviside`` and ``get_item``
count as flat (derivative 0); ``max`` takes its first argument where both are equal; ``abs`` has no derivative at 0
(a division by zero); ``real``, ``imag``, ``conjugate``, ``angle`` and ``abs`` are differentiated along a real variable.
"""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from qat.core.variables.symbols import Evaluator, Symbol

_MAX_INTEGER_BITS = 4096


def _no_lists(function: Evaluator, token: str) -> Evaluator:
    """The operator, refusing lists: Python would repeat or join them."""

    def evaluate(*operands: Any) -> Any:
        if list in map(type, operands):
            raise TypeError(f"{token} takes numbers, got {list(operands)!r}; use get_item to read a number from a list")
        return function(*operands)

    return evaluate


def _safe_multiply(left: Any, right: Any) -> Any:
    """``left * right``, in floats where integers would grow beyond all bounds."""
    if type(left) is int and type(right) is int and left.bit_length() + right.bit_length() > _MAX_INTEGER_BITS:
        return float(left) * right
    return left * right


def _safe_power(base: Any, exponent: Any) -> Any:
    """``base ** exponent``, in floats where integers would grow beyond all bounds."""
    if type(base) is int and type(exponent) is int and base.bit_length() * exponent > _MAX_INTEGER_BITS:
        return float(base) ** exponent
    return base**exponent


def _elementary(token: str, on_real: Evaluator, on_complex: Evaluator, on_array: Evaluator) -> Evaluator:
    """One function out of its versions for floats, complex numbers and arrays."""

    def evaluate(value: Any) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, complex):
            return on_complex(value)
        if not isinstance(value, float | int):
            return on_array(value)
        try:
            return on_real(value)
        except ValueError:
            raise ValueError(f"{token}({value}) is not a real number: keep its argument in the domain") from None
        except OverflowError:
            raise OverflowError(f"{token}({value}) is too large for a float") from None

    return evaluate


def _heaviside(value: Any, low: Any, high: Any) -> Any:
    inside = (low <= value) & (value < high)
    return inside.astype(int) if isinstance(inside, np.ndarray) else int(inside)


def _maximum(left: Any, right: Any) -> Any:
    return np.maximum(left, right) if _is_array(left, right) else max(left, right)


def _atan2(y: Any, x: Any) -> Any:
    return np.arctan2(y, x) if _is_array(y, x) else math.atan2(y, x)


def _get_item(items: Any, index: Any) -> Any:
    if _is_array(index):
        return np.asarray(items)[np.floor(index).astype(int)]
    return items[math.floor(index)]


def _is_array(*values: Any) -> bool:
    return any(isinstance(value, np.ndarray) for value in values)


def _scalar(function: Callable[[Any], Any]) -> Evaluator:
    return lambda value: function(value.item() if isinstance(value, np.generic) else value)


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float | complex) and value == 0


def _divide_derivative(x: Any, y: Any, dx: Any, dy: Any) -> Any:
    if _is_zero(dy):
        return dx / y
    change = x * dy / y**2
    return -change if _is_zero(dx) else dx / y - change


def _power_derivative(x: Any, y: Any, dx: Any, dy: Any) -> Any:
    if _is_zero(dy):
        return y * x ** (y - 1) * dx
    growth = x**y * ln(x) * dy
    return growth if _is_zero(dx) else y * x ** (y - 1) * dx + growth


def _maximum_derivative(x: Any, y: Any, dx: Any, dy: Any) -> Any:
    is_first = heaviside(x - y, 0, math.inf)
    return is_first * dx + (1 - is_first) * dy


def _get_item_derivative(items: Any, index: Any, d_items: Any, d_index: Any) -> Any:
    if not _is_zero(d_items):
        raise ValueError("get_item has a derivative only when its list does not depend on the variable")
    return 0


def _operator(token: str, function: Evaluator, arity: int, diff: Evaluator) -> Symbol:
    symbol = Symbol(token, _no_lists(function, token), arity, infix=arity == 2, diff=diff)
    symbol.fast = function
    return symbol


def _function(token: str, evaluator: Evaluator, fast: Evaluator, diff: Evaluator, arity: int = 1) -> Symbol:
    symbol = Symbol(token, evaluator, arity, diff=diff)
    symbol.fast = fast
    return symbol


PLUS: Symbol = _operator("+", operator.add, 2, lambda x, y, dx, dy: dx + dy)
MUL: Symbol = _operator("*", _safe_multiply, 2, lambda x, y, dx, dy: x * dy + dx * y)
SUB: Symbol = _operator("-", operator.sub, 2, lambda x, y, dx, dy: dx - dy)
UMINUS: Symbol = _operator("UMINUS", operator.neg, 1, lambda x, dx: -dx)
UMINUS.pretty_token = "-"
DIV: Symbol = _operator("/", operator.truediv, 2, _divide_derivative)
POW: Symbol = _operator("**", _safe_power, 2, _power_derivative)

cos: Symbol = _function("cos", _elementary("cos", math.cos, cmath.cos, np.cos), math.cos, lambda x, dx: -sin(x) * dx)
sin: Symbol = _function("sin", _elementary("sin", math.sin, cmath.sin, np.sin), math.sin, lambda x, dx: cos(x) * dx)
exp: Symbol = _function("exp", _elementary("exp", math.exp, cmath.exp, np.exp), math.exp, lambda x, dx: exp(x) * dx)
sqrt: Symbol = _function(
    "sqrt", _elementary("sqrt", math.sqrt, cmath.sqrt, np.sqrt), math.sqrt, lambda x, dx: 0.5 / sqrt(x) * dx
)
heaviside: Symbol = _function("heaviside", _heaviside, _heaviside, lambda *arguments: 0, arity=3)
vmax: Symbol = _function("max", _maximum, max, _maximum_derivative, arity=2)
ln: Symbol = _function("ln", _elementary("ln", math.log, cmath.log, np.log), math.log, lambda x, dx: dx / x)
real: Symbol = _function("real", _scalar(np.real), operator.attrgetter("real"), lambda x, dx: real(dx))
imag: Symbol = _function("imag", _scalar(np.imag), operator.attrgetter("imag"), lambda x, dx: imag(dx))
angle: Symbol = _function(
    "angle", _elementary("angle", cmath.phase, cmath.phase, np.angle), cmath.phase,
    lambda x, dx: imag(conjugate(x) * dx) / abso(x) ** 2,
)  # fmt: skip
abso: Symbol = _function("abs", _scalar(abs), abs, lambda x, dx: real(conjugate(x) * dx) / abso(x))
atan2: Symbol = _function("atan2", _atan2, math.atan2, lambda y, x, dy, dx: (x * dy - y * dx) / (x**2 + y**2), arity=2)
get_item: Symbol = _function("get_item", _get_item, _get_item, _get_item_derivative, arity=2)
conjugate: Symbol = _function(
    "conjugate", _scalar(lambda value: value.conjugate()), float.conjugate, lambda x, dx: conjugate(dx)
)
