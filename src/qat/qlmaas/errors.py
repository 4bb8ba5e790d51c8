"""What the client of an access server raises.

::

    QatError
    └── QLMaaSError                          message, code, request_id (of the server's log)
        ├── NotConfiguredError (AttributeError)     no server is named anywhere
        ├── ConfigurationError (ValueError)         a value or a file of the configuration is wrong
        ├── NoServerError (ImportError)             ``import qlmaas`` found no server
        ├── UnreachableError (ConnectionError)      the server does not answer, or cannot prove who it is
        ├── LoginError (RuntimeError)               the server does not know the user
        ├── WaitExpiredError (TimeoutError)         a time limit of the caller has passed; the job goes on
        ├── UnsupportedError (NotImplementedError)  a published call that is not offered here
        └── RefusedError                            the server said no; status, context
            ├── ForbiddenError (PermissionError)
            ├── UnknownJobError (LookupError)
            ├── UnknownServiceError (LookupError)
            ├── JobNotDoneError                     the job has not ended
            ├── JobFailedError                      it failed outside of its services, e.g. for lack of memory
            ├── JobCancelledError
            ├── JobStoppedError                     it was ended at a limit
            └── FilesDeletedError                   its files were removed

A job that failed inside a service raises what the service raised: ``QPUException``, ``PluginException`` or
``GeneratorException``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from qat.comm.access.messages import Failure, Problem
from qat.comm.access.problems import PROBLEMS
from qat.core.errors import GeneratorException, PluginException, QatError, QPUException

__all__ = [
    "ConfigurationError", "FilesDeletedError", "ForbiddenError", "JobCancelledError", "JobFailedError",
    "JobNotDoneError", "JobStoppedError", "LoginError", "NoServerError", "NotConfiguredError", "QLMaaSError",
    "RefusedError", "UnknownJobError", "UnknownServiceError", "UnreachableError", "UnsupportedError",
    "WaitExpiredError", "exception_of", "exception_of_failure",
]  # fmt: skip


class QLMaaSError(QatError):
    """Root of what the client raises.

    Args:
        message: what was wrong, what was expected, what to do.
        code: stable word for programs.
        request_id: names the request in the server's log.

    >>> print(QLMaaSError("the server is being drained", request_id="4f2a"))
    the server is being drained [request 4f2a]
    """

    _fields: tuple[str, ...] = ("message", "code", "request_id")
    exit_name: ClassVar[str] = "ERROR"
    """How the command line ends."""

    def __init__(self, message: str, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.message} [request {self.request_id}]" if self.request_id else self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class NotConfiguredError(QLMaaSError, AttributeError):
    """No server is named: pass a hostname, or run ``qat config create``.

    >>> issubclass(NotConfiguredError, AttributeError)
    True
    """


class ConfigurationError(QLMaaSError, ValueError):
    """A value or a file of the configuration is wrong; the message names the value and where it came from."""


class NoServerError(QLMaaSError, ImportError):
    """``import qlmaas`` found no server; the message says why and what to do."""


class UnreachableError(QLMaaSError, ConnectionError):
    """The server does not answer, or cannot prove who it is.

    Args:
        message: what happened, with the server's address.
        code: ``unreachable`` or ``not-trusted``.
        was_sent: whether the request may have reached the server.
    """

    exit_name = "UNREACHABLE"
    _fields = ("message", "code", "was_sent")

    def __init__(self, message: str, code: str = "unreachable", was_sent: bool = True) -> None:
        super().__init__(message, code)
        self.was_sent = was_sent

    @property
    def retryable(self) -> bool:
        """Whether trying again may help."""
        return self.code == "unreachable"


class LoginError(QLMaaSError, RuntimeError):
    """The server does not know the user: the password is wrong, or the token has expired."""

    exit_name = "LOGIN"


class WaitExpiredError(QLMaaSError, TimeoutError):
    """The caller's time limit has passed. The job goes on; wait again with another ``join``."""

    exit_name = "TIMEOUT"


class UnsupportedError(QLMaaSError, NotImplementedError):
    """A published call that is not offered here; the message says what to use."""


class RefusedError(QLMaaSError):
    """The server said no, and why.

    Args:
        message: the server's reason.
        code: one of ``qat.comm.access.problems.PROBLEMS``.
        request_id: names the request in the server's log.
        status: HTTP status.
        context: further values, e.g. near names.
    """

    _fields = ("message", "code", "request_id", "status", "context")

    def __init__(
        self,
        message: str,
        code: str | None = None,
        request_id: str | None = None,
        status: int | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code, request_id)
        self.status = status
        self.context = dict(context or {})

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.code in PROBLEMS and PROBLEMS[self.code].retryable


class ForbiddenError(RefusedError, PermissionError):
    """The user may not do this."""


class UnknownJobError(RefusedError, LookupError):
    """There is no such job, or it belongs to somebody else."""

    exit_name = "NOT_FOUND"


class UnknownServiceError(RefusedError, LookupError):
    """The server offers no such service; the message lists near names."""

    exit_name = "NOT_FOUND"


class JobNotDoneError(RefusedError):
    """The job has not ended: ``join()`` waits for it."""


class JobFailedError(RefusedError):
    """The job failed, but none of its services raised an exception.

    ``context["reason"]`` is e.g. ``runner-lost``, ``out-of-memory`` or ``time-limit``.
    """

    exit_name = "JOB_FAILED"


class JobCancelledError(RefusedError):
    """Somebody cancelled the job."""

    exit_name = "JOB_FAILED"


class JobStoppedError(RefusedError):
    """The job was ended at a limit, e.g. of time."""

    exit_name = "JOB_FAILED"


class FilesDeletedError(RefusedError):
    """The files of the job were removed, at the user's wish or because they had expired."""

    exit_name = "NOT_FOUND"


_BY_CODE: dict[str, type[RefusedError]] = {
    "forbidden": ForbiddenError,
    "unknown-job": UnknownJobError,
    "unknown-service": UnknownServiceError,
    "not-final": JobNotDoneError,
    "job-failed": JobFailedError,
    "job-cancelled": JobCancelledError,
    "job-stopped": JobStoppedError,
    "files-deleted": FilesDeletedError,
}

_OF_SERVICES = {cls.__name__: cls for cls in (QPUException, PluginException, GeneratorException)}


def exception_of(problem: Problem) -> QatError:
    """The exception for an error that the server reported.

    >>> exception_of(Problem(title="", status=404, detail="no job 'x'", code="unknown-job", request_id="7"))
    UnknownJobError("no job 'x' [request 7]")
    """
    if problem.code in ("not-authenticated", "too-many-attempts"):
        return LoginError(problem.detail, problem.code, problem.request_id)
    if problem.failure is not None and problem.code in ("job-failed", "job-stopped"):
        return exception_of_failure(problem.failure, problem)
    cls = _BY_CODE.get(problem.code, RefusedError)
    return cls(problem.detail or problem.title, problem.code, problem.request_id, problem.status, problem.context)


def exception_of_failure(failure: Failure, problem: Problem) -> QatError:
    """The exception that ended a job: that of the service which raised it, with the request's id as a note."""
    service_error = _OF_SERVICES.get(failure.exception)
    if service_error is None:
        cls = _BY_CODE[problem.code]
        context = {**problem.context, "reason": failure.reason}
        return cls(failure.message or problem.detail, problem.code, problem.request_id, problem.status, context)
    error = service_error(failure.code, failure.modulename, failure.message)
    error.add_note(f"raised on the server; request {problem.request_id}")
    return error
