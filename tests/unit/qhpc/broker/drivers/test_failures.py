"""Whatever a QPU raises becomes the end of a slice that can be told."""

import enum

import pytest

from qat.comm.wire import decode
from qat.core.errors import ErrorType, PluginException, QPUException, ServiceError, WireError
from qat.kernels.control import RunCancelledError
from qhpc.broker.drivers.failures import broken
from qhpc.broker.drivers.protocol import DeviceError


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("no")


class OwnException(QPUException):
    """One of another package."""


class Code(enum.Enum):
    ODD = "odd"


def told(error):
    end = broken("k", 1, error, busy_s=2.0)
    assert (end.key, end.number, end.busy_s) == ("k", 1, 2.0)
    assert not end.is_retryable
    assert not end.may_have_run
    published = decode(end.error, ServiceError)
    assert published.message == end.reason
    return published


MUTE = "a MuteError that cannot be shown (RuntimeError)"


def ours(code, message):
    return QPUException(code, "qhpc.broker.drivers", message)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (QPUException(11, "qat.linalg", "no"), QPUException(11, "qat.linalg", "no")),
        (PluginException(1, "m", "no"), PluginException(1, "m", "no")),
        (OwnException(4, "own", "no"), QPUException(4, "own", "no")),
        (QPUException(Code.ODD, "m", MuteError()), QPUException(None, "m", MUTE)),
        (ValueError("odd \udcff"), ours(ErrorType.ABORT, "ValueError: odd ?")),
        (MuteError(), ours(ErrorType.ABORT, f"MuteError: {MUTE}")),
        (SystemExit(3), ours(ErrorType.ABORT, "SystemExit: 3")),
        (WireError("it is torn"), ours(ErrorType.INVALID_ARGS, "the job cannot be read: it is torn.")),
    ],
)
def test_exceptions_as_they_are_told(error, expected):
    assert told(error) == expected


def test_no_memory():
    assert told(MemoryError()).code == ErrorType.INSUFFICIENT_RESOURCES


def test_long_messages_are_cut():
    assert len(told(ValueError("x" * 100_000)).message) < 10_100


def test_trouble_with_the_device_is_nobodys_exception():
    end = broken("k", 1, DeviceError("the laser is off", may_have_run=True))
    assert (end.reason, end.error, end.is_retryable, end.may_have_run) == ("the laser is off", b"", True, True)


def test_a_stopped_slice():
    cancelled = QPUException(1, "m", "cancelled")
    cancelled.__cause__ = RunCancelledError()
    assert broken("k", 1, cancelled, is_stopped=True).error == b""
    assert broken("k", 1, cancelled).error != b""
    assert broken("k", 1, ValueError("other"), is_stopped=True).error != b"", "it failed before it was stopped"
