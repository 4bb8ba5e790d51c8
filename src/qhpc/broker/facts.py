"""What the broker's journal holds besides the events of the machine, as frozen structures."""

from __future__ import annotations

from typing import Literal

import msgspec

from qat.comm.broker.messages import SubmitTask
from qhpc.scheduling.events import Event

__all__ = [
    "AlphaMoved", "DriverSeen", "Fact", "Outcome", "Record", "SessionIdentity", "SliceError", "SliceResult",
    "TaskAcknowledged", "TaskEnded", "TaskPayload",
]  # fmt: skip

Ending = Literal["finished", "failed", "cancelled"]


class _Fact(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of the facts; they are journalled as the events are."""


class DriverSeen(_Fact, frozen=True):
    """A driver of the QPU was there; another incarnation knows nothing of what the former one was given."""

    qpu: str
    incarnation: str


class SessionIdentity(_Fact, frozen=True):
    """Whose session it is; written before the ``SessionOpened`` of the machine.

    Attributes:
        session_id: ``USER:NAME``.
        uid: of the Unix user under whom its processes run; None for one who is not known on this machine.
        account: who pays.
        slurm_job: id of its Slurm job; None outside of Slurm.
        nb_nodes: nodes that wait while it waits.
        time_s: when this was found out.
        is_asleep: whether its job has given its nodes back.
        waited_s: seconds that the session had waited for QPUs until then.
        node_waited_s: the same times the nodes that it had meanwhile.
        slurm_run: when its Slurm job was submitted or put back, as Slurm writes it; empty if that is unknown.
        stack: name of what it runs.
    """

    time_s: float
    session_id: str
    user: str
    uid: int | None
    account: str
    slurm_job: int | None = None
    nb_nodes: int = 0
    is_asleep: bool = False
    waited_s: float = 0.0
    node_waited_s: float = 0.0
    slurm_run: str = ""
    stack: str = ""

    def node_waited_until(self, waited_s: float) -> float:
        """Node seconds of waiting, when the session has waited so long and has had these nodes until then.

        >>> who = SessionIdentity(0.0, "ada:a", "ada", 7, "phys", nb_nodes=2, waited_s=5.0, node_waited_s=20.0)
        >>> who.node_waited_until(8.0)
        26.0
        """
        nb_nodes = 0 if self.is_asleep else self.nb_nodes
        return self.node_waited_s + nb_nodes * max(waited_s - self.waited_s, 0.0)


class TaskPayload(_Fact, frozen=True):
    """What a session wants to run; written before the ``TaskSubmitted`` of the machine."""

    session_id: str
    submitted: SubmitTask


class SliceResult(_Fact, frozen=True):
    """What a QPU found; written before the ``SliceFinished`` of the machine. ``result`` is empty if nobody wants it."""

    key: str
    number: int
    qpu: str
    shots: int
    start_s: float
    busy_s: float
    overhead_s: float
    result: bytes


class SliceError(_Fact, frozen=True):
    """The exception that a QPU raised; written before the ``SliceFailed`` of the machine."""

    key: str
    error: bytes


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """How a task ended.

    Attributes:
        ending: which way.
        qpu: where it ran last; empty if nowhere.
        busy_s: seconds of QPU that it used.
        waited_s: seconds in which it was on none.
        reason: why it failed.
        error: the exception that the QPU raised, as it travels.
    """

    ending: Ending
    qpu: str = ""
    busy_s: float = 0.0
    waited_s: float = 0.0
    reason: str = ""
    error: bytes = b""


class TaskEnded(_Fact, frozen=True):
    """How a task ended whose history was cut short; its results are written before."""

    key: str
    outcome: Outcome


class TaskAcknowledged(_Fact, frozen=True):
    """The session has the answers to these tasks."""

    session_id: str
    keys: tuple[str, ...]


class AlphaMoved(_Fact, frozen=True):
    """The closed loop has moved the alpha of a pool.

    Attributes:
        alpha: where it is.
        configured: where the settings had it: when they are changed, it begins anew.
    """

    time_s: float
    pool: str
    alpha: float
    configured: float


Fact = DriverSeen | SessionIdentity | TaskPayload | SliceResult | SliceError | TaskEnded | TaskAcknowledged | AlphaMoved

Record = Event | Fact
"""What a journal holds."""
