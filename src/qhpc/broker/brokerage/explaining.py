"""Where the tasks of a job are, for its user: the sessions of the job, and of each the task that comes next."""

from __future__ import annotations

from collections.abc import Iterator

from qat.comm.broker.messages import Explained
from qhpc.broker.accounts import job_of
from qhpc.broker.brokerage.core import Core
from qhpc.broker.brokerage.state import BrokerSession
from qhpc.scheduling.explanation import Explanation, explain

__all__ = ["explain_job"]


def explain_job(core: Core, job: str, user: str | None, now_s: float) -> Explained:
    """Where the tasks of a job are, and why; no text if it has no session here.

    Args:
        core: what the broker knows.
        job: what the names of its sessions begin with, up to the last dot.
        user: whose sessions are looked at; None for everybody's.
        now_s: time.
    """
    lines: list[str] = []
    starts_s = None
    for session in core.sessions.values():
        if user in (None, session.identity.user) and job_of(session.id.partition(":")[2]) == job:
            told = _next(core, session, now_s)
            lines += _lines(session, told)
            starts_s = told.earliest_s if told is not None and starts_s is None else starts_s
    return Explained(job, "\n".join(lines), starts_s)


def _lines(session: BrokerSession, told: Explanation | None) -> Iterator[str]:
    nb_tasks = sum(task.outcome is None for task in session.tasks.values())
    if told is None:
        yield f"no quantum task of it waits at the pool {session.pool!r}: the job computes"
        return
    tasks = "1 quantum task has" if nb_tasks == 1 else f"{nb_tasks} quantum tasks have"
    yield f"{tasks} not ended at the pool {session.pool!r}; the next one {told.reasons[0]}"
    yield from told.reasons[1:]


def _next(core: Core, session: BrokerSession, now_s: float) -> Explanation | None:
    """The task that runs, else the one that starts first; None if there is none. Cost O(n log n) in waiting tasks."""
    for task in session.tasks.values():
        record = core.machine.task(task.full_key)
        if record is not None and record.state in ("running", "stopping"):
            return explain(core.machine, task.full_key, now_s)
    for ready in core.machine.waiting(session.pool):
        if ready.session.id == session.id:
            return explain(core.machine, ready.task.key, now_s)
    return None
