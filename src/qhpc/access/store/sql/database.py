"""What a database offers the store: it runs work within a transaction. Errors of drivers become those of stores."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from qhpc.access.store.protocol import StorageFull, StoreError, StoreUnavailable

__all__ = ["Database", "plain_errors"]

P = ParamSpec("P")
T = TypeVar("T")

_FULL = ("SQLITE_FULL", "SQLITE_IOERR_WRITE")
_FULL_POSTGRESQL = "53100"
_AWAY_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED")
_AWAY_POSTGRESQL = ("08", "53300", "57P")
"""Beginnings of the codes of: connection lost, too many connections, server stops or starts."""


class Database(Protocol):
    """A database."""

    async def open(self) -> None:
        """Connect, and see to the schema."""

    async def close(self) -> None:
        """Disconnect."""

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work in a transaction. Once this returns it survives ``kill -9``. If the work fails nothing is changed.

        Raises:
            StorageFull: there is no room.
            StoreUnavailable: the database does not answer.
            IntegrityError: a row is there already.
        """

    async def claim(self) -> bool:
        """Become the one server of the database, or see whether this one still is."""

    async def sync(self) -> None:
        """Wait until all that was done survives a loss of power, too."""


@contextmanager
def plain_errors(*of_driver: type[Exception]) -> Iterator[None]:
    """Turns what drivers raise when a database is full or away into the errors of stores.

    Args:
        of_driver: what a driver raises while it connects, which SQLAlchemy passes on as it is.
    """
    caught: tuple[type[Exception], ...] = (DBAPIError, sqlite3.Error, *of_driver)
    try:
        yield
    except caught as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        is_broken = isinstance(error, DBAPIError) and error.connection_invalidated
        name, code = getattr(cause, "sqlite_errorname", ""), getattr(cause, "sqlstate", None) or ""
        if name in _FULL or code == _FULL_POSTGRESQL:
            raise StorageFull(f"the database has no room: {cause}") from error
        if is_broken or name in _AWAY_SQLITE or code.startswith(_AWAY_POSTGRESQL):
            raise StoreUnavailable(f"the database does not answer: {cause}") from error
        raise
    except StoreError:
        raise
    except (OSError, PoolTimeout) as error:
        raise StoreUnavailable(f"the database cannot be reached: {error}") from error
