"""What goes on at a broker, for those who look after it. Times are seconds since 1970, durations seconds."""

from __future__ import annotations

import msgspec

__all__ = ["BrokerStatus", "PoolStatus", "QpuStatus", "SessionStatus", "TaskStatus"]


class QpuStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A QPU.

    Attributes:
        state: ``up``, ``draining``, ``calibrating`` or ``down``.
        reason: why it is not up.
        until_s: when it is expected to be up again.
        running: name of the task that it runs; empty if it is idle.
        ends_s: when that is expected to end.
    """

    name: str
    pool: str
    state: str
    reason: str = ""
    until_s: float | None = None
    running: str = ""
    ends_s: float | None = None


class PoolStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A pool.

    Attributes:
        policy: the order of its tasks.
        nb_waiting: tasks that wait.
        waiting_s: seconds of QPU that these need.
        units: duty units that Slurm should hand out now; None if it hands out what it wants, or that is not known yet.
        alpha: how many times the units of its QPUs that are while all of them are there; None likewise.
        trouble: why Slurm does not hand out so many.
    """

    name: str
    policy: str
    qpus: tuple[QpuStatus, ...]
    nb_sessions: int = 0
    nb_waiting: int = 0
    waiting_s: float = 0.0
    units: int | None = None
    alpha: float | None = None
    trouble: str = ""


class SessionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A session.

    Attributes:
        is_connected: whether its job is there.
        nb_waiting: tasks that wait.
        nb_running: tasks on QPUs.
        used_s: seconds of QPU that it has used.
        waited_s: seconds in which it waited for QPUs that did other things.
    """

    id: str
    user: str
    account: str
    pool: str
    share: float
    opened_s: float
    is_connected: bool
    slurm_job: int | None = None
    nb_waiting: int = 0
    nb_running: int = 0
    used_s: float = 0.0
    waited_s: float = 0.0


class TaskStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A task that waits.

    Attributes:
        position: 1 for the next one of its pool.
        remaining_s: seconds of QPU that it still needs.
    """

    key: str
    session: str
    pool: str
    position: int
    came_s: float
    remaining_s: float
    remaining_shots: int = 0


class BrokerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    Attributes:
        waiting: the first of the tasks that wait, by pool and in the order in which they would start now.
    """

    cluster: str
    now_s: float
    started_s: float
    pools: tuple[PoolStatus, ...]
    sessions: tuple[SessionStatus, ...]
    waiting: tuple[TaskStatus, ...]
