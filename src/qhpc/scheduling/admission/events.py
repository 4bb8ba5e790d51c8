"""What happens at admission. Every event carries its time in seconds; events are given in order of time."""

from __future__ import annotations

import msgspec

from qhpc.scheduling.admission.model import HybridJob

__all__ = [
    "DutyObserved", "Event", "IdleObserved", "JobArrived", "JobEnded", "NodesCounted", "PoolCounted", "TimePassed",
]  # fmt: skip


class _Event(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of the events."""

    time_s: float


class PoolCounted(_Event, frozen=True):
    """A pool has so many QPUs that take tasks; 0 while it calibrates or is down."""

    pool: str
    nb_qpus: int


class NodesCounted(_Event, frozen=True):
    """The cluster has so many nodes for hybrid jobs in all; without this event it has enough."""

    nb_nodes: int


class JobArrived(_Event, frozen=True):
    """A job wants to run."""

    job: HybridJob


class JobEnded(_Event, frozen=True):
    """A job has ended, or is not wanted any more."""

    job_id: str


class DutyObserved(_Event, frozen=True):
    """So far a job used a QPU for ``quantum_s`` and computed classically for ``classical_s``. Waiting is neither.

    Where other tasks run while one is prepared, that counts as classical: see ``qhpc.scheduling.timings.occupied_s``.
    Told at the end of each of its quantum phases.
    """

    job_id: str
    quantum_s: float
    classical_s: float


class IdleObserved(_Event, frozen=True):
    """During the last ``period_s`` the QPUs of a pool were idle, with nothing to run, for this part of the time."""

    pool: str
    period_s: float
    idle_fraction: float


class TimePassed(_Event, frozen=True):
    """Nothing happened, but it is now."""


Event = PoolCounted | NodesCounted | JobArrived | JobEnded | DutyObserved | IdleObserved | TimePassed
