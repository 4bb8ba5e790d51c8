"""Reads the accounts of a broker, also while it writes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from qhpc.broker.usage_rows import SessionRow, SliceRow, missing_columns

__all__ = ["AccountsUnreadable", "UsageReader", "reading_usage"]

_DEADLINE_S = 10.0
_OF_USER = "(?3 IS NULL OR user = ?3)"


class AccountsUnreadable(Exception):  # noqa: N818 (says what it is)
    """The accounts cannot be read; the message says why."""


class UsageReader(NamedTuple):
    """The accounts, open for reading."""

    database: sqlite3.Connection

    def slices(self, since_s: float = -inf, until_s: float = inf, user: str | None = None) -> Iterator[SliceRow]:
        """Slices of a user, or of all, that began in a time, in that order."""
        columns = self._columns("slices", SliceRow)
        query = f"SELECT {columns} FROM slices WHERE start_s >= ?1 AND start_s < ?2 AND {_OF_USER} ORDER BY start_s"
        return map(SliceRow._make, self.database.execute(query, (since_s, until_s, user)))

    def sessions(self, since_s: float = -inf, until_s: float = inf, user: str | None = None) -> Iterator[SessionRow]:
        """Sessions of a user, or of all, that ended in a time."""
        columns = self._columns("sessions", SessionRow)
        query = f"SELECT {columns} FROM sessions WHERE closed_s >= ?1 AND closed_s < ?2 AND {_OF_USER}"
        return map(SessionRow._make, self.database.execute(query, (since_s, until_s, user)))

    def _columns(self, table: str, kind: type[SliceRow | SessionRow]) -> str:
        """Those of a row; what accounts of former versions do not have is as by default."""
        defaults = {
            name: repr(kind._field_defaults[name]) for name in missing_columns(self.database, table, kind._fields)
        }
        return ", ".join(defaults.get(name, f'"{name}"') for name in kind._fields)


@contextmanager
def reading_usage(path: Path) -> Iterator[UsageReader]:
    """Within, the accounts in a file can be read.

    Raises:
        AccountsUnreadable: there are none, or they are not to be read by this user.

    >>> import tempfile
    >>> from qhpc.broker.usage import UsageBook
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     UsageBook(Path(folder, "usage.db")).close()
    ...     with reading_usage(Path(folder, "usage.db")) as reader:
    ...         list(reader.slices())
    []
    """
    try:
        with path.open("rb"):
            pass
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_DEADLINE_S)
        try:
            yield UsageReader(database)
        finally:
            database.close()
    except OSError as error:
        cure = "give the settings of the broker, and be its user or root"
        raise AccountsUnreadable(f"the accounts of the broker cannot be read: {error}; {cure}") from error
    except sqlite3.Error as error:
        raise AccountsUnreadable(f"{path} holds no accounts of a broker, or damaged ones: {error}") from error
