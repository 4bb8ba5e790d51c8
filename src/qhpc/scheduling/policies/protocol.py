"""What a dispatch policy decides: three ranks. See :mod:`qhpc.scheduling.ready_queue` for how they are used."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple, Protocol

from qhpc.scheduling.model import CLASSES, Pool, Session, Task

__all__ = ["NO_PAST", "DispatchPolicy", "Fixed", "Past", "Rank", "ReadyTask"]

Rank = tuple[Any, ...] | float | int
"""Lower goes first. All ranks of a policy are of one type."""


class Past(NamedTuple):
    """How a session fared until a task came.

    Attributes:
        open_s: for how long it has been open.
        waited_s: for how much of that it waited for QPUs that did other things.
        nb_unfinished: its other tasks that have not ended.
    """

    open_s: float
    waited_s: float
    nb_unfinished: int


NO_PAST = Past(0.0, 0.0, 0)


class ReadyTask:
    """A task that waits.

    Attributes:
        task: the task.
        session: its session when it came.
        arrival_s: when it came.
        duration_s: seconds of QPU that all of it is expected to take, as far as its session's are known.
        number: counts the tasks, in order of arrival.
        class_rank: rank of its session's class.
        remaining_shots: shots that it still has to run.
        remaining_s: seconds of QPU that it still needs.
        deadline_s: what a policy that sets deadlines has set; it stays when the task is cut.
        patience_s: what of that is for others to pass it, as long as none of it has run.
        past: how its session fared until it came.
        rank: what its policy has said of it, when it began to wait.
        prepared_on: the QPU on which it is prepared, if any.
    """

    __slots__ = (
        "arrival_s", "class_rank", "deadline_s", "duration_s", "number", "past", "patience_s", "prepared_on", "rank",
        "remaining_s", "remaining_shots", "session", "task",
    )  # fmt: skip

    def __init__(
        self,
        task: Task,
        session: Session,
        arrival_s: float,
        number: int,
        past: Past = NO_PAST,
        duration_s: float | None = None,
    ) -> None:
        self.task, self.session = task, session
        self.arrival_s, self.number, self.past = arrival_s, number, past
        self.class_rank = CLASSES[session.priority_class]
        self.remaining_shots = task.shots
        self.duration_s = self.remaining_s = task.duration_s if duration_s is None else duration_s
        self.deadline_s: float | None = None
        self.patience_s = 0.0
        self.rank: Rank = 0
        self.prepared_on: Any = None


class Fixed:
    """Base of the policies whose tasks have their rank from the beginning, and that do not look at who waits."""

    def serves(self, pool: Pool) -> None:
        """Any."""

    def settled(self, ready: ReadyTask, now_s: float) -> Rank:
        """What it was."""
        return ready.rank

    def joined(self, ready: ReadyTask) -> None:
        """Nobody counts."""

    def left(self, ready: ReadyTask) -> None:
        """Nobody counts."""


class DispatchPolicy(Protocol):
    """The order of the tasks of a pool. A policy object belongs to one pool; it may keep what lanes have used."""

    name: str

    def serves(self, pool: Pool) -> None:
        """Told once, before anything waits: whose tasks these are."""

    def lane(self, ready: ReadyTask) -> Hashable:
        """The lane of a task: always the same for a session."""

    def rank(self, ready: ReadyTask) -> Rank:
        """Rank of a task within its lane, asked once each time that it begins to wait."""

    def settled(self, ready: ReadyTask, now_s: float) -> Rank:
        """Rank of a task that is now the first of its lane, whose other tasks do not rank lower.

        Asked again while it is; the answer is what it was.
        """

    def lane_rank(self, lane: Hashable) -> Rank:
        """Rank of a lane now."""

    def joined(self, ready: ReadyTask) -> None:
        """A lane has a task that waits, and had none."""

    def left(self, ready: ReadyTask) -> None:
        """A lane has no task that waits any more; this was the last one."""

    def charge(self, lane: Hashable, busy_s: float) -> None:
        """A lane has used QPU time."""

    def forget(self, session_id: str) -> None:
        """A session has ended: what is kept of it is not needed any more."""

    def past(self) -> dict[str, tuple[float, ...]]:
        """What is kept of the past, by session or account, as numbers: all that ``recall`` needs."""

    def recall(self, past: Mapping[str, tuple[float, ...]]) -> None:
        """Go on with what another policy object of this name kept; before any task comes."""
