"""Lists of jobs: filters as statements.

A list by tag is read from ``job_tags``, which has owner, time and state itself, so that neither its order nor its
total needs to look at every job. A list of several states, or of an account, is put together from one ordered
part for each state.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, func, literal, select, tuple_

from qat.comm.access.messages import FINAL_STATES, JobState
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.paging import Place, cursor_of, place_of, place_of_cursor
from qhpc.access.store.protocol import JobFilter, JobList
from qhpc.access.store.sql.rows import job_of
from qhpc.access.store.sql.tables import job_tags, jobs, usage

_ACTIVE: frozenset[JobState] = frozenset(("waiting", "pending", "running"))
_MANY = 10_000

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
    """How many jobs there are.

    Those in a final state, which may be very many, are not counted if the filter asks for users, accounts and states
    only: ``usage`` has their numbers.
    """
    others = replace(which, owner=None, account=None, states=None)
    if others != JobFilter():
        return _counted(connection, which)
    wanted = _ACTIVE | FINAL_STATES if which.states is None else set(which.states)
    active = tuple(state for state in _ACTIVE if state in wanted)
    nb_active = _counted(connection, replace(which, states=active)) if active else 0
    return nb_active + _told_by_usage(connection, which, wanted & FINAL_STATES)


def _counted(connection: Connection, which: JobFilter) -> int:
    base, source, conditions = _conditions(connection, which)
    if which.states is not None:
        conditions.append(base.c.state.in_(which.states))
    return connection.execute(select(func.count()).select_from(source).where(*conditions)).scalar_one()


def _told_by_usage(connection: Connection, which: JobFilter, states: Set[str]) -> int:
    if not states:
        return 0
    numbers = sum((usage.c[f"nb_{state}"] for state in sorted(states)), literal(0))
    statement = select(func.coalesce(func.sum(numbers), 0))
    if which.owner is not None:
        statement = statement.where(usage.c.owner == which.owner)
    if which.account is not None:
        statement = statement.where(usage.c.account == which.account)
    return int(connection.execute(statement).scalar_one())


def read_unfinished(connection: Connection) -> Sequence[JobRecord]:
    """All jobs that are not final, oldest first."""
    return _read(connection, JobFilter(states=tuple(_ACTIVE)), None, None, is_newest_first=False)


def read_expired(connection: Connection, time_s: float, limit: int) -> Sequence[JobRecord]:
    """Final jobs whose files are due to be removed."""
    by_expiry = select(jobs.c.record).where(jobs.c.expires_s < time_s).order_by(jobs.c.expires_s, jobs.c.id)
    return [job_of(record) for record in connection.execute(by_expiry.limit(limit)).scalars()]


def _read(
    connection: Connection, which: JobFilter, limit: int | None, last: Place | None, *, is_newest_first: bool
) -> list[JobRecord]:
    base, _, conditions = _conditions(connection, which)
    place = [base.c.created_s, base.c.job_id if base is job_tags else base.c.id]
    if last is not None:
        conditions.append(tuple_(*place) < tuple_(*last) if is_newest_first else tuple_(*place) > tuple_(*last))
    ordered = [column.desc() for column in place] if is_newest_first else place
    statement = select(jobs.c.record).select_from(_with_jobs(base)).order_by(*ordered).limit(limit)
    states = _ACTIVE | FINAL_STATES if which.states is None and which.account is not None else which.states
    if states is None:
        return _records(connection, statement.where(*conditions))
    found = []
    for state in dict.fromkeys(states):
        found += _records(connection, statement.where(base.c.state == state, *conditions))
    return sorted(found, key=place_of, reverse=is_newest_first)[:limit]


def _records(connection: Connection, statement: Select[Any]) -> list[JobRecord]:
    return [job_of(record) for record in connection.execute(statement).scalars()]


def _with_jobs(base: Table) -> FromClause:
    return base if base is jobs else base.join(jobs, jobs.c.id == base.c.job_id)


def _conditions(connection: Connection, which: JobFilter) -> tuple[Table, FromClause, list[ColumnElement[bool]]]:
    """The table with owner, time and state; what to read from; all conditions but that of the state."""
    base = job_tags if which.tags else jobs
    by_column = ((jobs.c.account, which.account), (jobs.c.session_id, which.session_id), (jobs.c.name, which.name))
    conditions = [column == wanted for column, wanted in by_column if wanted is not None]
    source = _with_jobs(base) if conditions else base
    if which.owner is not None:
        conditions.append(base.c.owner == which.owner)
    if which.created_after_s is not None:
        conditions.append(base.c.created_s > which.created_after_s)
    if which.created_before_s is not None:
        conditions.append(base.c.created_s < which.created_before_s)
    return base, source, conditions + _tag_conditions(connection, which.tags)


def _tag_conditions(connection: Connection, tags: Sequence[str]) -> list[ColumnElement[bool]]:
    """Of several tags the rarest is looked for, and the others at the jobs that have it."""
    if not tags:
        return []
    first, *rest = dict.fromkeys(tags)
    if rest:
        first, *rest = sorted((first, *rest), key=lambda tag: _frequency(connection, tag))
    other = job_tags.alias("other")
    return [job_tags.c.tag == first] + [
        select(1).where(other.c.job_id == job_tags.c.job_id, other.c.tag == tag).exists() for tag in rest
    ]


def _frequency(connection: Connection, tag: str) -> int:
    """How many jobs have a tag, as far as that is worth counting."""
    some = select(job_tags.c.job_id).where(job_tags.c.tag == tag).limit(_MANY).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
