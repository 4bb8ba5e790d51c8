"""Exceptions of a job as the failures that its owner is told."""

from __future__ import annotations

import errno
from collections.abc import Mapping

import msgspec

from qat.comm.access.messages import Failure, Task
from qat.core.enums import ErrorType
from qat.core.errors import GeneratorException, PluginException, QPUException, ServiceError, WireError
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.runner.frames import Outcome

__all__ = ["MAX_MESSAGE", "outcome_of"]

MAX_MESSAGE = 10_000
"""Longer messages are cut."""

_PUBLISHED = (QPUException, PluginException, GeneratorException)
_BY_TASK: Mapping[Task, type[ServiceError]] = {"compile": PluginException, "execute": GeneratorException}


def outcome_of(error: BaseException, task: Task = "submit") -> Outcome:
    """How a job ended that raised.

    Exceptions of services are told as they are. Others become the published exception of the kind of service that was
    asked, with their class and message.

    Args:
        error: what was raised.
        task: what was asked.

    >>> outcome_of(QPUException(11, "qat.linalg", "no such gate")).failure
    Failure(exception='QPUException', message='no such gate', code=11, modulename='qat.linalg', reason='service-error')
    >>> outcome_of(ValueError("odd"), "execute").failure.message
    'ValueError: odd'
    """
    if (shortage := _shortage_below(error)) is not None:
        return Outcome(failure=_out_of_memory(shortage), is_limit=True)
    failure = _failure(error, task)
    return Outcome(failure=msgspec.structs.replace(failure, message=_shortened(failure.message)))


def _shortened(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}… ({len(message)} characters)"


def _failure(error: BaseException, task: Task) -> Failure:
    match error:
        case ServiceError():
            return _of_service(error)
        case InvalidSubmission():
            return Failure(exception="ServerError", message=error.detail, reason=error.code)
        case WireError():
            message = f"the result cannot be sent: {error}"
            return Failure(exception=_name(task), message=message, reason="result-not-sendable")
    message = f"{type(error).__name__}: {getattr(error, 'message', None) or error}"
    return Failure(exception=_name(task), message=message)


def _shortage_below(error: BaseException | None) -> BaseException | None:
    """The shortage of memory that an exception comes from, if it does."""
    while error is not None and not _is_shortage(error):
        error = error.__cause__
    return error


def _is_shortage(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


def _of_service(error: ServiceError) -> Failure:
    published = next((cls for cls in _PUBLISHED if isinstance(error, cls)), QPUException)
    return Failure(
        exception=published.__name__,
        message=str(error) if error.message is None else str(error.message),
        code=None if error.code is None else int(error.code),
        modulename=None if error.modulename is None else str(error.modulename),
    )


def _out_of_memory(error: BaseException) -> Failure:
    detail = f" ({error})" if str(error) else ""
    return Failure(
        exception="QPUException",
        message=f"the job needs more memory than it was given{detail}; ask for more, or make it smaller",
        code=ErrorType.INSUFFICIENT_RESOURCES,
        reason="out-of-memory",
    )


def _name(task: Task) -> str:
    return _BY_TASK.get(task, QPUException).__name__
