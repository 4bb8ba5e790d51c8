"""PostgreSQL through asyncpg: the same work, run beside the event loop's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from asyncpg import PostgresError
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from qhpc.access.store.sql.database import plain_errors
from qhpc.access.store.sql.schema import bring_up_to_date, check_schema

__all__ = ["PostgresqlDatabase"]

P = ParamSpec("P")
T = TypeVar("T")

_TIMEOUT_S = 30.0
_SERVER_LOCK = 0x6F71_7372
"""Advisory lock that the one server of a database holds; PostgreSQL lets go of it with the connection."""


class PostgresqlDatabase:
    """A database of a PostgreSQL server; several processes of ours may use it at once.

    Args:
        url: ``postgresql://user@host:port/name``.
        nb_connections: at most so many at once.
    """

    def __init__(self, url: str, *, nb_connections: int = 10) -> None:
        self._engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=nb_connections,
            max_overflow=0,
            pool_timeout=_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={"timeout": _TIMEOUT_S, "command_timeout": _TIMEOUT_S},
        )
        self._lock: AsyncConnection | None = None

    async def open(self) -> None:
        """Check that the schema is ours, as new as it has to be."""
        await self.run(check_schema)

    async def migrate(self) -> None:
        """Create the schema, or bring it up to date."""
        await self.run(bring_up_to_date)

    async def close(self) -> None:
        """Disconnect."""
        await self._unlock()
        await self._engine.dispose()

    async def claim(self) -> bool:
        """Become the one server of the database, or see whether this one still is."""
        with plain_errors(PostgresError):
            if self._lock is not None:
                try:
                    await self._lock.execute(text("SELECT 1"))
                except (DBAPIError, OSError):
                    await self._unlock()
            if self._lock is None:
                self._lock = await self._locking()
        return self._lock is not None

    async def _locking(self) -> AsyncConnection | None:
        """A connection that holds the lock; None if another server does."""
        connection = await self._engine.connect()
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            is_ours = await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _SERVER_LOCK})
        except BaseException:
            await connection.close()
            raise
        if is_ours:
            return connection
        await connection.close()
        return None

    async def _unlock(self) -> None:
        if self._lock is not None:
            connection, self._lock = self._lock, None
            await connection.invalidate()  # the lock ends with the connection, which must not go back to the others
            await connection.close()

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work in a transaction."""
        with plain_errors(PostgresError):
            async with self._engine.begin() as connection:
                return await connection.run_sync(work, *args, **kwargs)

    async def sync(self) -> None:
        """Nothing is to be done: the server has it on disk when a transaction is committed."""
