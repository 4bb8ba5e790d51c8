"""What the machine keeps of tasks, sessions and pools."""

from __future__ import annotations

from qhpc.scheduling.devices import Device
from qhpc.scheduling.model import Pool, Session, TaskState
from qhpc.scheduling.policies.protocol import DispatchPolicy, ReadyTask
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
        keys: of its tasks.
        nb_unfinished: tasks that have not ended.
        nb_ready: of these, how many wait.
        used_s: seconds of QPU that it used.
    """

    __slots__ = ("is_open", "keys", "nb_ready", "nb_unfinished", "session", "used_s")

    def __init__(self, session: Session) -> None:
        self.session = session
        self.is_open = True
        self.keys: list[str] = []
        self.nb_unfinished = self.nb_ready = 0
        self.used_s = 0.0


class PoolRecord:
    """A pool: its QPUs and the tasks that wait for them."""

    __slots__ = ("devices", "policy", "pool", "queue")

    def __init__(self, pool: Pool, policy: DispatchPolicy) -> None:
        self.pool, self.policy = pool, policy
        self.devices = [Device(name, pool) for name in pool.qpus]
        self.queue = ReadyQueue(policy)
