"""The accounts of the broker: an SQLite database, one row for each slice and each closed session.

Rows are told from each other by session, opening, key and number, so that a broker that reads its journal again charges
nobody twice. One thread writes.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from qhpc.broker.usage_rows import SessionRow, SliceRow, missing_columns

__all__ = ["UsageBook", "UsageRow"]

_log = logging.getLogger(__name__)

UsageRow = SliceRow | SessionRow

_KEYS = {"slices": "session, opened_s, key, number", "sessions": "session, opened_s"}
_TABLE_OF: dict[type[UsageRow], str] = {SliceRow: "slices", SessionRow: "sessions"}
_TYPES = {"number": "INTEGER", "shots": "INTEGER", "slurm_job": "INTEGER"}
_TEXTS = frozenset({"session", "key", "user", "account", "qpu", "pool", "outcome", "reason", "stack"})


def _column(name: str) -> str:
    return f'"{name}" {_TYPES.get(name) or ("TEXT" if name in _TEXTS else "REAL")}'


def _create(kind: type[UsageRow]) -> str:
    table = _TABLE_OF[kind]
    columns = ", ".join(map(_column, kind._fields))
    return f"CREATE TABLE IF NOT EXISTS {table} ({columns}, PRIMARY KEY ({_KEYS[table]})) WITHOUT ROWID"


def _insert(kind: type[UsageRow]) -> str:
    return f"INSERT OR IGNORE INTO {_TABLE_OF[kind]} VALUES ({', '.join('?' * len(kind._fields))})"


class UsageBook:
    """The database, open for writing.

    Args:
        path: of the database; made if there is none, private to the user.

    Raises:
        sqlite3.Error: it cannot be used.

    >>> import tempfile
    >>> row = SliceRow("ada:vqe", 1.0, "t", 1, "ada", "phys", None, "q", "p", 2.0, 3.0, 0.5, 100, "finished")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = UsageBook(Path(folder, "usage.db"))
    ...     book.add([row, row])
    ...     book.close()
    ...     with sqlite3.connect(Path(folder, "usage.db")) as database:
    ...         database.execute("SELECT user, busy_s FROM slices").fetchall()
    [('ada', 3.0)]
    """

    def __init__(self, path: Path) -> None:
        path.touch(0o600)
        self._database = sqlite3.connect(path, check_same_thread=False, timeout=10.0, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        for kind in _TABLE_OF:
            self._database.execute(_create(kind))
            self._add_columns(kind)
        self._queue: SimpleQueue[Sequence[UsageRow] | Callable[[], object] | None] = SimpleQueue()
        self._has_failed = False
        self._writer = Thread(target=self._write, name="usage", daemon=True)
        self._writer.start()

    def _add_columns(self, kind: type[UsageRow]) -> None:
        """Those that accounts of former versions do not have: they have a default."""
        table, defaults = _TABLE_OF[kind], kind._field_defaults
        for name in missing_columns(self._database, table, kind._fields):
            self._database.execute(f"ALTER TABLE {table} ADD COLUMN {_column(name)} DEFAULT {defaults[name]!r}")

    def add(self, rows: Sequence[UsageRow]) -> None:
        """Have rows written soon."""
        self._queue.put(rows)

    def when_written(self, then: Callable[[], object]) -> None:
        """Call something in the writing thread as soon as all rows are on disk; never, if some could not be written."""
        self._queue.put(then)

    def write_now(self, rows: Sequence[UsageRow]) -> None:
        """Have rows on disk; only before ``add`` was used.

        Raises:
            sqlite3.Error: they cannot be written.
        """
        self._insert(rows)
        self._sync()

    def close(self) -> None:
        """Write what is left, and close the database."""
        self._queue.put(None)
        self._writer.join()
        self._database.close()

    def _write(self) -> None:
        while (rows := self._queue.get()) is not None:
            try:
                if not callable(rows):
                    self._insert(rows)
                elif not self._has_failed:
                    self._sync()
                    rows()
            except sqlite3.Error:
                self._has_failed = True
                _log.exception("rows of the accounts wait for the next start of the broker: its journal has them")

    def _sync(self) -> None:
        self._database.execute("PRAGMA wal_checkpoint(FULL)")

    def _insert(self, rows: Sequence[UsageRow]) -> None:
        if not rows:
            return
        self._database.execute("BEGIN")
        try:
            for kind in _TABLE_OF:
                self._database.executemany(_insert(kind), [row for row in rows if isinstance(row, kind)])
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
