"""Statements that both databases need in their own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["add_to", "put"]

_INSERTS: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def put(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or replace the one with the same primary key."""
    connection.execute(_upsert(table, connection.dialect.name, is_sum=False), row)


def add_to(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or add its values to the one with the same primary key."""
    connection.execute(_upsert(table, connection.dialect.name, is_sum=True), row)


@cache
def _upsert(table: Table, dialect: str, *, is_sum: bool) -> sqlite.Insert | postgresql.Insert:
    insert = _INSERTS[dialect](table)
    keys = [column.name for column in table.primary_key]
    new = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    changes = {name: table.c[name] + value for name, value in new.items()} if is_sum else new
    return insert.on_conflict_do_update(index_elements=keys, set_=changes)
