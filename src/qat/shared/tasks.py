"""A job as a quantum task, and the answer to it as a result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from qat.comm.broker.messages import Refused, SubmitTask, TaskCancelled, TaskFailed, TaskFinished
from qat.comm.broker.tasks import payload_of
from qat.comm.wire import decode
from qat.core.enums import ErrorType
from qat.core.errors import QPUException, ServiceError, WireError
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Job
from qat.core.wrappers.result import Result

__all__ = ["MODULE", "TaskOptions", "result_of", "specs_in", "task_of"]

MODULE = "qat.qpus.shared"
"""Whom exceptions name."""

_CODES = {
    "quota": ErrorType.INSUFFICIENT_RESOURCES,
    "too-many": ErrorType.INSUFFICIENT_RESOURCES,
    "too-large": ErrorType.INVALID_ARGS,
    "invalid": ErrorType.INVALID_ARGS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """What a user says of all tasks of a QPU.

    Attributes:
        priority: larger goes first, where the site's policy looks at it.
        duration_s: seconds of QPU that a task takes; None if they are not known.
        is_sliceable: whether the shots of a task may be run in parts.
        is_repeatable: whether a task may run again when nobody knows whether it ran.

    Raises:
        ValueError: the duration is not positive.

    >>> TaskOptions(duration_s=-1.0)
    Traceback (most recent call last):
        ...
    ValueError: duration_s is -1.0: give seconds, more than 0, or None
    """

    priority: int = 0
    duration_s: float | None = None
    is_sliceable: bool = True
    is_repeatable: bool = True

    def __post_init__(self) -> None:
        if self.duration_s is not None and not 0 < self.duration_s < math.inf:
            raise ValueError(f"duration_s is {self.duration_s}: give seconds, more than 0, or None")


def task_of(job: Job, meta_data: Mapping[str, str] | None, options: TaskOptions) -> SubmitTask:
    """A job as a task, still without a key.

    Raises:
        WireError: something in the job cannot travel.

    >>> from qat.core import Circuit
    >>> task = task_of(Circuit.empty(1).to_job(nbshots=100), None, TaskOptions())
    >>> task.shots, task.is_sliceable
    (100, True)
    """
    shots = job.nbshots or 0
    return SubmitTask(
        key="",
        payload=payload_of(job, meta_data),
        shots=shots,
        is_sliceable=options.is_sliceable and shots > 1,
        is_repeatable=options.is_repeatable,
        duration_s=options.duration_s,
        priority=options.priority,
    )


def result_of(outcome: TaskFinished | TaskFailed | TaskCancelled | Refused) -> Result:
    """The result in an answer.

    Raises:
        QPUException: there is none; what the QPU raised, if it raised something.
    """
    match outcome:
        case TaskFinished():
            return _result_in(outcome)
        case TaskFailed():
            raise _error_in(outcome)
        case TaskCancelled():
            raise QPUException(ErrorType.ABORT, MODULE, "The task was cancelled at the broker, not by this program.")
        case Refused(code, reason):
            message = f"The broker does not take the task ({code}): {reason}"
            raise QPUException(_CODES.get(code, ErrorType.ABORT), MODULE, message)


def specs_in(message: bytes) -> HardwareSpecs:
    """The specs in an answer.

    Raises:
        QPUException: they cannot be read.
    """
    try:
        specs: HardwareSpecs = decode(message, HardwareSpecs)
    except WireError as error:
        raise QPUException(ErrorType.ABORT, MODULE, f"The specs of the pool cannot be read: {error}") from error
    return specs


def _result_in(finished: TaskFinished) -> Result:
    try:
        result: Result = decode(finished.result, Result)
    except WireError as error:
        raise QPUException(
            ErrorType.ABORT, MODULE, f"The result from {finished.qpu} cannot be read: {error}"
        ) from error
    return result


def _error_in(failed: TaskFailed) -> ServiceError:
    """What the QPU raised, or the reason as an exception."""
    if failed.error:
        try:
            error: ServiceError = decode(failed.error, ServiceError)
        except WireError as unreadable:
            return QPUException(
                ErrorType.ABORT, MODULE, f"{failed.reason} (its exception cannot be read: {unreadable})"
            )
        return error
    return QPUException(ErrorType.ABORT, MODULE, failed.reason)
