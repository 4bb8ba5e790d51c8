"""What the machine keeps of tasks, sessions and pools."""

from __future__ import annotations

from typing import Any

from qhpc.scheduling.devices import Device
from qhpc.scheduling.events import SessionRestored
from qhpc.scheduling.model import Pool, Session, TaskState
from qhpc.scheduling.policies.protocol import DispatchPolicy, Past, ReadyTask
from qhpc.scheduling.ready_queue import ReadyQueue

__all__ = ["PoolRecord", "SessionRecord", "TaskRecord"]


class TaskRecord:
    """A task.

    Attributes:
        ready: the task, and what is left of it.
        state: where it is.
        number: of its last slice.
        tries: slices of it that failed in a row.
        qpu: where it runs or ran last.
        busy_s: seconds of QPU that it used.
        first_start_s: when it first ran.
        end_s: when it ended.
    """

    __slots__ = ("busy_s", "end_s", "first_start_s", "number", "qpu", "ready", "state", "tries")

    def __init__(self, ready: ReadyTask) -> None:
        self.ready = ready
        self.state: TaskState = "ready"
        self.number = self.tries = 0
        self.qpu: str | None = None
        self.busy_s = 0.0
        self.first_start_s: float | None = None
        self.end_s: float | None = None


class SessionRecord:
    """A session.

    Attributes:
        session: as it was opened or changed last.
        is_open: whether it takes tasks.
        keys: of its tasks that are known, in order.
        nb_ended: tasks that have ended.
        nb_unfinished: tasks that have not ended.
        nb_ready: of these, how many wait.
        used_s: seconds of QPU that it used.
        opened_s: when it was opened.
        told_s: seconds that its tasks that are complete were told to take.
        took_s: seconds that these took.
    """

    __slots__ = (
        "_begun_s", "_latency_s", "_nb_running", "_quantum_s", "_quantum_since_s", "is_open", "keys", "nb_ended",
        "nb_ready", "nb_unfinished", "opened_s", "session", "told_s", "took_s", "used_s",
    )  # fmt: skip

    def __init__(self, session: Session, opened_s: float = 0.0, latency_s: float = 0.0) -> None:
        self.session, self.opened_s, self._latency_s = session, opened_s, latency_s
        self.is_open = True
        self.keys: dict[str, None] = {}
        self.nb_unfinished = self.nb_ready = self.nb_ended = 0
        self.told_s = self.took_s = 0.0
        self.used_s = self._quantum_s = self._quantum_since_s = 0.0
        self._nb_running, self._begun_s = 0, 0.0

    @classmethod
    def restored(cls, event: SessionRestored, latency_s: float = 0.0) -> SessionRecord:
        """A session as it was when a history was cut short."""
        record = cls(event.session, event.opened_s, latency_s)
        record.used_s, record._quantum_s, record.nb_ended = event.used_s, event.quantum_s, event.nb_ended
        record.told_s, record.took_s = event.told_s, event.took_s
        return record

    def as_event(self, now_s: float) -> SessionRestored:
        """What restores it; its tasks that have not ended come after."""
        return SessionRestored(
            now_s, self.session, self.opened_s, self.used_s, self.quantum_s(now_s), self.nb_ended, self.told_s,
            self.took_s,
        )  # fmt: skip

    def add_task(self, now_s: float, *, is_new: bool = True) -> None:
        """One more task; a quantum phase begins if it is the only one, with a preparation if it is new."""
        if not self.nb_unfinished:
            self._quantum_since_s = now_s + self._latency_s if is_new else now_s
        self.nb_unfinished += 1

    def end_task(self, now_s: float) -> None:
        """A task has ended; so has the quantum phase if it was the last one."""
        self.nb_unfinished -= 1
        self.nb_ended += 1
        if not self.nb_unfinished:
            self._quantum_s += max(now_s - self._quantum_since_s, 0.0)

    def begin_slice(self, begin_s: float) -> None:
        """A QPU begins to work for it."""
        self._nb_running += 1
        self._begun_s += begin_s

    def end_slice(self, begin_s: float, busy_s: float) -> None:
        """A QPU that began at ``begin_s`` has worked for it."""
        self._nb_running -= 1
        self._begun_s = self._begun_s - begin_s if self._nb_running else 0.0
        self.used_s += busy_s

    def expected_s(self, told_s: float) -> float:
        """How long a task of it will take: what was told, times how wrong that was of those that are complete.

        Errors below a tenth are believed to be chance, those beyond a factor of sixteen to be another matter. What is
        told counts as one more task that took as long.
        """
        if not self.told_s > 0:
            return told_s
        factor = (self.took_s + told_s) / (self.told_s + told_s)
        return told_s if 0.9 < factor < 1.1 else told_s * min(max(factor, 1 / 16), 16.0)

    def usual_task_s(self) -> float:
        """Mean QPU time of its tasks that have ended; 0 if none has."""
        return self.used_s / self.nb_ended if self.nb_ended else 0.0

    def quantum_s(self, now_s: float) -> float:
        """Seconds in which it had tasks that had not ended, without the preparation that began each such phase.

        Alone that takes as long. In the first preparation of all it is negative.
        """
        return self._quantum_s + (now_s - self._quantum_since_s if self.nb_unfinished else 0.0)

    def waited_s(self, now_s: float) -> float:
        """Seconds in quantum phases in which no QPU worked for it; 0 if several did at a time for as long."""
        running_s = self._nb_running * now_s - self._begun_s
        return max(self.quantum_s(now_s) - self.used_s - running_s, 0.0)

    def past(self, now_s: float) -> Past:
        """How it fared until now."""
        return Past(now_s - self.opened_s, self.waited_s(now_s), self.nb_unfinished)


class PoolRecord:
    """A pool: its QPUs and the tasks that wait for them.

    Attributes:
        pool: as it was added.
        policy: the order of its tasks.
        devices: its QPUs.
        queue: tasks that wait and are not prepared.
        prepared: tasks that wait and are prepared, with their places in the order when they were.
        nb_running: QPUs that run something.
    """

    __slots__ = ("devices", "nb_running", "policy", "pool", "prepared", "queue")

    def __init__(self, pool: Pool, policy: DispatchPolicy) -> None:
        self.pool, self.policy = pool, policy
        self.devices = [Device(name, pool) for name in pool.qpus]
        policy.serves(pool)
        self.queue = ReadyQueue(policy)
        self.prepared: list[tuple[tuple[Any, ...], ReadyTask]] = []
        self.nb_running = 0

    def in_order(self) -> list[ReadyTask]:
        """All tasks that wait, prepared or not, in the policy's order. Cost O(n log n)."""
        prepared = [ready for _, ready in self.prepared]
        return sorted([*self.queue.in_order(), *prepared], key=self.queue.place)

    def has_waiting(self) -> bool:
        """Whether any task waits."""
        return bool(self.queue or self.prepared)
