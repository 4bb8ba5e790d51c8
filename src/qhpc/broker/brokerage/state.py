"""What the broker keeps of sessions, tasks and drivers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from qat.comm.broker.messages import SubmitTask, TaskCancelled, TaskFailed, TaskFinished
from qhpc.broker.facts import Outcome, SessionIdentity, SliceResult
from qhpc.broker.quotas import Payer
from qhpc.scheduling.model import QpuState

__all__ = ["BrokerSession", "BrokerTask", "Driver", "Given", "Stray"]


class Given(NamedTuple):
    """A slice that a QPU was told to run.

    Attributes:
        number: of the slice.
        qpu: the QPU that the machine believes to run it.
        at: the QPU that does: another one if that had begun it before the broker was killed.
        shots: how many.
        start_s: when it was told.
    """

    number: int
    qpu: str
    at: str
    shots: int
    start_s: float


class BrokerTask:
    """A task.

    Attributes:
        full_key: ``USER:SESSION/KEY``, its name everywhere but in the job.
        key: the job's name of it.
        session: whose it is.
        submitted: what is to be run.
        size: bytes that are kept of it.
        expected_s: seconds of QPU that it is expected to use still, which count for the quotas of ``payers``.
        results: of its slices, by number.
        error: the exception that the QPU raised last.
        given: the slice that runs.
        is_accepted: whether it is on disk.
        outcome: how it ended.
        is_answered: whether that is on disk.
        answer: what its job is told, if that took long to put together.
    """

    __slots__ = (
        "answer", "error", "expected_s", "full_key", "given", "is_accepted", "is_answered", "key", "outcome", "payers",
        "results", "session", "size", "submitted",
    )  # fmt: skip

    def __init__(self, session: BrokerSession, submitted: SubmitTask) -> None:
        self.key, self.session, self.submitted = submitted.key, session, submitted
        self.full_key = f"{session.id}/{submitted.key}"
        self.size = 0
        self.expected_s = 0.0
        self.payers: tuple[Payer, ...] = (("user", session.identity.user), ("account", session.identity.account))
        self.results: dict[int, SliceResult] = {}
        self.error = b""
        self.given: Given | None = None
        self.outcome: Outcome | None = None
        self.answer: TaskFinished | TaskFailed | TaskCancelled | None = None
        self.is_accepted = self.is_answered = False


class BrokerSession:
    """A session.

    Attributes:
        id: ``USER:NAME``.
        identity: whose it is.
        pool: where its tasks run.
        tasks: those that it has not acknowledged, by the job's key.
        connection: the job, while it is there.
        heard_s: when something came from it last.
        opened_s: when it was opened.
        explained_s: when it was told last why something waits.
        is_due: whether its quantum phase ends soon, so that it should have its nodes.
        is_open: whether it takes tasks.
        wants_specs: whether it waits to be told what the QPUs can do.
    """

    __slots__ = (
        "connection", "explained_s", "heard_s", "id", "identity", "is_due", "is_open", "opened_s", "pool", "tasks",
        "wants_specs",
    )  # fmt: skip

    def __init__(self, identity: SessionIdentity) -> None:
        self.id, self.identity = identity.session_id, identity
        self.pool = ""
        self.tasks: dict[str, BrokerTask] = {}
        self.connection: Hashable | None = None
        self.heard_s = self.opened_s = identity.time_s
        self.explained_s = -1.0
        self.is_open = True
        self.wants_specs = False
        self.is_due = False

    @property
    def needs_nodes(self) -> bool:
        """Whether it should have its nodes: its quantum phase ends soon, or has ended."""
        return self.is_due or all(task.outcome is not None for task in self.tasks.values())


class Stray(NamedTuple):
    """A slice that a driver was given by a broker that was killed before anything of it was on disk."""

    qpu: str
    seen_s: float


class Driver:
    """The driver of a QPU.

    Attributes:
        qpu: its name.
        incarnation: the last one that was seen; empty if none was.
        is_attached: whether it is there.
        lost_s: since when it is not.
        loaded: tasks that it has.
        specs: what the QPU can do, as it travels.
        known: slices that it had when it was attached.
        has_lost: whether it is another incarnation than the one before.
        remembers: whether it knows all slices that that one had begun.
        state: of the QPU as it said last, with the reason and in how many seconds it will be up.
    """

    __slots__ = (
        "has_lost", "incarnation", "is_attached", "known", "loaded", "lost_s", "qpu", "remembers", "specs", "state",
    )  # fmt: skip

    def __init__(self, qpu: str) -> None:
        self.qpu = qpu
        self.incarnation = ""
        self.is_attached = False
        self.lost_s: float | None = None
        self.loaded: set[str] = set()
        self.specs = b""
        self.known: frozenset[tuple[str, int]] = frozenset()
        self.has_lost = self.remembers = False
        self.state: tuple[QpuState, str, float | None] = ("down", "its driver is being started", None)
