"""Tables of a TOML file into structures, strictly: an error names the line, the value and what was expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

__all__ = ["BadSettings", "SettingsText"]

S = TypeVar("S", bound=msgspec.Struct)

_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*[.=]""")


class BadSettings(ValueError):  # noqa: N818 (says what it is)
    """The settings cannot be used: the message says where, and what to write."""


class SettingsText:
    """A TOML file, with the lines of what is in it.

    Args:
        text: of the file.
        name: of the file, for errors.

    Raises:
        BadSettings: it is no TOML.

    >>> text = SettingsText('a = 1\\n[pools.p]\\nqpus = ["q"]\\n', "broker.toml")
    >>> text.table["pools"], text.line(("pools", "p", "qpus"))
    ({'p': {'qpus': ['q']}}, 3)
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        try:
            self.table: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadSettings(f"{name}: {error}") from None
        self._lines = dict(_lines(text))

    def line(self, path: tuple[str, ...]) -> int | None:
        """Where a key stands, or the nearest table around it; None if nobody knows."""
        return next((self._lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self._lines), None)

    def error(self, path: tuple[str, ...], wrong: str) -> BadSettings:
        """An error about a key."""
        line = self.line(path)
        place = self._name if line is None else f"{self._name}, line {line}"
        return BadSettings(f"{place}: {'.'.join(path)} {wrong}" if path else f"{place}: {wrong}")

    def structure(self, kind: type[S], path: tuple[str, ...], table: Any) -> S:
        """A table as a structure.

        Raises:
            BadSettings: a key is unknown, missing, or its value of a wrong kind.
        """
        if not isinstance(table, Mapping):
            raise self.error(path, f"is {table!r}: expected a table")
        names = kind.__struct_fields__
        for key in table:
            if key not in names:
                near = get_close_matches(key, names, 1, 0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
                raise self.error((*path, key), f"is not known here: {hint}")
        try:
            return msgspec.convert(dict(table), kind)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            key = re.match(r"\.(\w+)", where)
            raise self.error((*path, key[1]) if key else path, f"is not right: {what[0].lower()}{what[1:]}") from None


def _lines(text: str) -> list[tuple[tuple[str, ...], int]]:
    """Keys and headers with their lines; the first one counts."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _HEADER.match(line)) is not None:
            table = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            found.setdefault(table, number)
        elif (key := _KEY.match(line)) is not None:
            found.setdefault((*table, next(filter(None, key.groups()))), number)
    return list(found.items())
