"""Prefix text: how expressions travel and are stored, for example ``+ * 2 a cos b`` for ``2*a + cos(b)``.

Words are separated by white space: symbols, numbers, variables, and lists of numbers such as ``[1,2.5]``. Reading is
safe on text from anywhere: nothing is executed but known symbols on numbers, and size and integers are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qat.core.variables.expressions import Variable
from qat.core.variables.symbols import ALL_SYMBOLS, Symbol, reads_as_number

MAX_TEXT_LENGTH = 1 << 24
"""Longest text that is read, in characters."""

_WORDS = re.compile(r"\[[^\[\]]*\](?!\S)|\S+")
_SHOWN_LENGTH = 80


def cast_to_num(value: str, check: bool = False) -> Any:
    """The number that a word stands for, or ``None``; int, float or complex, the first that fits.

    Raises:
        ValueError: it is no number, when ``check`` asks for one.

    >>> cast_to_num("3"), cast_to_num("3.0"), cast_to_num("1j"), cast_to_num("x")
    (3, 3.0, 1j, None)
    """
    for kind in (int, float, complex) if reads_as_number(value) else ():
        try:
            return kind(value)
        except ValueError:
            continue
    if check:
        raise ValueError(f"Cannot cast {value!r} into a number")
    return None


def cast_to_list(string: str) -> list[Any] | None:
    """The list of numbers that a word stands for, or ``None``.

    >>> cast_to_list("[1,2.5]"), cast_to_list("[1,b]")
    ([1, 2.5], None)
    """
    if not (string.startswith("[") and string.endswith("]")):
        return None
    inside = string[1:-1].strip()
    items = [cast_to_num(item.strip()) for item in inside.split(",")] if inside else []
    return None if None in items else items


def expression_from_text(text: str, values: Mapping[str, Any] | None = None) -> Any:
    """Read prefix text: an expression, a variable, or a number when nothing is left open. Cost O(length).

    Args:
        text: the prefix text, at most ``MAX_TEXT_LENGTH`` characters.
        values: what to put in place of variables, by name.

    Raises:
        ValueError: the text is too long, is not one expression, or uses an undefined function.
        ArithmeticError, TypeError: a part without variables has no value.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError(f"an expression of {len(text)} characters is too long: at most {MAX_TEXT_LENGTH} are read")
    stack: list[Any] = []
    for token in reversed(_WORDS.findall(text)):
        if (symbol := ALL_SYMBOLS.get(token)) is None:
            stack.append(_leaf(token, values or {}))
            continue
        if len(stack) < symbol.arity:
            raise _unreadable(text, f"{token} takes {symbol.arity} argument(s), {len(stack)} follow")
        stack.append(_applied(symbol, [stack.pop() for _ in range(symbol.arity)], text))
    if len(stack) != 1:
        raise _unreadable(text, f"it holds {len(stack)} separate values; {_hint(stack)}")
    return stack[0]


def from_text_and_types(text: str, types: Mapping[str, type]) -> Any:
    """Read prefix text, giving its variables these types."""
    return expression_from_text(text, {name: Variable(name, kind) for name, kind in types.items()})


def evaluate_thrift_expression(thrift_string: str, values: Mapping[str, Any] | None = None) -> Any:
    """The value of prefix text, or the expression that remains when variables are missing.

    >>> evaluate_thrift_expression("+ a 2", {"a": 3})
    5
    """
    return expression_from_text(thrift_string, values)


def _leaf(token: str, values: Mapping[str, Any]) -> Any:
    if token in values:
        return values[token]
    if token[0] == "[":
        if (items := cast_to_list(token)) is None:
            raise ValueError(f"cannot read {token!r}: expected a list of numbers such as [1,2.5]")
        return items
    number = cast_to_num(token)
    return Variable(token) if number is None else number


def _applied(symbol: Symbol, arguments: list[Any], text: str) -> Any:
    try:
        return symbol(*arguments)
    except LookupError as error:
        raise _unreadable(text, f"{symbol} of {arguments}: {error}") from error


def _hint(stack: list[Any]) -> str:
    unknown = next((value.name for value in reversed(stack) if isinstance(value, Variable)), None)
    if unknown is None:
        return "one expression was expected"
    return f"if {unknown!r} is a function, create it with Symbol({unknown!r}, ...) first"


def _unreadable(text: str, reason: str) -> ValueError:
    shown = text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "..."
    return ValueError(f"cannot read {shown!r} as an expression: {reason}")
