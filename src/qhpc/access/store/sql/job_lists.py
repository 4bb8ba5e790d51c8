"""Lists of jobs: filters as statements.

A list by tag is read from ``job_tags``, which has the owner and the time itself, so that neither its order nor its
total needs to look at every job. A list of several states is put together from one ordered part of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, FromClause, Select, func, select, tuple_

from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.paging import Place, cursor_of, place_of, place_of_cursor
from qhpc.access.store.protocol import JobFilter, JobList
from qhpc.access.store.sql.rows import job_of
from qhpc.access.store.sql.tables import job_tags, jobs

__all__ = ["count_jobs", "list_jobs", "read_expired", "read_unfinished"]


def list_jobs(
    connection: Connection, which: JobFilter, limit: int, cursor: str | None, order: Literal["newest", "oldest"]
) -> JobList:
    """Part of the jobs."""
    last = None if cursor is None else place_of_cursor(cursor)
    found = _read(connection, which, limit + 1, last, is_newest_first=order == "newest")
    items = found[:limit]
    return JobList(
        items=tuple(items),
        total=count_jobs(connection, which),
        next_cursor=cursor_of(items[-1]) if items and len(found) > limit else None,
    )


def count_jobs(connection: Connection, which: JobFilter) -> int:
    """How many jobs there are."""
    source, conditions = _conditions(which)
    if which.states is not None:
        conditions.append(jobs.c.state.in_(which.states))
    return connection.execute(select(func.count()).select_from(source).where(*conditions)).scalar_one()


def read_unfinished(connection: Connection) -> Sequence[JobRecord]:
    """All jobs that are not final, oldest first."""
    return _read(connection, JobFilter(states=("waiting", "pending", "running")), None, None, is_newest_first=False)


def read_expired(connection: Connection, time_s: float, limit: int) -> Sequence[JobRecord]:
    """Final jobs whose files are due to be removed."""
    by_expiry = select(jobs.c.record).where(jobs.c.expires_s < time_s).order_by(jobs.c.expires_s, jobs.c.id)
    return [job_of(record) for record in connection.execute(by_expiry.limit(limit)).scalars()]


def _read(
    connection: Connection, which: JobFilter, limit: int | None, last: Place | None, *, is_newest_first: bool
) -> list[JobRecord]:
    states = [None] if which.states is None else list(dict.fromkeys(which.states))
    found = []
    for state in states:
        statement = _select(which, limit, last, is_newest_first=is_newest_first)
        if state is not None:
            statement = statement.where(jobs.c.state == state)
        found += [job_of(record) for record in connection.execute(statement).scalars()]
    return sorted(found, key=place_of, reverse=is_newest_first)[:limit] if len(states) > 1 else found


def _select(which: JobFilter, limit: int | None, last: Place | None, *, is_newest_first: bool) -> Select[Any]:
    source, conditions = _conditions(replace(which, states=which.states and which.states[:1]))
    place = _place(which)
    if last is not None:
        conditions.append(tuple_(*place) < tuple_(*last) if is_newest_first else tuple_(*place) > tuple_(*last))
    if source is job_tags:
        source = job_tags.join(jobs, jobs.c.id == job_tags.c.job_id)
    ordered = [column.desc() for column in place] if is_newest_first else place
    return select(jobs.c.record).select_from(source).where(*conditions).order_by(*ordered).limit(limit)


def _place(which: JobFilter) -> list[ColumnElement[Any]]:
    return [job_tags.c.created_s, job_tags.c.job_id] if which.tags else [jobs.c.created_s, jobs.c.id]


def _conditions(which: JobFilter) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """Where to read from, and all conditions but that of the state."""
    base: FromClause = job_tags if which.tags else jobs
    by_column = ((jobs.c.account, which.account), (jobs.c.session_id, which.session_id), (jobs.c.name, which.name))
    conditions = [column == wanted for column, wanted in by_column if wanted is not None]
    source = base
    if which.tags and (conditions or which.states is not None):
        source = job_tags.join(jobs, jobs.c.id == job_tags.c.job_id)
    if which.owner is not None:
        conditions.append(base.c.owner == which.owner)
    if which.created_after_s is not None:
        conditions.append(base.c.created_s > which.created_after_s)
    if which.created_before_s is not None:
        conditions.append(base.c.created_s < which.created_before_s)
    return source, conditions + _tag_conditions(which.tags)


def _tag_conditions(tags: Sequence[str]) -> list[ColumnElement[bool]]:
    if not tags:
        return []
    other = job_tags.alias("other")
    return [job_tags.c.tag == tags[0]] + [
        select(1).where(other.c.job_id == job_tags.c.job_id, other.c.tag == tag).exists()
        for tag in dict.fromkeys(tags)
        if tag != tags[0]
    ]
