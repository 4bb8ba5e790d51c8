"""Words of AQASM text, and errors that point at them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from qat.lang.AQASM.aqasm_util import PyAQASMException

__all__ = ["KEYWORDS", "AQASMError", "Token", "Tokens", "is_free_name"]

MAX_DIGITS = 18
MAX_DEPTH = 100
"""How deep brackets may be nested."""

_PATTERN = re.compile(
    r"""
      (?P<space>   [ \t\r\f]+ | (?://|\#)[^\n]* )
    | (?P<newline> \n )
    | (?P<number>  (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? )
    | (?P<name>    [A-Za-z_]\w* )
    | (?P<string>  "(?:[^"\\\n]|\\.)*" )
    | (?P<symbol>  \*\* | [()\[\],:?=+\-*/%^&|~] )
    """,
    re.VERBOSE | re.ASCII,
)


KEYWORDS = frozenset((
    "BEGIN", "END", "DEFINE", "GATE", "G", "PARAM", "MEAS", "RESET", "LOGIC", "BREAK", "BREAKIF", "CTRL", "DAG",
    "TRANS", "CONJ", "q", "c", "qubits", "cbits",
))  # fmt: skip
"""Words that cannot be names of gates."""


def is_free_name(name: str) -> bool:
    """Whether a gate of the text can have this name, the predefined gates aside.

    >>> is_free_name("FOO_2"), is_free_name("MEAS"), is_free_name("a b")
    (True, False, False)
    """
    return re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) is not None and name not in KEYWORDS


class AQASMError(PyAQASMException, ValueError):
    """A text is not AQASM, or a circuit cannot be written as AQASM.

    Attributes:
        line: line in the text, from 1 on; ``None`` when it is not about a text.
        column: column in that line, from 1 on.

    >>> print(AQASMError("found ']'", "expected a number", line=3, column=7))
    line 3, column 7: found ']'; expected a number.
    """

    def __init__(self, found: str, expected: str = "", *, line: int | None = None, column: int | None = None) -> None:
        self.line = line
        self.column = column
        place = f"line {line}, column {column}: " if line is not None else ""
        super().__init__(f"{place}{found}{f'; {expected}' if expected else ''}.")


class Token(NamedTuple):
    """A word of the text: what kind it is, how it is written, and where."""

    kind: str
    text: str
    line: int
    column: int

    def refuse(self, found: str, expected: str = "") -> NoReturn:
        """Raise an error that points at this word."""
        raise AQASMError(found, expected, line=self.line, column=self.column)


def _tokens(text: str) -> Iterator[Token]:
    line, line_start, position = 1, 0, 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        column = position - line_start + 1
        if match is None:
            raise AQASMError(
                f"found {text[position]!r}", "no word begins with this character", line=line, column=column
            )
        kind = match.lastgroup or ""
        if kind == "newline":
            line, line_start = line + 1, match.end()
        elif kind != "space":
            yield Token(kind, match.group(), line, column)
        position = match.end()
    yield Token("end", "", line, len(text) - line_start + 1)


class Tokens:
    """The words of a text, read one after the other.

    >>> tokens = Tokens("H q[0]")
    >>> tokens.take("name").text, tokens.peek().text, tokens.accept("END")
    ('H', 'q', False)
    """

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def peek(self, ahead: int = 0) -> Token:
        """The next word, left in place."""
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def next(self) -> Token:
        """The next word."""
        token = self.peek()
        self._next += 1
        return token

    def accept(self, *texts: str) -> bool:
        """Take the next word if it is one of these."""
        token = self.peek()
        if token.kind == "string" or token.text not in texts or token.kind == "end":
            return False
        self._next += 1
        return True

    def expect(self, text: str, where: str = "") -> Token:
        """Take the next word, which must be this one."""
        token = self.peek()
        if not self.accept(text):
            self.unexpected(f"{text!r}{where}")
        return token

    def take(self, kind: str, expected: str | None = None) -> Token:
        """Take the next word, which must be of this kind."""
        if self.peek().kind != kind:
            self.unexpected(expected or f"a {kind}")
        return self.next()

    def integer(self, expected: str) -> int:
        """Take a whole number."""
        token = self.take("number", expected)
        if not token.text.isdecimal() or len(token.text) > MAX_DIGITS:
            token.refuse(f"found {token.text}", f"expected {expected}")
        return int(token.text)

    def string(self) -> str:
        """Take a quoted string."""
        token = self.take("string")
        try:
            return str(json.loads(token.text))
        except ValueError:
            token.refuse(f"found {token.text}", "expected a string in double quotes with JSON escapes")

    def unexpected(self, expected: str) -> NoReturn:
        """Raise an error about the next word."""
        token = self.peek()
        found = "the end of the text" if token.kind == "end" else repr(token.text)
        token.refuse(f"found {found}", f"expected {expected}")

    def deeper(self) -> None:
        """Note an opening bracket."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.peek().refuse(f"brackets are nested more than {MAX_DEPTH} deep", "write it in steps")

    def back(self) -> None:
        """Note the closing bracket."""
        self._depth -= 1
