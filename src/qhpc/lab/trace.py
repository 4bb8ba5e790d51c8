"""What happened in a simulation, without judgement: per job, and per QPU."""

from __future__ import annotations

from typing import NamedTuple

from qhpc.lab.workload import JobPlan, Workload

__all__ = ["JobTrace", "QpuTrace", "Run", "Trace"]


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
        waited_s: seconds between asking for a QPU and the end of the task, less the task.
        node_s: seconds for which it held its nodes, times their number.
    """

    __slots__ = ("admitted_s", "ended_s", "node_s", "plan", "waited_s")

    def __init__(self, plan: JobPlan) -> None:
        self.plan = plan
        self.admitted_s = self.ended_s = float("nan")
        self.waited_s = self.node_s = 0.0


class QpuTrace:
    """A QPU: its slices in order, and what they add up to."""

    __slots__ = ("busy_s", "dead_s", "name", "pool", "runs")

    def __init__(self, name: str, pool: str) -> None:
        self.name, self.pool = name, pool
        self.busy_s = self.dead_s = 0.0
        self.runs: list[Run] = []

    def add(self, run: Run) -> None:
        """It ran a slice."""
        self.runs.append(run)
        self.busy_s += run.end_s - run.first_shot_s
        self.dead_s += run.first_shot_s - run.start_s


class Trace(NamedTuple):
    """Everything that happened."""

    workload: Workload
    jobs: list[JobTrace]
    qpus: list[QpuTrace]

    @property
    def end_s(self) -> float:
        """When the last job ended."""
        return max(job.ended_s for job in self.jobs)
