"""What becomes of jobs whose server or runner went away. Pure: a record gives events."""

from __future__ import annotations

from qat.comm.access.messages import Failure
from qhpc.access.jobs.life_cycle import Cancelled, Failed, JobEvent, Requeued, is_retry_allowed
from qhpc.access.jobs.record import JobRecord

__all__ = ["after_loss", "needs_adoption"]


def needs_adoption(job: JobRecord) -> bool:
    """Whether a launcher may have the job, as far as the store knows; else it simply waits."""
    return job.state in ("pending", "running")


def after_loss(job: JobRecord, reason: str, time_s: float, *, has_begun: bool = True) -> JobEvent:
    """What happens to a launched job that no launcher has any more.

    It is cancelled if somebody wanted that, runs again once if that does no harm, and fails with the reason otherwise.
    A launch that was lost before the job began to run is no run, so a few of them are borne.

    Args:
        job: as it was.
        reason: why it was lost.
        time_s: when.
        has_begun: False if it is certain that nothing of it ran.

    >>> after_loss(JobRecord(id="a", owner="ada", state="running", attempt=1), "the runner was killed", 5.0)
    Requeued(time_s=5.0, reason='the runner was killed; the job runs again', was_launched=True)
    """
    if job.is_cancel_requested:
        return Cancelled(time_s=time_s)
    if is_retry_allowed(job, job.estimate) or _has_hardly_begun(job, has_begun):
        return Requeued(time_s=time_s, reason=f"{reason}; the job runs again")
    return Failed(time_s=time_s, failure=_failure(job, reason))


def _has_hardly_begun(job: JobRecord, has_begun: bool) -> bool:
    """Whether a launch was lost before the job ran, as far as the store knows; it may lag behind by a moment."""
    is_safe = not has_begun or job.estimate is None or job.estimate.is_safe_to_retry
    return job.state == "pending" and is_safe and job.attempt < _MAX_LAUNCHES


_MAX_LAUNCHES = 10


def _failure(job: JobRecord, reason: str) -> Failure:
    if job.attempt > 1:
        message = f"{reason}, at attempt {job.attempt}; the job was not run again"
    else:
        message = f"{reason}; the job was not run again because its services do not say that this does no harm"
    return Failure(exception="ServerError", message=message, reason="runner-lost")
