"""Whether many numbered jobs were done rightly, and each of their tasks once: what they wrote beside the accounts.

Pure: :mod:`benchmarks.live.thousand` runs the jobs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import isclose
from typing import Any, NamedTuple

from qhpc.broker.usage_rows import SessionRow, SliceRow

Told = Mapping[str, Any]
"""What a job of :mod:`benchmarks.live.numbered_job` has written."""


class Plan(NamedTuple):
    """What was to be done.

    Attributes:
        slurm_jobs: Slurm's id of each job, by number.
        nb_tasks: of each job.
        nb_shots: of each task.
    """

    slurm_jobs: Sequence[int]
    nb_tasks: int
    nb_shots: int

    def right(self, number: int) -> list[list[int]]:
        """What a job finds."""
        return [[number * self.nb_tasks + task] for task in range(self.nb_tasks)]


def faults(
    plan: Plan, told: Sequence[Told], slices: Sequence[SliceRow], sessions: Sequence[SessionRow]
) -> Iterator[str]:
    """Everything that is not as it should be, in words; nothing if all is right."""
    yield from _of_jobs(plan, told)
    yield from _of_tasks(plan, slices)
    yield from _of_sessions(plan, slices, sessions)


def _of_jobs(plan: Plan, told: Sequence[Told]) -> Iterator[str]:
    """Each job has written once, from the Slurm job that it was given, what is right."""
    written = Counter(each["number"] for each in told)
    for number, slurm_job in enumerate(plan.slurm_jobs):
        if written[number] != 1:
            yield f"job {number} (Slurm's {slurm_job}) has ended {written[number]} times"
    for each in told:
        number = each["number"]
        if not 0 <= number < len(plan.slurm_jobs) or each["slurm_job"] != plan.slurm_jobs[number]:
            yield f"job {number} ran as Slurm's job {each['slurm_job']}, which is not its own"
        for task, (found, right) in enumerate(zip(each["found"], plan.right(number), strict=False)):
            if found != right:
                yield f"task {task} of job {number} found {found} instead of {right}"
        if len(each["found"]) != plan.nb_tasks:
            yield f"job {number} has {len(each['found'])} results instead of {plan.nb_tasks}"


def _of_tasks(plan: Plan, slices: Sequence[SliceRow]) -> Iterator[str]:
    """Each task of each job was charged, for all of its shots and no more; nothing was lost, nothing failed."""
    shots, keys = Counter[tuple[int | None, str, str]](), defaultdict[int | None, set[tuple[str, str]]](set)
    for row in slices:
        task = row.slurm_job, row.session, row.key
        if row.outcome != "finished":
            yield f"slice {row.number} of task {task} is {row.outcome}"
        shots[task] += row.shots
        keys[row.slurm_job].add((row.session, row.key))
    yield from (f"task {task} was charged {count} shots" for task, count in shots.items() if count != plan.nb_shots)
    for slurm_job in plan.slurm_jobs:
        if len(found := keys.pop(slurm_job, set())) != plan.nb_tasks:
            yield f"Slurm's job {slurm_job} was charged {len(found)} tasks instead of {plan.nb_tasks}"
    yield from (f"tasks of Slurm's job {slurm_job} were charged, which is none of these" for slurm_job in keys)


def _of_sessions(plan: Plan, slices: Sequence[SliceRow], sessions: Sequence[SessionRow]) -> Iterator[str]:
    """Each job had one session, that has paid the sum of its slices."""
    paid: defaultdict[str, float] = defaultdict(float)
    for row in slices:
        paid[row.session] += row.busy_s
    closed = Counter(row.slurm_job for row in sessions)
    for slurm_job in plan.slurm_jobs:
        if closed[slurm_job] != 1:
            yield f"Slurm's job {slurm_job} has {closed[slurm_job]} closed sessions"
    for session in sessions:
        if not isclose(session.used_s, paid.get(session.session, 0.0), rel_tol=1e-6, abs_tol=1e-6):
            yield f"session {session.session} has used {session.used_s} s, its slices {paid[session.session]} s"
