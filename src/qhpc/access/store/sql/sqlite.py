"""SQLite, called directly: a transaction takes less time than handing it to a thread and back would.

The journal is a write-ahead log. A committed transaction survives ``kill -9`` of the server at once. That it survives a
loss of power as well takes the disk milliseconds, in which the event loop must not stand still, so a thread sees to it
(``synchronous=NORMAL``, and :class:`DiskSync` soon after a transaction that wrote); ``sync`` waits for that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from qhpc.access.store.sql.database import plain_errors
from qhpc.access.store.sql.disk_sync import DiskSync
from qhpc.access.store.sql.schema import bring_up_to_date

__all__ = ["SqliteDatabase"]

P = ParamSpec("P")
T = TypeVar("T")

_BUSY_TIMEOUT_MS = 5000
"""Other processes, e.g. commands of an operator, hold the lock for a few milliseconds."""


class SqliteDatabase:
    """A database in a file, which only its owner may read.

    Args:
        path: the file; made with its directory if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._disk: DiskSync | None = None

    async def open(self) -> None:
        """Connect; create or migrate the schema."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._engine = _engine(self._path)
        with plain_errors():
            self._connection = self._engine.connect()
            with self._connection.begin():
                bring_up_to_date(self._connection)
        self._disk = DiskSync(self._path)

    async def close(self) -> None:
        """Disconnect; what is in the write-ahead log goes into the database."""
        if self._disk is not None:
            await self._disk.close()
        if self._connection is not None and self._engine is not None:
            self._connection.close()
            self._engine.dispose()
        self._connection = self._engine = self._disk = None

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work in a transaction."""
        if self._connection is None or self._disk is None:
            raise RuntimeError(f"the store in {self._path} is not open; await its open() first")
        driver: Any = self._connection.connection.driver_connection
        nb_changes = driver.total_changes
        with plain_errors(), self._connection.begin():
            done = work(self._connection, *args, **kwargs)
        if driver.total_changes != nb_changes:
            self._disk.soon()
        return done

    async def claim(self) -> bool:
        """A server locks its directory, where the database is."""
        return True

    async def sync(self) -> None:
        """Wait until all that was done is on disk."""
        if self._disk is not None:
            await self._disk.sync()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=StaticPool)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "wal_autocheckpoint=0",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE")  # a transaction that reads first could not become a writing one
