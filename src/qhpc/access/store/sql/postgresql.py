"""PostgreSQL through asyncpg: the same work, run beside the event loop's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from asyncpg import PostgresError
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from qhpc.access.store.sql.database import plain_errors
from qhpc.access.store.sql.schema import bring_up_to_date, check_schema

__all__ = ["PostgresqlDatabase"]

P = ParamSpec("P")
T = TypeVar("T")

_TIMEOUT_S = 30.0


class PostgresqlDatabase:
    """A database of a PostgreSQL server; several servers of ours may share it.

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

    async def open(self) -> None:
        """Check that the schema is ours, as new as it has to be."""
        await self.run(check_schema)

    async def migrate(self) -> None:
        """Create the schema, or bring it up to date."""
        await self.run(bring_up_to_date)

    async def close(self) -> None:
        """Disconnect."""
        await self._engine.dispose()

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work in a transaction."""
        with plain_errors(PostgresError):
            async with self._engine.begin() as connection:
                return await connection.run_sync(work, *args, **kwargs)

    async def sync(self) -> None:
        """Nothing is to be done: the server has it on disk when a transaction is committed."""
