"""Exceptions of loading and running as the ends of slices that the broker is told."""

from __future__ import annotations

from qat.comm.wire import encode
from qat.core.enums import ErrorType
from qat.core.errors import QPUException, ServiceError, WireError
from qat.kernels.control import RunCancelledError
from qhpc.broker.drivers.messages import SliceBroken
from qhpc.broker.drivers.protocol import DeviceError

__all__ = ["broken"]

_MAX_CHARACTERS = 10_000
_MODULE = "qhpc.broker.drivers"


def broken(
    key: str, number: int, error: BaseException, *, is_stopped: bool = False, busy_s: float = 0.0
) -> SliceBroken:
    """How a slice ended that raised.

    Args:
        key: of its task.
        number: of the slice.
        error: what was raised.
        is_stopped: whether it was told to stop.
        busy_s: seconds of QPU that it took.

    >>> broken("k", 1, DeviceError("the laser is off")).is_retryable
    True
    >>> broken("k", 1, QPUException(11, "qat.linalg", "no such gate")).reason
    'no such gate'
    """
    if is_stopped and _is_cancelled(error):
        return SliceBroken(key, number, "it was stopped, and nothing of it is left", busy_s=busy_s)
    if isinstance(error, DeviceError):
        return SliceBroken(key, number, error.reason, b"", error.is_retryable, error.may_have_run, busy_s)
    published = _published(error)
    return SliceBroken(key, number, published.message or "", encode(published), busy_s=busy_s)


def _is_cancelled(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, RunCancelledError):
            return True
        error = error.__cause__
    return False


def _published(error: BaseException) -> ServiceError:
    """The exception to be raised by who submitted the task."""
    match error:
        case ServiceError():
            return _shortened(error)
        case WireError():
            return QPUException(ErrorType.INVALID_ARGS, _MODULE, f"the job cannot be read: {_text(error)}")
        case MemoryError():
            message = "the job needs more memory than the driver of the QPU has: make it smaller"
            return QPUException(ErrorType.INSUFFICIENT_RESOURCES, _MODULE, message)
    return QPUException(ErrorType.ABORT, _MODULE, f"{type(error).__name__}: {_text(error)}")


def _shortened(error: ServiceError) -> ServiceError:
    """The same with plain fields: code, module and message that can be sent."""
    cls = next((cls for cls in type(error).__mro__ if cls.__module__ == ServiceError.__module__), QPUException)
    code = int(error.code) if isinstance(error.code, int) else None
    module = None if error.modulename is None else _text(error.modulename)
    short: ServiceError = cls(code, module, _text(error if error.message is None else error.message))
    return short


def _text(value: object) -> str:
    """The text of whatever a QPU put into an exception, such that it can be sent."""
    try:
        text = str(value)
    except Exception as error:  # nothing in an exception may harm the driver
        text = f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}… ({len(text)} characters)"
