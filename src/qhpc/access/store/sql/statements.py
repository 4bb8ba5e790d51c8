"""Statements that both databases need in their own words, and those of every job, which SQLite is given as text.

What SQLAlchemy adds to a statement takes longer than SQLite takes to run it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Delete, Insert, Select, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

__all__ = ["add_to", "execute", "put"]

Statement = Select[Any] | Insert | Update | Delete

_INSERTS: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_SQLITE = sqlite.dialect(paramstyle="named")


class Rows(Protocol):
    """What a statement found."""

    def fetchone(self) -> Any:
        """The next row; None if there is none."""


class _Text(NamedTuple):
    """A statement as text, and how those of its values are converted that are."""

    text: str
    conversions: tuple[tuple[str, Callable[[Any], Any]], ...]


def execute(connection: Connection, statement: Statement, row: Mapping[str, Any]) -> Rows:
    """Run a statement that is made once and run often; binary columns and texts come back as they are.

    Args:
        connection: within a transaction.
        statement: a constant: its text is kept as long as the process lives.
        row: a value for each of its parameters; its names say which columns are written.

    Raises:
        IntegrityError: a row is there already.
    """
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, row)
    prepared = _prepared(statement, tuple(row))
    values = dict(row)
    for name, convert in prepared.conversions:
        values[name] = convert(values[name])
    driver: Any = connection.connection.driver_connection
    try:
        rows: Rows = driver.execute(prepared.text, values)
    except sqlite3.IntegrityError as error:
        raise IntegrityError(prepared.text, None, error) from error
    return rows


@cache
def _prepared(statement: Statement, names: tuple[str, ...]) -> _Text:
    compiled = statement.compile(dialect=_SQLITE, column_keys=names)
    conversions = []
    for name, parameter in compiled.binds.items():
        convert = parameter.type.dialect_impl(_SQLITE).bind_processor(_SQLITE)
        if convert is not None:
            conversions.append((name, convert))
    return _Text(str(compiled), tuple(conversions))


def put(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or replace the one with the same primary key."""
    execute(connection, _upsert(table, connection.dialect.name, is_sum=False), row)


def add_to(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or add its values to the one with the same primary key."""
    execute(connection, _upsert(table, connection.dialect.name, is_sum=True), row)


@cache
def _upsert(table: Table, dialect: str, *, is_sum: bool) -> sqlite.Insert | postgresql.Insert:
    insert = _INSERTS[dialect](table)
    keys = [column.name for column in table.primary_key]
    new = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    changes = {name: table.c[name] + value for name, value in new.items()} if is_sum else new
    return insert.on_conflict_do_update(index_elements=keys, set_=changes)
