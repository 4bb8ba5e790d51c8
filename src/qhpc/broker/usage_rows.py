"""Rows of the accounts: what sessions have used, and how long their nodes have waited."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal, NamedTuple

__all__ = ["SessionRow", "SliceRow", "missing_columns"]


class SliceRow(NamedTuple):
    """A slice that ran. Session, its opening, key and number tell it from all others.

    Attributes:
        session: ``USER:NAME``.
        opened_s: when the session was opened: a name may be used again.
        start_s: when the QPU was told to run it, in seconds since 1970, like all times.
        busy_s: seconds of QPU that it took.
        overhead_s: of these, no shots.
        outcome: ``lost`` if nobody knows whether it ran.
    """

    session: str
    opened_s: float
    key: str
    number: int
    user: str
    account: str
    slurm_job: int | None
    qpu: str
    pool: str
    start_s: float
    busy_s: float
    overhead_s: float
    shots: int
    outcome: Literal["finished", "failed", "lost"]


class SessionRow(NamedTuple):
    """A session that was closed.

    Attributes:
        used_s: seconds of QPU.
        waited_s: seconds in which it waited for QPUs that did other things.
        node_waited_s: the same times the nodes that waited with it.
        stack: name of what it ran; empty where nobody has named it.
    """

    session: str
    opened_s: float
    user: str
    account: str
    slurm_job: int | None
    pool: str
    share: float
    closed_s: float
    used_s: float
    waited_s: float
    node_waited_s: float
    reason: str
    stack: str = ""


def missing_columns(database: sqlite3.Connection, table: str, columns: Sequence[str]) -> list[str]:
    """Columns that a table of former accounts does not have.

    >>> database = sqlite3.connect(":memory:")
    >>> _ = database.execute("CREATE TABLE sessions (session TEXT)")
    >>> missing_columns(database, "sessions", ["session", "stack"])
    ['stack']
    """
    there = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
    return [name for name in columns if name not in there]
