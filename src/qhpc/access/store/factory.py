"""The store at an address."""

from __future__ import annotations

from pathlib import Path

from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import Store

__all__ = ["InvalidStoreUrl", "store_at"]

_EXPECTED = "memory:, sqlite:///relative/path, sqlite:////absolute/path or postgresql://user@host/name"


class InvalidStoreUrl(ValueError):  # noqa: N818 (says what it is)
    """The address of a store is none."""

    def __init__(self, found: str) -> None:
        super().__init__(f"{found}; expected {_EXPECTED}")


def store_at(url: str, *, directory: Path | None = None) -> Store:
    """The store at an address, not yet open.

    Args:
        url: ``memory:``, ``sqlite:///path`` or ``postgresql://user@host/name``.
        directory: private directory for large submissions and results, shared by all servers of a PostgreSQL
            database. None: beside the file of an SQLite database; within a PostgreSQL database.

    Raises:
        InvalidStoreUrl: the address is none.

    >>> store_at("memory:")
    <qhpc.access.store.memory.MemoryStore object at ...>
    >>> store_at("mysql://host/name")
    Traceback (most recent call last):
    qhpc.access.store.factory.InvalidStoreUrl: stores cannot be kept in mysql:; expected memory:, sqlite:///...
    """
    kind, separator, rest = url.partition(":")
    if separator and kind in ("postgresql", "sqlite"):
        return _sql_store(kind, url, rest, directory)
    if url != "memory:":  # an address may hold a password, so it is not repeated
        raise InvalidStoreUrl(f"stores cannot be kept in {kind}:" if separator else "the address has no kind")
    return MemoryStore()


def _sql_store(kind: str, url: str, rest: str, directory: Path | None) -> Store:
    from qhpc.access.store.files import Files
    from qhpc.access.store.sql.sqlite import SqliteDatabase
    from qhpc.access.store.sql.store import SqlStore

    if kind == "postgresql":
        from qhpc.access.store.sql.postgresql import PostgresqlDatabase

        return SqlStore(PostgresqlDatabase(url), None if directory is None else Files(directory))
    if not rest.startswith("///") or not rest[3:]:
        raise InvalidStoreUrl("the address of an SQLite database has no path")
    path = Path(rest[3:])
    return SqlStore(SqliteDatabase(path), Files(directory or path.with_name(f"{path.stem}-files")))
