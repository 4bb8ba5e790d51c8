"""What is scheduled: QPUs in pools, sessions of hybrid jobs, and their quantum tasks. Times in seconds."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["CLASSES", "Pool", "PriorityClass", "QpuState", "Session", "SessionState", "Task", "TaskState", "Window"]

QpuState = Literal["up", "draining", "calibrating", "down"]
"""``draining`` ends what it runs and starts nothing; the last two run nothing."""

SessionState = Literal["open", "closed"]

TaskState = Literal["ready", "running", "stopping", "done", "failed", "cancelled"]
"""``stopping`` still runs, and is cancelled as soon as its QPU lets go of it."""

PriorityClass = Literal["production", "development"]

CLASSES: dict[PriorityClass, int] = {"production": 0, "development": 1}
"""Rank of the classes: a lower one goes first, whatever the policy."""


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """QPUs of one kind, any of which may run a task.

    Attributes:
        name: of the pool.
        qpus: names of its QPUs.
        slice_s: longer sampling tasks are cut into slices of about this length, so that others need not wait for all
            of it; None never cuts.
        prefetch_depth: so many tasks are prepared on a QPU beside the one that it runs; 0 prepares nothing ahead.
        latency_s: how long a preparation takes, as far as is known: check, compile, upload.
    """

    name: str
    qpus: tuple[str, ...]
    slice_s: float | None = None
    prefetch_depth: int = 1
    latency_s: float = 0.0


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which a QPU starts nothing and runs nothing, e.g. for calibration."""

    id: str
    start_s: float
    end_s: float
    reason: str = "maintenance"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A running hybrid job, as the QPUs see it.

    Attributes:
        id: of the session.
        user: who runs it.
        account: who pays.
        pool: where its tasks run.
        share: its admitted part of one QPU's time, 0 to 1: the speed it was promised.
        priority_class: which class it belongs to.
        max_ready_tasks: more are refused.
        max_qpu_s: seconds of QPU that it may use in all; None is unlimited.
        releases_nodes: whether it can give its nodes back during a quantum phase.
        restart_s: how long it takes to have them again.
    """

    id: str
    user: str
    account: str
    pool: str
    share: float = 1.0
    priority_class: PriorityClass = "production"
    max_ready_tasks: int = 10_000
    max_qpu_s: float | None = None
    releases_nodes: bool = False
    restart_s: float = 0.0


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A quantum task.

    Attributes:
        key: made by the client, unique: submitting it again does not run it again.
        session: id of its session.
        duration_s: seconds of QPU that it is expected to take; corrected by how long its session's other tasks took.
        shots: number of shots; 0 if it has none to count.
        priority: larger goes first, under policies that look at it.
        is_sliceable: whether it may be cut between shots.
        is_repeatable: whether running it twice does no harm, when nobody knows whether it ran.
    """

    key: str
    session: str
    duration_s: float
    shots: int = 0
    priority: int = 0
    is_sliceable: bool = False
    is_repeatable: bool = True
