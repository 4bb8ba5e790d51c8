"""A user's job, as drivers take it: decoded, within limits, with other numbers of shots."""

from __future__ import annotations

from copy import copy

from qat.comm.broker.tasks import batch_in
from qat.core.enums import ErrorType
from qat.core.errors import QPUException
from qat.core.qpu.qpu import CommonQPU
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import Result

__all__ = ["checked_batch", "job_in", "ran_on", "with_shots"]


def checked_batch(payload: bytes, *, max_qubits: int | None = None, max_shots: int | None = None) -> Batch:
    """The job in a message from a user, as a batch of one with the meta data of the batch that it comes from.

    Args:
        payload: what a task carries (``qat.comm.broker.tasks``).
        max_qubits: more are refused.
        max_shots: more are refused.

    Raises:
        WireError: it is no such message, or damaged.
        QPUException: the job has variables that are not bound, or is too large.
    """
    batch = batch_in(payload)
    _check(batch.jobs[0], max_qubits, max_shots)
    return batch


def ran_on(qpu: CommonQPU, batch: Batch, shots: int) -> Result:
    """The result of so many shots of a batch of one on a QPU; 0 runs it as it is. The batch is not changed.

    >>> from qat.core import Circuit
    >>> from qat.qpus import LinAlg
    >>> len(ran_on(LinAlg(), Batch([Circuit.empty(1).to_job(nbshots=100, aggregate_data=False)], {}), 30))
    30
    """
    result: Result = qpu.submit(Batch([with_shots(batch.jobs[0], shots)], batch.meta_data)).results[0]
    return result


def job_in(payload: bytes, *, max_qubits: int | None = None, max_shots: int | None = None) -> Job:
    """The job in a message from a user.

    Args:
        payload: what a task carries (``qat.comm.broker.tasks``).
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
    job: Job = checked_batch(payload, max_qubits=max_qubits, max_shots=max_shots).jobs[0]
    return job


def _check(job: Job, max_qubits: int | None, max_shots: int | None) -> None:
    if max_qubits is not None and (job.nbqbits or 0) > max_qubits:
        raise _refused(f"the job has {job.nbqbits} qubits: this QPU takes at most {max_qubits}")
    if max_shots is not None and (job.nbshots or 0) > max_shots:
        raise _refused(f"the job asks for {job.nbshots} shots: this QPU takes at most {max_shots} a job")
    if variables := _unbound(job):
        shown = ", ".join(variables[:5])
        raise _refused(f"the job has variables without values ({shown}): bind them, job(**values)")


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
