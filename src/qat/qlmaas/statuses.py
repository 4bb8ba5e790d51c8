"""States of jobs under their published names, and what is known about a job in the published structure."""

from __future__ import annotations

from datetime import UTC, datetime

from qat.comm.access.messages import JobState, JobView
from qat.comm.qlmaas.ttypes import JobInfo
from qat.comm.resource.ttypes import ResourceModel
from qat.core.enums import AsyncBatchType, JobStatus

__all__ = ["STATUSES", "TEXTS", "date_of", "job_info"]

STATUSES: dict[JobState, int] = {
    "waiting": JobStatus.WAITING,
    "pending": JobStatus.PENDING,
    "running": JobStatus.RUNNING,
    "done": JobStatus.DONE,
    "failed": JobStatus.FAILED,
    "cancelled": JobStatus.CANCELLED,
    "stopped": JobStatus.STOPPED,
    "deleted": JobStatus.DELETED,
}
"""The published number of each state."""

TEXTS: dict[int, str] = {
    **{number: state for state, number in STATUSES.items()},
    JobStatus.UNKNOWN_JOB: "unknown_job",
    JobStatus.IN_BUCKET: "bucket",
    JobStatus.SLURM_OFFLOAD: "slurm_offload",
    JobStatus.SLURM_SENT: "slurm_sent",
}
"""The published text of each number."""


def date_of(time_s: float | None) -> datetime | None:
    """A time of a message as a date in UTC.

    >>> print(date_of(0.0))
    1970-01-01 00:00:00+00:00
    """
    return None if time_s is None else datetime.fromtimestamp(time_s, UTC)


def job_info(view: JobView) -> JobInfo:
    """What is known about a job as a published ``JobInfo``; its dates are ISO 8601 texts in UTC.

    >>> job_info(JobView(id="j1", state="done", owner="me")).status
    3
    """
    estimate = view.estimate
    memory = None if estimate is None or estimate.memory_bytes is None else -(-estimate.memory_bytes // (1 << 20))
    return JobInfo(
        id=view.id,
        status=STATUSES[view.state],
        submission_date=_text(view.created_s),
        owner=view.owner,
        type=AsyncBatchType.ONESHOT if view.session_id is None else AsyncBatchType.SESSION_ITEM,
        resources=ResourceModel(
            qpu=view.stack.rpartition(" | ")[2],
            nbqbits=None if estimate is None else estimate.nb_qubits,
            job_count=None if estimate is None else estimate.nb_jobs,
            nb_nodes=view.resources.nb_nodes,
            mem_necessary_biggest_job_mb=memory,
        ),
        session_id=view.session_id,
        message=view.failure.message if view.failure is not None else view.message,
        queue_pos=view.queue_position,
        starting_date=_text(view.started_s),
        ending_date=_text(view.ended_s),
        meta_data=dict(view.meta_data),
    )


def _text(time_s: float | None) -> str | None:
    date = date_of(time_s)
    return None if date is None else date.isoformat(timespec="seconds")
