"""What no scheduler can beat, and what every scheduler that never idles without need keeps. Times in seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from itertools import chain
from math import gcd, isclose

import msgspec
import numpy as np

from qhpc.lab.errors import BoundError
from qhpc.lab.trace import JobTrace, Trace
from qhpc.lab.workload import DevicePool, JobPlan, Workload

__all__ = [
    "Bounds", "bounds_of", "check", "johnson_s", "least_end_s", "repairman_load", "repairman_utilisation",
    "resident_utilisation", "run_without_waiting",
]  # fmt: skip

_TOLERANCE = 1e-6


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of a workload.

    Attributes:
        end_s: no schedule ends before.
        pools_s: the same for each pool by itself: its QPUs are never faster than work, heads and tails let them.
        longest_job_s: the job that ends last if every job is alone.
        nodes_s: classical work / nodes; 0 where there are enough nodes or some are given back.
    """

    end_s: float
    pools_s: dict[str, float]
    longest_job_s: float
    nodes_s: float


def bounds_of(workload: Workload) -> Bounds:
    """Lower bounds on the end of a workload. Cost O(n log n) in its tasks.

    >>> from qhpc.lab.workload import Phase
    >>> jobs = [JobPlan(id=str(i), arrival_s=0.0, phases=(Phase(20.0, 10.0),), tail_s=5.0) for i in range(3)]
    >>> bounds_of(Workload(name="three", jobs=tuple(jobs))).end_s
    55.0
    """
    longest_s = max(plan.arrival_s + plan.alone_s for plan in workload.jobs)
    pools_s = {pool.name: _pool_bound_s(pool, workload.jobs) for pool in workload.pools}
    nodes_s = _nodes_bound_s(workload)
    return Bounds(
        end_s=max(longest_s, nodes_s, *pools_s.values()), pools_s=pools_s, longest_job_s=longest_s, nodes_s=nodes_s
    )


def check(trace: Trace, bounds: Bounds) -> None:
    """Refuse a result that cannot be.

    Raises:
        BoundError: the simulation is faster than any schedule, loses or invents work, or idles without need.
    """
    _refuse_if(trace.end_s < bounds.end_s * (1 - _TOLERANCE), f"it ends at {trace.end_s} s, before {bounds.end_s} s")
    for job in trace.jobs:
        _refuse_if(not job.stretch >= 1 - _TOLERANCE, f"job {job.plan.id} is {job.stretch} times slower than alone")
    for pool in trace.workload.pools:
        _check_work(trace, pool)
        if not trace.workload.outages:
            _check_work_conserving(trace, pool)


def least_end_s(tasks: Iterable[tuple[float, float, float]], nb_qpus: int = 1) -> float:
    """When tasks with heads and tails can have ended at the soonest, if they can be cut at will: a lower bound.

    Always the task with the longest tail runs; several QPUs count as one that is as many times faster.

    Source: J. Carlier, Eur. J. Oper. Res. 11 (1982) 42 (Jackson's preemptive schedule).

    Args:
        tasks: head (from when on it can run), duration, tail (what follows it, beside others) of each.
        nb_qpus: how many QPUs.

    >>> least_end_s([(0.0, 4.0, 1.0), (1.0, 2.0, 9.0)])
    12.0
    """
    waiting: list[tuple[float, float]] = []
    now_s = end_s = 0.0
    for head_s, duration_s, tail_s in sorted(tasks):
        while waiting and now_s < head_s:
            minus_tail_s, left_s = waiting[0]
            if now_s + left_s > head_s:
                heapreplace(waiting, (minus_tail_s, left_s - (head_s - now_s)))
                now_s = head_s
                break
            now_s += left_s
            end_s = max(end_s, now_s - minus_tail_s)
            heappop(waiting)
        now_s = max(now_s, head_s)
        heappush(waiting, (-tail_s, duration_s / nb_qpus))
    for minus_tail_s, left_s in sorted(waiting):
        now_s += left_s
        end_s = max(end_s, now_s - minus_tail_s)
    return end_s


def johnson_s(jobs: Sequence[tuple[float, float]]) -> float:
    """The shortest makespan of jobs with one classical and then one quantum phase, on one node and one QPU.

    Source: S. M. Johnson, Naval Res. Logist. Q. 1 (1954) 61.

    >>> johnson_s([(3.0, 2.0), (1.0, 4.0)])
    7.0
    """
    first = sorted((job for job in jobs if job[0] < job[1]), key=lambda job: job[0])
    last = sorted((job for job in jobs if job[0] >= job[1]), key=lambda job: -job[1])
    node_s = qpu_s = 0.0
    for classical_s, quantum_s in first + last:
        node_s += classical_s
        qpu_s = max(qpu_s, node_s) + quantum_s
    return qpu_s


def run_without_waiting(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two strictly periodic jobs can share a QPU so that neither ever waits.

    Args:
        first: quantum time and period of the one, in a common unit.
        second: those of the other.

    >>> run_without_waiting((10, 30), (20, 60)), run_without_waiting((10, 30), (10, 50))
    (True, False)
    """
    return first[0] + second[0] <= gcd(first[1], second[1])


def resident_utilisation(nb_jobs: float, duty: float) -> float:
    """What a QPU's utilisation can be at most with so many jobs of this duty: each asks for no more than its duty.

    >>> resident_utilisation(3, 0.25), resident_utilisation(8, 0.25)
    (0.75, 1.0)
    """
    return min(1.0, nb_jobs * duty)


def repairman_utilisation(nb_jobs: int, duty: float) -> float:
    """Utilisation of a QPU by so many jobs whose phases are exponential, without dead time.

    It holds for every order of tasks that does not look at their lengths; those that run short tasks first do better.

    Source: the machine-repairman model, e.g. L. Kleinrock, Queueing Systems I (1975), section 3.8.

    >>> round(repairman_utilisation(1, 0.25), 6), round(repairman_utilisation(4, 0.25), 3)
    (0.25, 0.794)
    """
    ratio = duty / (1.0 - duty)
    weight = total = 1.0
    for number in range(nb_jobs):
        weight *= (nb_jobs - number) * ratio
        total += weight
    return 1.0 - 1.0 / total


def repairman_load(nb_jobs: int, stretch: float) -> float:
    """The largest sum of duties of so many jobs alike that are, on average, at most so many times slower than alone.

    Under any order that does not look at lengths, stretch = N u / U, where U is the machine-repairman utilisation.
    Cost O(nb_jobs).

    >>> load = repairman_load(4, 1.3)
    >>> round(load, 2), round(load / repairman_utilisation(4, load / 4), 6)
    (1.07, 1.3)
    """
    low, high = stretch / nb_jobs / 2, stretch
    for _ in range(60):
        middle = (low + high) / 2
        is_slow = middle >= nb_jobs or middle / repairman_utilisation(nb_jobs, middle / nb_jobs) > stretch
        low, high = (low, middle) if is_slow else (middle, high)
    return low


def _tasks(plan: JobPlan) -> Iterable[tuple[float, float, float]]:
    """Head, duration and tail of each quantum task, if the job were alone."""
    head_s = plan.arrival_s
    left_s = plan.alone_s
    for classical_s, quantum_s, _, _ in plan.phases:
        head_s += classical_s + plan.latency_s
        left_s -= classical_s + plan.latency_s + quantum_s
        yield head_s, quantum_s, left_s
        head_s += quantum_s


def _pool_bound_s(pool: DevicePool, jobs: Iterable[JobPlan]) -> float:
    mine = chain.from_iterable(_tasks(plan) for plan in jobs if plan.pool == pool.name)
    return least_end_s(mine, pool.nb_qpus)


def _nodes_bound_s(workload: Workload) -> float:
    """Not if nodes are given back: then a job has them again when it wants them, though there may be too few."""
    if workload.nb_nodes is None or any(plan.restart_s is not None for plan in workload.jobs):
        return 0.0
    return sum(plan.nb_nodes * plan.classical_s for plan in workload.jobs) / workload.nb_nodes


def _check_work(trace: Trace, pool: DevicePool) -> None:
    """QPUs run what was asked for, nothing twice, and one thing at a time."""
    qpus = [qpu for qpu in trace.qpus if qpu.pool == pool.name]
    asked_s = sum(job.plan.quantum_s for job in trace.jobs if job.plan.pool == pool.name)
    ran_s = sum(qpu.busy_s for qpu in qpus)
    _refuse_if(not isclose(ran_s, asked_s, rel_tol=_TOLERANCE, abs_tol=1e-9), f"{ran_s} s ran of {asked_s} s")
    for qpu in qpus:
        starts_s = np.asarray(qpu.start_s)
        overlaps = starts_s[1:] < np.asarray(qpu.end_s)[:-1] - _TOLERANCE
        if overlaps.any():
            _refuse_if(True, f"{qpu.name} runs two slices at {starts_s[1:][overlaps][0]} s")


def _check_work_conserving(trace: Trace, pool: DevicePool) -> None:
    """A job waits only while all QPUs work: it ends within the work of all QPUs and its own classical time."""
    qpus = [qpu for qpu in trace.qpus if qpu.pool == pool.name]
    work_s = sum(qpu.busy_s + qpu.dead_s for qpu in qpus) / pool.nb_qpus
    occupied_s: defaultdict[str, float] = defaultdict(float)
    for qpu in qpus:
        for job_id, start_s, end_s in zip(qpu.job_id, qpu.start_s, qpu.end_s, strict=True):
            occupied_s[job_id] += end_s - start_s
    for job in trace.jobs:
        if job.plan.pool == pool.name:
            limit_s = work_s + _own_s(job, pool, occupied_s[job.plan.id])
            took_s = job.ended_s - job.admitted_s
            _refuse_if(
                took_s > limit_s + _TOLERANCE * limit_s, f"job {job.plan.id} took {took_s} s, more than {limit_s} s"
            )


def _own_s(job: JobTrace, pool: DevicePool, occupied_s: float) -> float:
    """What a job needs while QPUs may be idle: classical time, restarts, and its slices beside those of others."""
    restarts_s = len(job.plan.phases) * (job.plan.restart_s or 0.0)
    return job.plan.classical_s + restarts_s + occupied_s * (1.0 - 1.0 / pool.nb_qpus)


def _refuse_if(is_wrong: bool, text: str) -> None:
    if is_wrong:
        raise BoundError(f"the result is impossible: {text}. The laboratory or a policy has a defect: report it")
