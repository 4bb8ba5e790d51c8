"""What happens. Every event carries the time at which it did, in seconds; events are given in order of time."""

from __future__ import annotations

import msgspec

from qhpc.scheduling.model import Pool, QpuState, Session, Task, Window

__all__ = [
    "Event", "PolicyRestored", "PoolAdded", "QpuStateChanged", "SessionClosed", "SessionOpened", "SessionRestored",
    "SliceFailed", "SliceFinished", "TaskCancelled", "TaskRestored", "TaskSubmitted", "TimePassed", "WindowAnnounced",
    "WindowWithdrawn",
]  # fmt: skip


class _Event(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of the events; they are journalled as msgpack arrays that begin with the name of their class."""

    time_s: float


class PoolAdded(_Event, frozen=True):
    """There is a pool, whose QPUs are up and idle.

    Attributes:
        policy: name of its dispatch policy; empty for the one that the machine was made with.
    """

    pool: Pool
    policy: str = ""


class QpuStateChanged(_Event, frozen=True):
    """A QPU is in another state.

    Attributes:
        until_s: when it is expected to be up again, if it is not.
        reason: for those who wait.
    """

    qpu: str
    state: QpuState
    until_s: float | None = None
    reason: str = ""


class WindowAnnounced(_Event, frozen=True):
    """A QPU will not be there for a while."""

    qpu: str
    window: Window


class WindowWithdrawn(_Event, frozen=True):
    """It will be there after all."""

    qpu: str
    window_id: str


class SessionOpened(_Event, frozen=True):
    """A hybrid job has begun; opening it again changes its share and limits."""

    session: Session


class SessionClosed(_Event, frozen=True):
    """A hybrid job has ended: what it has not run never will."""

    session_id: str
    reason: str = "the job has ended"


class TaskSubmitted(_Event, frozen=True):
    """A session has a task."""

    task: Task


class TaskCancelled(_Event, frozen=True):
    """A task is not wanted any more."""

    key: str


class SliceFinished(_Event, frozen=True):
    """A QPU has run a slice.

    Attributes:
        number: of the slice, as instructed.
        shots: how many it ran.
        busy_s: seconds of QPU that it took.
    """

    qpu: str
    key: str
    number: int
    shots: int
    busy_s: float


class SliceFailed(_Event, frozen=True):
    """A QPU has not run a slice to its end.

    Attributes:
        reason: for people.
        is_retryable: whether it may succeed another time.
        may_have_run: whether nobody knows if it ran, e.g. since the driver was lost.
    """

    qpu: str
    key: str
    number: int
    reason: str
    is_retryable: bool = False
    may_have_run: bool = False
    busy_s: float = 0.0


class SessionRestored(_Event, frozen=True):
    """A session as it was when a long history was cut short.

    See :mod:`qhpc.scheduling.snapshot`.

    Attributes:
        opened_s: when it was opened.
        used_s: seconds of QPU that it has used.
        quantum_s: seconds in which it had tasks that had not ended.
        nb_ended: its tasks that have ended.
        told_s: seconds that its tasks that are complete were told to take.
        took_s: seconds that these took.
    """

    session: Session
    opened_s: float
    used_s: float
    quantum_s: float = 0.0
    nb_ended: int = 0
    told_s: float = 0.0
    took_s: float = 0.0


class TaskRestored(_Event, frozen=True):
    """A task that had not ended when a long history was cut short.

    Attributes:
        arrival_s: when it came.
        number: of its last slice.
        remaining_shots: shots that it still has to run.
        remaining_s: seconds of QPU that it still needs.
        busy_s: seconds of QPU that it used.
        tries: slices of it that failed in a row.
        deadline_s: what its policy has set.
        qpu: where its last slice runs; None if it waits.
        shots: of that slice.
        begin_s: when that slice began; None if that was now.
    """

    task: Task
    arrival_s: float
    number: int
    remaining_shots: int
    remaining_s: float
    busy_s: float
    tries: int = 0
    deadline_s: float | None = None
    qpu: str | None = None
    shots: int = 0
    begin_s: float | None = None


class PolicyRestored(_Event, frozen=True):
    """What the policy of a pool knew of the past when a long history was cut short; its tasks follow.

    Attributes:
        past: see ``DispatchPolicy.past``.
    """

    pool: str
    past: dict[str, tuple[float, ...]]


class TimePassed(_Event, frozen=True):
    """Nothing happened, but it is now; answers a ``WakeAt``."""


Event = (
    PoolAdded
    | QpuStateChanged
    | WindowAnnounced
    | WindowWithdrawn
    | SessionOpened
    | SessionClosed
    | TaskSubmitted
    | TaskCancelled
    | SliceFinished
    | SliceFailed
    | SessionRestored
    | TaskRestored
    | PolicyRestored
    | TimePassed
)
