"""Symbols: the operators and functions that expressions are made of, and the registry of their tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

Evaluator = Callable[..., Any]

ALL_SYMBOLS: dict[str, Symbol] = {}
"""Every defined symbol by token. Creating a ``Symbol`` registers it here."""


class Symbol:
    """A function or operator of expressions. Creating one makes it known to ``ArithExpression.from_string``.

    Args:
        token: how it is written in prefix text; no white space, not a number.
        evaluator: the function on numbers.
        arity: number of arguments.
        infix: whether it is printed between its two arguments.
        pretty_token: how it is printed in front of its arguments; the token unless given.
        diff: its derivative, called as ``diff(*arguments, *derivatives_of_the_arguments)``.

    Raises:
        ValueError: the token cannot be used.

    >>> from qat.core.variables import Variable
    >>> double = Symbol("double", lambda x: 2 * x, 1, diff=lambda x, dx: 2 * dx)
    >>> double(4), str(double(Variable("a"))), double(Variable("a")).differentiate("a")
    (8, 'double(a)', 2)
    """

    all_symbols: ClassVar[dict[str, Symbol]] = ALL_SYMBOLS

    def __init__(
        self,
        token: str,
        evaluator: Evaluator,
        arity: int,
        infix: bool = False,
        pretty_token: str | None = None,
        diff: Evaluator | None = None,
    ) -> None:
        _check_token(token)
        self.token = token
        self.evaluator = evaluator
        self.arity = arity
        self.infix = infix
        self.pretty_token = token if pretty_token is None else pretty_token
        self.diff = diff
        self.fast: Evaluator = evaluator
        ALL_SYMBOLS[token] = self

    def __call__(self, *args: Any) -> Any:
        """The value for numbers; an expression as soon as one argument is one."""
        check_arity(self, args)
        if not any(hasattr(argument, "get_variables") for argument in args):
            return self.evaluator(*args)
        from qat.core.variables.expressions import ArithExpression

        return ArithExpression(self, *args)

    def __str__(self) -> str:
        return self.token

    def __repr__(self) -> str:
        return f"<Symbol {self.token}>"

    def __reduce__(self) -> Any:
        return symbol_named, (self.token,)

    def __copy__(self) -> Symbol:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Symbol:
        return self

    def pretty_str(self) -> str:
        """How the symbol is printed in front of its arguments."""
        return self.pretty_token


def symbol_named(token: str) -> Symbol:
    """The symbol with this token.

    Raises:
        ValueError: no such symbol is defined in this process.
    """
    if token not in ALL_SYMBOLS:
        raise ValueError(f"no function {token!r} is defined here: create it with Symbol({token!r}, ...) first")
    return ALL_SYMBOLS[token]


def check_arity(symbol: Symbol, arguments: tuple[Any, ...]) -> None:
    """Raise AssertionError unless there are as many arguments as the symbol takes."""
    if len(arguments) != symbol.arity:
        raise AssertionError(f"{symbol.token} takes {symbol.arity} argument(s), got {len(arguments)}: {arguments!r}")


_NUMBER_NAMES = frozenset(word + suffix for word in ("nan", "inf", "infinity", "") for suffix in ("", "j"))


def reads_as_number(text: str) -> bool:
    """Whether a word of prefix text is a number, complex ones included.

    >>> [reads_as_number(text) for text in ("1e3", "(1+2j)", "nan", "a1")]
    [True, True, True, False]
    """
    if text.isidentifier() and text.lower() not in _NUMBER_NAMES:
        return False
    try:
        complex(text)
    except ValueError:
        return False
    return True


def _check_token(token: str) -> None:
    if not isinstance(token, str):
        raise TypeError(f"a symbol's token is a string, got {token!r}")
    if not token or any(map(str.isspace, token)) or token.startswith("[") or reads_as_number(token):
        raise ValueError(f"{token!r} cannot be a symbol's token: expected one word that is neither a number nor a list")
