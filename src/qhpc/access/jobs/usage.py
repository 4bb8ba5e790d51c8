"""What a change of a job adds to the usage of its owner. Pure; stores add these up, so that telling usage costs O(1).

Shots count when the job is done. Time of running counts for every attempt, also for one whose runner was lost; time of
waiting until the job starts for the last time, or ends without a start.
"""

from __future__ import annotations

from collections.abc import Sequence

from qat.comm.access.messages import FINAL_STATES, LogLine, Usage
from qhpc.access.jobs.life_cycle import FilesDeleted, JobEvent, Requeued
from qhpc.access.jobs.record import JobRecord

__all__ = ["added", "log_bytes", "used_by_event", "used_by_log", "used_by_new_job"]


def used_by_new_job(job: JobRecord) -> Usage:
    """What a new job adds.

    >>> used_by_new_job(JobRecord(id="a", owner="eve", submission_bytes=10)).stored_bytes
    10
    """
    return _usage(job, nb_jobs=1, stored_bytes=job.submission_bytes)


def log_bytes(lines: Sequence[LogLine]) -> int:
    """What lines of a log count as stored: the bytes of their text.

    >>> log_bytes([LogLine(number=0, time_s=0.0, stream="stdout", text="näh")])
    4
    """
    return sum(len(line.text.encode()) for line in lines)


def used_by_log(job: JobRecord, lines: Sequence[LogLine]) -> Usage:
    """What new lines of a job's log add."""
    return _usage(job, stored_bytes=log_bytes(lines))


def used_by_event(before: JobRecord, event: JobEvent, after: JobRecord) -> Usage | None:
    """What an event adds; None if nothing."""
    if isinstance(event, FilesDeleted):
        stored_bytes = before.submission_bytes + (before.result_bytes or 0) + before.log_bytes
        return _usage(before, stored_bytes=-stored_bytes)
    if isinstance(event, Requeued):
        return _usage(after, running_s=_running_s(before, event.time_s))
    if after.state not in FINAL_STATES:
        return None
    nb_shots = after.estimate.nb_shots if after.estimate and after.state == "done" else 0
    waited_s = (event.time_s if before.started_s is None else before.started_s) - before.created_s
    return _usage(
        after,
        nb_shots=nb_shots,
        running_s=_running_s(before, event.time_s),
        waiting_s=max(waited_s, 0.0),
        stored_bytes=after.result_bytes or 0,
    )


def added(left: Usage, right: Usage) -> Usage:
    """The sum of what one owner and account used."""
    return Usage(
        owner=left.owner,
        account=left.account,
        nb_jobs=left.nb_jobs + right.nb_jobs,
        nb_shots=left.nb_shots + right.nb_shots,
        running_s=left.running_s + right.running_s,
        waiting_s=left.waiting_s + right.waiting_s,
        stored_bytes=left.stored_bytes + right.stored_bytes,
    )


def _running_s(job: JobRecord, end_s: float) -> float:
    return 0.0 if job.started_s is None else max(end_s - job.started_s, 0.0)


def _usage(
    job: JobRecord,
    *,
    nb_jobs: int = 0,
    nb_shots: int = 0,
    running_s: float = 0.0,
    waiting_s: float = 0.0,
    stored_bytes: int = 0,
) -> Usage:
    return Usage(
        owner=job.owner,
        account=job.account,
        nb_jobs=nb_jobs,
        nb_shots=nb_shots,
        running_s=running_s,
        waiting_s=waiting_s,
        stored_bytes=stored_bytes,
    )
