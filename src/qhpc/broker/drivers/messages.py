"""What the broker and the driver of a QPU say to each other. No input or output here.

A driver is a process that listens on a Unix socket in the broker's directory and outlives it. It serves one broker at a
time: a new connection ends the former one.

::

    broker -> driver   Attach, Load, Run, Stop, Drop, AcknowledgeSlice, Quit
    driver -> broker   Attached, SliceBegun, SliceEnded, SliceBroken, Lacks, StateChanged, WindowPlanned,
                       WindowCancelled

``Run`` is idempotent by key and number: a slice that the driver knows is not run again, only told of again. The end of
a slice is told at once and again after every ``Attach``, until it is acknowledged; so a broker that was killed finds
what the QPU did meanwhile. A driver that was killed comes back as another *incarnation*, which knows which slices the
former one had begun and nothing of their ends: they may have run, and it says so of each.
"""

from __future__ import annotations

import msgspec

from qat.comm.messages import MessageCodec
from qhpc.scheduling.model import QpuState

__all__ = [
    "MAX_MESSAGE_BYTES",
    "VERSION",
    "AcknowledgeSlice",
    "Attach",
    "Attached",
    "DriverMessage",
    "Drop",
    "Lacks",
    "Load",
    "Quit",
    "Run",
    "SliceBegun",
    "SliceBroken",
    "SliceEnded",
    "StateChanged",
    "Stop",
    "WindowCancelled",
    "WindowPlanned",
    "frame_of",
    "message_in",
]  # fmt: skip

VERSION = 1
MAX_MESSAGE_BYTES = 1 << 31


class _Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the messages."""


class Attach(_Message, frozen=True, tag="attach"):
    """The broker is there."""

    version: int


class Attached(_Message, frozen=True, tag="attached"):
    """So is the driver.

    Attributes:
        incarnation: other after every start of the driver.
        qpu: name of the QPU.
        specs: message of HardwareSpecs (``qat.comm.wire``).
        known: slices it has begun or been given, as key and number; the ends of those that have ended follow.
        state: of the QPU.
        former: incarnations before it of which it knows all that they had begun: what of theirs is not ``known`` never
            was.
    """

    version: int
    incarnation: str
    qpu: str
    specs: bytes
    known: tuple[tuple[str, int], ...] = ()
    state: QpuState = "up"
    reason: str = ""
    former: tuple[str, ...] = ()


class Load(_Message, frozen=True, tag="load"):
    """A task that will run here: check, compile and upload it. Sent before its first ``Run``, usually ahead of it.

    Sent again for a task that is loaded, it has its next slice prepared; the payload may then be left empty.

    Attributes:
        key: the broker's name of the task, unique over all sessions.
        payload: message of a Job, or of a Batch of one (``qat.comm.broker.tasks``), from a user: it is decoded here
            and nowhere else.
    """

    key: str
    payload: bytes


class Run(_Message, frozen=True, tag="run"):
    """Run shots of a loaded task; ``shots`` 0 runs it as it is."""

    key: str
    number: int
    shots: int


class Stop(_Message, frozen=True, tag="stop"):
    """Stop a slice at the next shot if that is possible; its end is told as usual."""

    key: str
    number: int


class Drop(_Message, frozen=True, tag="drop"):
    """Forget a loaded task."""

    key: str


class AcknowledgeSlice(_Message, frozen=True, tag="acknowledge"):
    """The end of a slice is on the broker's disk."""

    key: str
    number: int


class Quit(_Message, frozen=True, tag="quit"):
    """End, after what runs now."""


class SliceBegun(_Message, frozen=True, tag="begun"):
    """A slice is on the QPU."""

    key: str
    number: int


class SliceEnded(_Message, frozen=True, tag="ended"):
    """A slice has run.

    Attributes:
        shots: how many it ran; fewer than asked for if it was stopped.
        busy_s: seconds of QPU that it took.
        overhead_s: seconds of these that were no shots: latency, loading.
        result: message of a Result (``qat.comm.wire``).
    """

    key: str
    number: int
    shots: int
    busy_s: float
    overhead_s: float
    result: bytes


class SliceBroken(_Message, frozen=True, tag="broken"):
    """A slice has not run to its end.

    Attributes:
        reason: for people.
        error: message of a published exception (``qat.comm.wire``); empty if there is none.
        is_retryable: whether it may succeed another time.
        may_have_run: whether nobody knows if it ran.
    """

    key: str
    number: int
    reason: str
    error: bytes = b""
    is_retryable: bool = False
    may_have_run: bool = False
    busy_s: float = 0.0


class Lacks(_Message, frozen=True, tag="lacks"):
    """``Run`` came for a task that is not loaded: send ``Load`` and ``Run`` again."""

    key: str
    number: int


class StateChanged(_Message, frozen=True, tag="state"):
    """The QPU is in another state; ``in_s``: seconds until it is expected to be up again."""

    state: QpuState
    reason: str = ""
    in_s: float | None = None


class WindowPlanned(_Message, frozen=True, tag="window"):
    """The QPU will not be there for a while; from ``in_s`` seconds from now, for ``length_s``."""

    id: str
    in_s: float
    length_s: float
    reason: str = "calibration"


class WindowCancelled(_Message, frozen=True, tag="window-cancelled"):
    """It will be there after all."""

    id: str


DriverMessage = (
    Attach
    | Attached
    | Load
    | Run
    | Stop
    | Drop
    | AcknowledgeSlice
    | Quit
    | SliceBegun
    | SliceEnded
    | SliceBroken
    | Lacks
    | StateChanged
    | WindowPlanned
    | WindowCancelled
)

_codec: MessageCodec[DriverMessage] = MessageCodec(DriverMessage, kind=0x5144, name="a driver of openqat's broker")
frame_of, message_in = _codec.frame_of, _codec.message_in
