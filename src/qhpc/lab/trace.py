"""What happened in a simulation, without judgement: per job, and per QPU."""

from __future__ import annotations

from array import array
from typing import Literal, NamedTuple

from qhpc.lab.workload import JobPlan, Workload

__all__ = ["IDLE_REASONS", "IdleReason", "JobTrace", "QpuTrace", "Run", "Trace"]

IdleReason = Literal["no job", "too few jobs", "not admitted", "held back", "outage"]

IDLE_REASONS: dict[IdleReason, str] = {
    "no job": "nobody wants the pool",
    "too few jobs": "all jobs compute classically, and no other waits to be admitted",
    "not admitted": "all admitted jobs compute classically, and others wait to be admitted",
    "held back": "tasks wait, but none may start: they do not fit before a calibration",
    "outage": "the QPU is not there",
}
"""Why QPUs run nothing."""


class Run(NamedTuple):
    """A QPU ran a slice: it was occupied from ``start_s`` on, ran shots from ``first_shot_s`` to ``end_s``."""

    start_s: float
    first_shot_s: float
    end_s: float
    job_id: str


class JobTrace:
    """A job.

    Attributes:
        plan: what it was to do.
        admitted_s: when it began.
        ended_s: when it ended.
        asked_s: when it asked for a QPU, by phase.
        answered_s: when it had the result, by phase.
        node_s: seconds for which it held its nodes, times their number.
    """

    __slots__ = ("admitted_s", "answered_s", "asked_s", "ended_s", "node_s", "plan")

    def __init__(self, plan: JobPlan) -> None:
        self.plan = plan
        self.admitted_s = self.ended_s = float("nan")
        self.node_s = 0.0
        self.asked_s: list[float] = []
        self.answered_s: list[float] = []

    @property
    def stretch(self) -> float:
        """How many times longer it took, from admission on, than it would have alone."""
        return (self.ended_s - self.admitted_s) / self.plan.alone_s

    @property
    def slowdown(self) -> float:
        """The same from submission on."""
        return (self.ended_s - self.plan.arrival_s) / self.plan.alone_s


class QpuTrace:
    """A QPU: its slices in order, and what they add up to. Slices are kept in columns: there may be millions.

    Attributes:
        busy_s: seconds in which it ran shots.
        dead_s: seconds in which it was occupied and ran none.
        lost_s: seconds of slices that an outage ended.
        start_s: from when on it was occupied, by slice.
        first_shot_s: from when on it ran shots, by slice.
        end_s: until when, by slice.
        job_id: whose slice it was.
    """

    __slots__ = ("busy_s", "dead_s", "end_s", "first_shot_s", "job_id", "lost_s", "name", "pool", "start_s")

    def __init__(self, name: str, pool: str) -> None:
        self.name, self.pool = name, pool
        self.busy_s = self.dead_s = self.lost_s = 0.0
        self.start_s, self.first_shot_s, self.end_s = array("d"), array("d"), array("d")
        self.job_id: list[str] = []

    def add(self, run: Run) -> None:
        """It ran a slice."""
        start_s, first_shot_s, end_s, job_id = run
        self.start_s.append(start_s)
        self.first_shot_s.append(first_shot_s)
        self.end_s.append(end_s)
        self.job_id.append(job_id)
        self.busy_s += end_s - first_shot_s
        self.dead_s += first_shot_s - start_s

    @property
    def runs(self) -> list[Run]:
        """Its slices."""
        return list(map(Run, self.start_s, self.first_shot_s, self.end_s, self.job_id))


class Trace(NamedTuple):
    """Everything that happened.

    Attributes:
        workload: what was given.
        jobs: one for each job.
        qpus: one for each QPU.
        idle_s: seconds times idle QPUs by pool and reason, until the last job ended.
        alpha: how many QPUs' worth of duty a pool offered, over time; empty under policies without a limit.
    """

    workload: Workload
    jobs: list[JobTrace]
    qpus: list[QpuTrace]
    idle_s: dict[str, dict[IdleReason, float]]
    alpha: list[tuple[float, float]]

    @property
    def end_s(self) -> float:
        """When the last job ended."""
        return max(job.ended_s for job in self.jobs)
