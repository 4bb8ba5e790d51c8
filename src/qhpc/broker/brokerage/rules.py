"""What a site has decided: pools, limits, patience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qhpc.scheduling.model import Pool

__all__ = ["Limits", "Rules", "TaskTiming"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much users may ask for, and how long the broker waits.

    Attributes:
        max_sessions: open sessions of all users.
        max_sessions_per_user: open sessions of one.
        max_ready_tasks: waiting tasks of one session.
        max_bytes_per_user: bytes of tasks and results that the broker keeps for one user.
        max_qpu_s: seconds of QPU of one session; None is unlimited.
        lease_s: a session from which nothing came for so long is closed.
        recovery_s: how long a broker that was started again waits for the drivers it knew, before it gives tasks.
        driver_patience_s: what a driver that is away was running is given to others after so long.
        slice_deadline_s: a driver that says nothing of a slice for so long, and ten times what it should take, is
            started again.
    """

    max_sessions: int = 10_000
    max_sessions_per_user: int = 2_000
    max_ready_tasks: int = 10_000
    max_bytes_per_user: int = 2 << 30
    max_qpu_s: float | None = None
    lease_s: float = 30.0
    recovery_s: float = 5.0
    driver_patience_s: float = 60.0
    slice_deadline_s: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTiming:
    """How long the tasks of a pool take whose jobs do not say it, in seconds."""

    shot_s: float = 0.0
    latency_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a site has decided.

    Attributes:
        cluster: its name.
        pools: all pools; a QPU is in one of them.
        policies: name of the dispatch policy, by pool.
        timings: by pool, where they are known.
        limits: for everybody.
    """

    pools: tuple[Pool, ...]
    cluster: str = "local"
    policies: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, TaskTiming] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
