"""Why a job ended in Slurm that has left no outcome. Pure: Slurm's row, and what we did, give an ending."""

from __future__ import annotations

from qat.comm.access.messages import Failure, Resources
from qat.core.enums import ErrorType
from qhpc.access.launchers.endings import Cause, ending_of
from qhpc.access.runner.frames import Outcome
from qhpc.slurm.parsers import SlurmJob
from qhpc.slurm.states import STATES, reason_words

__all__ = ["FORGOTTEN", "slurm_ending"]

FORGOTTEN = "Slurm does not know the job any more: its controller has lost it in a crash, or it ended long ago"
"""Why a job is lost that is not in the list."""

_NEVER = frozenset({"BadConstraints", "InvalidAccount", "InvalidQOS", "AccountNotAllowed", "QOSNotAllowed"})
"""Why a job failed that would fail again."""


def slurm_ending(job: SlurmJob, cause: Cause | None, resources: Resources) -> Outcome | str:
    """How a job ended, as Slurm tells: an outcome, or the reason why it is lost.

    Args:
        job: its last row, of a state that has ended.
        cause: why we ended it, if we did.
        resources: what it was given.

    >>> slurm_ending(SlurmJob(id=7, state="NODE_FAIL", nodes=("q1",)), None, Resources())
    'job 7 was lost with its node (q1)'
    >>> slurm_ending(SlurmJob(id=7, state="TIMEOUT"), None, Resources(max_time_s=2.0)).failure.reason
    'time-limit'
    """
    state = STATES[job.state.partition(" ")[0]]
    if cause in ("cancelled", "time-limit"):
        return ending_of(cause, 0, resources, is_memory_short=False)
    match state.ending:
        case "time-limit":
            return ending_of("time-limit", 0, resources, is_memory_short=False)
        case "out-of-memory":
            return Outcome(failure=_out_of_memory(resources), is_limit=True)
        case "cancelled":
            message = f"job {job.id} was cancelled in Slurm: by its owner, an operator, or after a crash of slurmctld"
            return Outcome(failure=Failure(exception="ServerError", message=message, reason="cancelled"))
        case "completed":
            return f"job {job.id} ended in Slurm without a result; its last lines may tell why"
        case "failed" if job.reason in _NEVER:
            message = f"Slurm cannot run the job: {reason_words(job.reason)}"
            return Outcome(failure=Failure(exception="ServerError", message=message, reason="not-launched"))
        case "failed":
            return f"job {job.id} failed in Slurm: {reason_words(job.reason)}"
    where = f" ({', '.join(job.nodes)})" if job.nodes else ""
    return f"job {job.id} {state.words}{where}"


def _out_of_memory(resources: Resources) -> Failure:
    given = (
        "it was given"
        if resources.memory_bytes is None
        else f"the {resources.memory_bytes / 2**30:.3g} GiB it was given"
    )
    return Failure(
        exception="QPUException",
        message=f"the job used more memory than {given} on its node; ask for more (memory), or make it smaller",
        code=ErrorType.INSUFFICIENT_RESOURCES,
        reason="out-of-memory",
    )
