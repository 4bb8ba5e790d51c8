"""What becomes of jobs whose server or runner went away. Pure: a record gives events."""

from __future__ import annotations

from qat.comm.access.messages import Failure
from qhpc.access.jobs.life_cycle import Cancelled, Failed, JobEvent, Requeued, is_retry_allowed
from qhpc.access.jobs.record import JobRecord

__all__ = ["after_loss", "needs_adoption"]


def needs_adoption(job: JobRecord) -> bool:
    """Whether a launcher may have the job, as far as the store knows; else it simply waits."""
    return job.state in ("pending", "running")


def after_loss(job: JobRecord, reason: str, time_s: float) -> JobEvent:
    """What happens to a launched job that no launcher has any more.

    It is cancelled if somebody wanted that, runs again once if that does no harm, and fails with the reason otherwise.

    >>> after_loss(JobRecord(id="a", owner="ada", state="running", attempt=1), "the runner was killed", 5.0)
    Requeued(time_s=5.0, reason='the runner was killed; the job runs again')
    """
    if job.is_cancel_requested:
        return Cancelled(time_s=time_s)
    if is_retry_allowed(job, job.estimate):
        return Requeued(time_s=time_s, reason=f"{reason}; the job runs again")
    return Failed(time_s=time_s, failure=_failure(job, reason))


def _failure(job: JobRecord, reason: str) -> Failure:
    if job.attempt > 1:
        message = f"{reason}, for the second time; the job was not run a third time"
    else:
        message = f"{reason}; the job was not run again because its services do not say that this does no harm"
    return Failure(exception="ServerError", message=message, reason="runner-lost")
