"""Jobs in the database: each function is one operation within a transaction of its caller."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from qat.comm.access.messages import LogLine, Usage
from qhpc.access.jobs.life_cycle import FilesDeleted, JobEvent, advance
from qhpc.access.jobs.record import JobRecord
from qhpc.access.jobs.usage import log_bytes, used_by_event, used_by_log, used_by_new_job
from qhpc.access.store.protocol import UnknownJob
from qhpc.access.store.sql.rows import job_of, lines_of, row_of_job, row_of_lines, row_of_usage, rows_of_tags, usage_of
from qhpc.access.store.sql.statements import add_to, execute
from qhpc.access.store.sql.tables import contents, job_tags, jobs, log_parts, usage

__all__ = [
    "Kind", "add_job", "append_lines", "change_job", "delete_contents", "edit_job", "find_job", "finish_job",
    "forget_jobs", "has_job", "read_content", "read_job", "read_jobs", "read_lines", "read_usage",
]  # fmt: skip

Kind = Literal["submission", "result"]

_INSERT, _INSERT_CONTENT = insert(jobs), insert(contents)
_SELECT = select(jobs.c.record).where(jobs.c.id == bindparam("job_id"))
_SELECT_BY_KEY = select(jobs.c.record).where(
    jobs.c.owner == bindparam("owner_name"), jobs.c.idempotency_key == bindparam("key")
)
_SELECT_TO_CHANGE = _SELECT.with_for_update()
_UPDATE = update(jobs).where(jobs.c.id == bindparam("job_id"))
_UPDATE_TAGS = update(job_tags).where(job_tags.c.job_id == bindparam("id_of_job"))
_SELECT_CONTENT = (
    select(jobs.c.record, contents.c.content)
    .select_from(jobs.outerjoin(contents, (contents.c.job_id == jobs.c.id) & (contents.c.kind == bindparam("kind"))))
    .where(jobs.c.id == bindparam("job_id"))
)


def add_job(connection: Connection, job: JobRecord, submission: bytes | None) -> None:
    """Insert a job; ``submission`` is None when it is kept in a file. Fails when its id or key is there."""
    execute(connection, _INSERT, row_of_job(job))
    _put_tags(connection, job)
    if submission is not None:
        execute(connection, _INSERT_CONTENT, {"job_id": job.id, "kind": "submission", "content": submission})
    add_to(connection, usage, row_of_usage(used_by_new_job(job), None, job.state))


def find_job(connection: Connection, owner: str, idempotency_key: str) -> JobRecord | None:
    """The owner's job with this key."""
    row = execute(connection, _SELECT_BY_KEY, {"owner_name": owner, "key": idempotency_key}).fetchone()
    return None if row is None else job_of(row[0])


def has_job(connection: Connection, job_id: str) -> bool:
    """Whether there is a job with this id."""
    return execute(connection, _SELECT, {"job_id": job_id}).fetchone() is not None


def read_job(connection: Connection, job_id: str, *, to_change: bool = False) -> JobRecord:
    """The job; nobody else changes it until the transaction ends if it is read to be changed."""
    row = execute(connection, _SELECT_TO_CHANGE if to_change else _SELECT, {"job_id": job_id}).fetchone()
    if row is None:
        raise UnknownJob(job_id)
    return job_of(row[0])


def read_jobs(connection: Connection, job_ids: Collection[str]) -> list[JobRecord]:
    """Those of the jobs that there are."""
    found = connection.execute(select(jobs.c.record).where(jobs.c.id.in_(job_ids)))
    return [job_of(record) for record in found.scalars()]


def change_job(connection: Connection, job_id: str, events: Sequence[JobEvent]) -> JobRecord:
    """Advance a job by all events."""
    job = before = read_job(connection, job_id, to_change=True)
    used = []
    for event in events:
        job, previous = advance(job, event), job
        part = used_by_event(previous, event, job)
        if part is not None:
            used.append(row_of_usage(part, previous.state, job.state))
    if job is not before:
        _update(connection, before, job)
    for row in used:
        add_to(connection, usage, row)
    return job


def finish_job(connection: Connection, job_id: str, events: Sequence[JobEvent], result: bytes | None) -> JobRecord:
    """Mark a job as done, together with its result; ``result`` is None when it is kept in a file."""
    job = change_job(connection, job_id, events)
    if result is not None:
        execute(connection, _INSERT_CONTENT, {"job_id": job_id, "kind": "result", "content": result})
    return job


def edit_job(connection: Connection, job_id: str, name: str | None, tags: Sequence[str] | None) -> JobRecord:
    """Change name and tags."""
    before = read_job(connection, job_id, to_change=True)
    job = replace(
        before,
        name=before.name if name is None else name,
        tags=before.tags if tags is None else tuple(tags),
        version=before.version + 1,
    )
    _update(connection, before, job)
    connection.execute(delete(job_tags).where(job_tags.c.job_id == job_id))
    _put_tags(connection, job)
    return job


def read_content(connection: Connection, job_id: str, kind: Kind) -> tuple[JobRecord, bytes | None]:
    """The job, and what the database has of a file of it."""
    row = execute(connection, _SELECT_CONTENT, {"job_id": job_id, "kind": kind}).fetchone()
    if row is None:
        raise UnknownJob(job_id)
    record, content = row
    return job_of(record), content


def delete_contents(connection: Connection, job_id: str, time_s: float) -> tuple[JobRecord, JobRecord]:
    """Mark the files of a job as deleted and remove what the database has of them; the job before and after."""
    before = read_job(connection, job_id, to_change=True)
    after = change_job(connection, job_id, [FilesDeleted(time_s=time_s)])
    for table in (contents, log_parts):
        connection.execute(delete(table).where(table.c.job_id == job_id))
    return before, after


def forget_jobs(connection: Connection, before_s: float, limit: int) -> int:
    """Remove the rows of old jobs whose files were removed; their owners' usage only loses the number of them."""
    old = select(jobs.c.record).where(jobs.c.state == "deleted", jobs.c.created_s < before_s)
    locked = old.order_by(jobs.c.created_s, jobs.c.id).limit(limit).with_for_update()  # two servers may do this at once
    found = [job_of(record) for record in connection.execute(locked).scalars()]
    for column in (jobs.c.id, job_tags.c.job_id, log_parts.c.job_id):
        connection.execute(delete(column.table).where(column.in_([job.id for job in found])))
    for job in found:
        add_to(connection, usage, row_of_usage(Usage(owner=job.owner, account=job.account), job.state, ""))
    return len(found)


def append_lines(connection: Connection, job_id: str, lines: Sequence[LogLine]) -> None:
    """Keep the lines that are new."""
    job = read_job(connection, job_id, to_change=True)
    last = connection.execute(select(func.max(log_parts.c.last)).where(log_parts.c.job_id == job_id)).scalar()
    fresh = [line for line in lines if last is None or line.number > last]
    if fresh:
        connection.execute(insert(log_parts), row_of_lines(job_id, fresh))
        _update(connection, job, replace(job, log_bytes=job.log_bytes + log_bytes(fresh)))
        add_to(connection, usage, row_of_usage(used_by_log(job, fresh), job.state, job.state))


def read_lines(connection: Connection, job_id: str, first: int, limit: int) -> list[LogLine]:
    """Lines of a log; no more of its parts are read than needed."""
    if not has_job(connection, job_id):
        raise UnknownJob(job_id)
    by_number = select(log_parts.c.lines).where(log_parts.c.job_id == job_id, log_parts.c.last >= first)
    lines: list[LogLine] = []
    for part in connection.execute(by_number.order_by(log_parts.c.first).limit(max(limit, 0))).scalars():
        lines += [line for line in lines_of(part) if line.number >= first]
        if len(lines) >= limit:
            break
    return lines[:limit]


def read_usage(connection: Connection, owner: str | None) -> list[Usage]:
    """What users have used."""
    rows = select(usage).order_by(usage.c.owner, usage.c.account)
    if owner is not None:
        rows = rows.where(usage.c.owner == owner)
    return [usage_of(row) for row in connection.execute(rows).mappings()]


def _update(connection: Connection, before: JobRecord, job: JobRecord) -> None:
    old, new = row_of_job(before), row_of_job(job)
    changes = {name: value for name, value in new.items() if value != old[name]}  # spares the indexes of the others
    execute(connection, _UPDATE, {"job_id": job.id, **changes})
    if job.tags and "state" in changes:
        execute(connection, _UPDATE_TAGS, {"id_of_job": job.id, "state": job.state})


def _put_tags(connection: Connection, job: JobRecord) -> None:
    if job.tags:
        connection.execute(insert(job_tags), rows_of_tags(job))
