"""A user's job, as drivers take it: decoded, within limits, with other numbers of shots."""

from __future__ import annotations

from copy import copy

from qat.comm.wire import decode
from qat.core.enums import ErrorType
from qat.core.errors import QPUException
from qat.core.wrappers.job import Job

__all__ = ["job_in", "with_shots"]


def job_in(payload: bytes, *, max_qubits: int | None = None, max_shots: int | None = None) -> Job:
    """The job in a message from a user.

    Args:
        payload: message of a Job (``qat.comm.wire``).
        max_qubits: more are refused.
        max_shots: more are refused.

    Raises:
        WireError: it is no such message, or damaged.
        QPUException: it has variables that are not bound, or is too large.

    >>> from qat.comm.wire import encode
    >>> from qat.core import Circuit
    >>> job_in(encode(Circuit.empty(2).to_job(nbshots=5))).nbshots
    5
    """
    job: Job = decode(payload, Job)
    if max_qubits is not None and (job.nbqbits or 0) > max_qubits:
        raise _refused(f"the job has {job.nbqbits} qubits: this QPU takes at most {max_qubits}")
    if max_shots is not None and (job.nbshots or 0) > max_shots:
        raise _refused(f"the job asks for {job.nbshots} shots: this QPU takes at most {max_shots} a job")
    if variables := _unbound(job):
        shown = ", ".join(variables[:5])
        raise _refused(f"the job has variables without values ({shown}): bind them, job(**values)")
    return job


def with_shots(job: Job, shots: int) -> Job:
    """The same job for so many shots; 0 leaves it as it is. The job itself is not changed.

    >>> from qat.core import Circuit
    >>> with_shots(Circuit.empty(1).to_job(nbshots=100), 30).nbshots
    30
    """
    if not shots:
        return job
    part = copy(job)
    part.nbshots = shots
    return part


def _unbound(job: Job) -> list[str]:
    time = None if job.schedule is None else job.schedule.tname
    return [name for name in job.get_variables() if name != time]


def _refused(message: str) -> QPUException:
    return QPUException(ErrorType.INVALID_ARGS, "qhpc.broker.drivers", message)
