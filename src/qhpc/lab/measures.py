"""What a simulation was worth, as numbers that can be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import floor
from statistics import fmean

import msgspec
import numpy as np

from qhpc.lab.bounds import Bounds
from qhpc.lab.trace import IDLE_REASONS, JobTrace, Trace

__all__ = ["Measures", "jain", "measure", "quantile", "steady_utilisation"]


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """Measures of one simulation. Times in seconds, the rest without unit.

    Attributes:
        utilisation: time in which QPUs ran shots / (QPUs times makespan).
        utilisation_by_pool: the same for each pool.
        dead_time: time in which QPUs were occupied and ran no shots, as part of the same.
        stretch_mean: how many times longer jobs took than alone, from admission on.
        stretch_p50: half of the jobs had at most this.
        stretch_p95: 95 % of them had at most this.
        stretch_max: the worst one.
        slowdown_mean: the same from submission on.
        slowdown_p50: half of the jobs had at most this.
        slowdown_p95: 95 % of them had at most this.
        slowdown_max: the worst one.
        turnaround_s: mean time from submission to end.
        makespan_s: from the first submission to the last end.
        makespan_over_bound: makespan / the best lower bound.
        node_s: node-seconds held.
        node_waste: part of them for which jobs waited for QPUs that others used.
        node_compute: part of them that was computed on.
        jain: fairness of the users' speeds, 1 if all are equal.
        worst_user: mean slowdown of the user who fares worst / the mean of all users.
        idle: part of the QPUs' time that they ran nothing, by reason.
    """

    utilisation: float
    utilisation_by_pool: dict[str, float]
    dead_time: float
    stretch_mean: float
    stretch_p50: float
    stretch_p95: float
    stretch_max: float
    slowdown_mean: float
    slowdown_p50: float
    slowdown_p95: float
    slowdown_max: float
    turnaround_s: float
    makespan_s: float
    makespan_over_bound: float
    node_s: float
    node_waste: float
    node_compute: float
    jain: float
    worst_user: float
    idle: dict[str, float]


def measure(trace: Trace, bounds: Bounds) -> Measures:
    """The measures of a trace.

    Args:
        trace: what happened.
        bounds: of its workload.
    """
    stretches, slowdowns = [job.stretch for job in trace.jobs], [job.slowdown for job in trace.jobs]
    makespan_s = trace.end_s - min(job.plan.arrival_s for job in trace.jobs)
    held_s = sum(job.node_s for job in trace.jobs)
    by_user = _slowdown_by_user(trace.jobs)
    qpu_s = makespan_s * len(trace.qpus)
    return Measures(
        utilisation=sum(qpu.busy_s for qpu in trace.qpus) / qpu_s,
        utilisation_by_pool={
            pool.name: sum(qpu.busy_s for qpu in trace.qpus if qpu.pool == pool.name) / (makespan_s * pool.nb_qpus)
            for pool in trace.workload.pools
        },
        dead_time=sum(qpu.dead_s for qpu in trace.qpus) / qpu_s,
        stretch_mean=fmean(stretches),
        stretch_p50=quantile(stretches, 0.5),
        stretch_p95=quantile(stretches, 0.95),
        stretch_max=max(stretches),
        slowdown_mean=fmean(slowdowns),
        slowdown_p50=quantile(slowdowns, 0.5),
        slowdown_p95=quantile(slowdowns, 0.95),
        slowdown_max=max(slowdowns),
        turnaround_s=fmean(job.ended_s - job.plan.arrival_s for job in trace.jobs),
        makespan_s=makespan_s,
        makespan_over_bound=trace.end_s / bounds.end_s,
        node_s=held_s,
        node_waste=sum(map(_wasted_s, trace.jobs)) / held_s,
        node_compute=sum(job.plan.classical_s * job.plan.nb_nodes for job in trace.jobs) / held_s,
        jain=jain([1.0 / slowdown for slowdown in by_user]),
        worst_user=max(by_user) / fmean(by_user),
        idle={
            reason: sum(idle_s[reason] for idle_s in trace.idle_s.values()) / (trace.end_s * len(trace.qpus))
            for reason in IDLE_REASONS
        },
    )


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value such that at least this part of all values are not larger, interpolated between two.

    >>> quantile([1.0, 2.0, 3.0, 4.0, 5.0], 0.5), quantile([1.0, 2.0], 0.95)
    (3.0, 1.95)
    """
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def jain(values: Sequence[float]) -> float:
    """Fairness from 1/n, one has all, to 1, all have the same.

    Source: R. Jain, D. Chiu, W. Hawe, DEC-TR-301 (1984).

    >>> jain([1.0, 1.0]), jain([1.0, 0.0])
    (1.0, 0.5)
    """
    return sum(values) ** 2 / (len(values) * sum(value**2 for value in values))


def steady_utilisation(trace: Trace, from_s: float, until_s: float) -> float:
    """Part of a period in which QPUs ran shots.

    Args:
        trace: what happened.
        from_s: begin of the period, e.g. when all jobs are there.
        until_s: its end, e.g. when the first job ended.
    """
    overlap_s = 0.0
    for qpu in trace.qpus:
        ends_s = np.minimum(np.asarray(qpu.end_s), until_s)
        overlap_s += float(np.maximum(ends_s - np.maximum(np.asarray(qpu.first_shot_s), from_s), 0.0).sum())
    return overlap_s / ((until_s - from_s) * len(trace.qpus))


def _wasted_s(job: JobTrace) -> float:
    """Node-seconds beyond those that it would have held alone."""
    return max(job.node_s - job.plan.alone_s * job.plan.nb_nodes, 0.0)


def _slowdown_by_user(jobs: Sequence[JobTrace]) -> list[float]:
    by_user: defaultdict[str, list[float]] = defaultdict(list)
    for job in jobs:
        by_user[job.plan.user].append(job.slowdown)
    return [fmean(slowdowns) for slowdowns in by_user.values()]
