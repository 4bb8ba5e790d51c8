"""The life cycle of a job as a table: state and event give the next state.

::

    waiting ──Launched──> pending ──Started──> running ──Succeeded──> done
       ^                     │                    │
       └────── Requeued ─────┴────────────────────┘   (the runner was lost and the job is safe to run again)

    From waiting, pending and running: Failed -> failed, Cancelled -> cancelled, Stopped -> stopped.
    From any final state: FilesDeleted -> deleted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from qat.comm.access.messages import Estimate, Failure, JobState, Progress
from qhpc.access.jobs.record import JobRecord

__all__ = [
    "TRANSITIONS", "CancelRequested", "Cancelled", "Failed", "FilesDeleted", "IllegalTransition", "JobEvent",
    "Launched", "Progressed", "Requeued", "Started", "Stopped", "Succeeded", "advance", "is_retry_allowed",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """Something that happened to a job, at ``time_s``."""

    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched(JobEvent):
    """A launcher took the job; ``handle`` finds it there, also after a restart of the server."""

    launcher: str
    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(JobEvent):
    """It began to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed(JobEvent):
    """It told how far it is."""

    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded(JobEvent):
    """Its result is stored: size and checksum (SHA-256, hex)."""

    result_bytes: int
    result_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(JobEvent):
    """It ended without a result."""

    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested(JobEvent):
    """Somebody wants it to end; what runs has to be killed first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(JobEvent):
    """It ended because somebody wanted it to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(JobEvent):
    """It ended at a limit, e.g. of time."""

    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeued(JobEvent):
    """What ran it was lost; it waits to be run again.

    Attributes:
        reason: why.
        was_launched: False if the launcher did not take it: the launch was no attempt then.
    """

    reason: str
    was_launched: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesDeleted(JobEvent):
    """Its input and result were removed."""


_ACTIVE: tuple[JobState, ...] = ("waiting", "pending", "running")
_FINAL: tuple[JobState, ...] = ("done", "failed", "cancelled", "stopped")

TRANSITIONS: dict[tuple[JobState, type[JobEvent]], JobState] = {
    ("waiting", Launched): "pending",
    ("pending", Started): "running",
    ("running", Progressed): "running",
    ("running", Succeeded): "done",
    ("pending", Requeued): "waiting",
    ("running", Requeued): "waiting",
    **{(state, CancelRequested): state for state in _ACTIVE},
    **{(state, Cancelled): "cancelled" for state in _ACTIVE},
    **{(state, Failed): "failed" for state in _ACTIVE},
    **{(state, Stopped): "stopped" for state in _ACTIVE},
    **{(state, FilesDeleted): "deleted" for state in _FINAL},
}
"""Everything that may happen. What is not here is refused."""


class IllegalTransition(Exception):  # noqa: N818 (says what it is)
    """An event came to a job in a state in which it cannot happen: it is late, or was handled before.

    Attributes:
        job_id: the job.
        state: its state.
        event: the event.
    """

    def __init__(self, job_id: str, state: JobState, event: JobEvent) -> None:
        super().__init__(job_id, state, event)
        self.job_id, self.state, self.event = job_id, state, event

    def __str__(self) -> str:
        return f"job {self.job_id} is {self.state}: {type(self.event).__name__} cannot happen to it"


def advance(job: JobRecord, event: JobEvent) -> JobRecord:
    """The job after an event.

    Raises:
        IllegalTransition: it cannot happen to a job in this state.
    """
    state = TRANSITIONS.get((job.state, type(event)))
    if state is None:
        raise IllegalTransition(job.id, job.state, event)
    ending: dict[str, Any] = (
        {"ended_s": event.time_s, "expires_s": _expiry(job, event.time_s)} if state in _FINAL else {}
    )
    return replace(job, state=state, version=job.version + 1, **ending, **_changes(job, event))


def _changes(job: JobRecord, event: JobEvent) -> dict[str, Any]:
    """What an event changes beside the state."""
    match event:
        case Launched():
            return {"launcher": event.launcher, "handle": event.handle, "attempt": job.attempt + 1}
        case Started():
            return {"started_s": event.time_s}
        case Progressed():
            return {"progress": event.progress}
        case Succeeded():
            return {"result_bytes": event.result_bytes, "result_sha256": event.result_sha256}
        case Failed() | Stopped():
            return {"failure": event.failure}
        case Cancelled():
            return {}
        case CancelRequested():
            return {"is_cancel_requested": True}
        case Requeued():
            nothing_runs = {"launcher": None, "handle": None, "started_s": None, "message": event.reason}
            return nothing_runs | {"attempt": job.attempt - (not event.was_launched)}
        case _:
            return {"result_bytes": None, "result_sha256": None, "log_bytes": 0}


def _expiry(job: JobRecord, ended_s: float) -> float | None:
    return None if job.retention_s is None else ended_s + job.retention_s


def is_retry_allowed(job: JobRecord, estimate: Estimate | None) -> bool:
    """Whether a job whose runner was lost may run again: once, and only if its services say that it does no harm."""
    return job.attempt < 2 and not job.is_cancel_requested and (estimate is None or estimate.is_safe_to_retry)
