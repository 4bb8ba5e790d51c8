"""A scenario: how to draw a workload, as data. The same seed draws the same workload."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log
from random import Random
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from qhpc.lab.workload import DevicePool, JobPlan, Outage, Phase, Workload
from qhpc.scheduling.model import PriorityClass
from qhpc.scheduling.timings import TIMINGS

__all__ = ["Arrivals", "Jobs", "Outages", "QpuPool", "Scenario"]

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
Factor = Annotated[float, Meta(gt=0)]
Range = Annotated[tuple[int, ...], Meta(min_length=2, max_length=2)]
Spread = Literal["fixed", "exponential", "heavy-tailed"]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables of a scenario file."""


class QpuPool(_Table, frozen=True, kw_only=True):
    """QPUs of one kind.

    Attributes:
        name: of the pool.
        device: a kind of :data:`~qhpc.scheduling.timings.TIMINGS`, for the times that are not given.
        nb_qpus: how many.
        latency_s: of a submission.
        slice_s: longer tasks are cut into slices of about this length.
        prefetch_depth: how many tasks are prepared on a QPU beside the one that runs.
    """

    name: str = "qpu"
    device: str = "emulator"
    nb_qpus: Count = 1
    latency_s: Seconds | None = None
    slice_s: Factor | None = None
    prefetch_depth: Annotated[int, Meta(ge=0)] = 1


class Jobs(_Table, frozen=True, kw_only=True):
    """Jobs that behave alike.

    Attributes:
        name: of their stack.
        count: how many.
        nb_phases: quantum tasks a job: a number, or the smallest and largest one.
        classical_s: mean of a classical phase.
        quantum_s: mean of a quantum task; if not given, its shots times the time of the device's shot.
        shots: of a quantum task; 0 if it cannot be cut.
        tail_s: classical time after the last task.
        spread: how phases are distributed around their means.
        pool: QPUs that they use.
        nb_nodes: nodes that each holds.
        nb_users: who run them.
        user_name: of these, before a number: groups with the same name have the same users.
        declared_factor: smallest and largest factor by which users are wrong about the duty; each user keeps to one.
        duration_factor: smallest and largest factor by which users are wrong about how long tasks take; each keeps to
            one.
        task_factor: smallest and largest factor by which they are wrong about each task besides.
        restart_s: how long it takes to get back nodes that were given back; if not given, they are kept.
        priority_class: which class they belong to.
    """

    name: str
    count: Count
    nb_phases: Count | Range
    classical_s: Seconds
    quantum_s: Seconds | None = None
    shots: Annotated[int, Meta(ge=0)] = 0
    tail_s: Seconds = 0.0
    spread: Spread = "fixed"
    pool: str = "qpu"
    nb_nodes: Count = 1
    nb_users: Count = 4
    user_name: str = "user"
    declared_factor: tuple[Factor, Factor] = (1.0, 1.0)
    duration_factor: tuple[Factor, Factor] = (1.0, 1.0)
    task_factor: tuple[Factor, Factor] = (1.0, 1.0)
    restart_s: Seconds | None = None
    priority_class: PriorityClass = "production"


class Arrivals(_Table, frozen=True, kw_only=True):
    """When jobs come.

    Attributes:
        kind: all at once, one by one with exponential intervals, or in batches at fixed intervals.
        interval_s: mean interval.
        size: jobs a batch.
    """

    kind: Literal["at-once", "poisson", "batches"] = "at-once"
    interval_s: Seconds = 0.0
    size: Count = 1


class Outages(_Table, frozen=True, kw_only=True):
    """Times in which a QPU is not there.

    Attributes:
        qpu: name of the QPU: its pool and number, from 0.
        first_s: when the first begins.
        duration_s: how long each is.
        every_s: from the begin of one to the next.
        count: how many.
        notice_s: how long before they are known; 0 if they strike.
        reason: for people.
    """

    qpu: str = "qpu0"
    first_s: Seconds
    duration_s: Factor
    every_s: Factor = inf
    count: Count = 1
    notice_s: Seconds = inf
    reason: str = "calibration"


class Scenario(_Table, frozen=True, kw_only=True):
    """Everything that a scenario file may say.

    Attributes:
        name: of the scenario.
        about: one line for people.
        jobs: groups of jobs.
        pools: QPUs.
        arrivals: when jobs come.
        outages: when QPUs are not there.
        nb_nodes: nodes for hybrid jobs; enough if not given.

    >>> jobs = Jobs(name="vqe", count=2, nb_phases=3, classical_s=20.0, quantum_s=10.0)
    >>> workload = Scenario(name="two", jobs=(jobs,)).workload(seed=0)
    >>> workload.jobs[0].phases[0], workload.jobs[0].alone_s
    (Phase(classical_s=20.0, quantum_s=10.0, shots=0, told_factor=1.0), 90.0)
    """

    name: str
    about: str = ""
    jobs: Annotated[tuple[Jobs, ...], Meta(min_length=1)]
    pools: Annotated[tuple[QpuPool, ...], Meta(min_length=1)] = (QpuPool(),)
    arrivals: Arrivals = Arrivals()
    outages: tuple[Outages, ...] = ()
    nb_nodes: Count | None = None

    def workload(self, seed: int) -> Workload:
        """The workload that this seed draws."""
        random = Random(f"{self.name}/{seed}")
        pools = {pool.name: pool for pool in self.pools}
        groups = [group for group in self.jobs for _ in range(group.count)]
        random.shuffle(groups)
        times = _arrivals(self.arrivals, len(groups), random)
        factors: dict[tuple[str, str], float] = {}
        jobs = [
            _job(f"{group.name}-{number}", group, time_s, pools[group.pool], factors, random)
            for number, (group, time_s) in enumerate(zip(groups, times, strict=True))
        ]
        jobs = [_wrongly_told(plan, group, seed) for plan, group in zip(jobs, groups, strict=True)]
        return Workload(
            name=self.name,
            jobs=tuple(jobs),
            pools=tuple(map(_pool, self.pools)),
            nb_nodes=self.nb_nodes,
            outages=tuple(sorted(_outages(self.outages), key=lambda outage: outage.start_s)),
        )


_SIGMA = 1.5
"""Of the logarithm of heavy-tailed phases: the largest hundredth of them makes up a fifth of the time."""

_SPREADS: dict[str, Callable[[Random], float]] = {
    "fixed": lambda random: 1.0,
    "exponential": lambda random: random.expovariate(1.0),
    "heavy-tailed": lambda random: exp(random.gauss(-(_SIGMA**2) / 2, _SIGMA)),
}
"""Draws a number whose mean is 1."""


def _job(
    job_id: str,
    group: Jobs,
    arrival_s: float,
    pool: QpuPool,
    factors: dict[tuple[str, str], float],
    random: Random,
) -> JobPlan:
    draw = _SPREADS[group.spread]
    device = TIMINGS[pool.device]
    quantum_s = device.task_s(group.shots) if group.quantum_s is None else group.quantum_s
    least, most = (group.nb_phases,) * 2 if isinstance(group.nb_phases, int) else group.nb_phases[:2]
    phases = tuple(
        Phase(draw(random) * group.classical_s, draw(random) * quantum_s, group.shots)
        for _ in range(random.randint(least, most))
    )
    number = random.randrange(group.nb_users)
    user = f"{group.user_name}{number}"
    plan = JobPlan(
        id=job_id,
        arrival_s=arrival_s,
        phases=phases,
        tail_s=group.tail_s,
        pool=group.pool,
        user=user,
        account=f"account{number % 3}",
        stack=group.name,
        nb_nodes=group.nb_nodes,
        priority_class=group.priority_class,
        restart_s=group.restart_s,
        latency_s=device.latency_s if pool.latency_s is None else pool.latency_s,
    )
    key = (user, group.name)
    if key not in factors:
        factors[key] = _between(group.declared_factor, random)
    return msgspec.structs.replace(plan, declared_duty=min(plan.duty(pool.prefetch_depth) * factors[key], 1.0))


def _wrongly_told(plan: JobPlan, group: Jobs, seed: int) -> JobPlan:
    """The same job, where what is told of its tasks' lengths is wrong, if the scenario says so."""
    if group.duration_factor == group.task_factor == (1.0, 1.0):
        return plan
    usual = _between(group.duration_factor, Random(f"{seed}/{plan.user}/{group.name}"))
    random = Random(f"{seed}/{plan.id}")
    phases = (phase._replace(told_factor=usual * _between(group.task_factor, random)) for phase in plan.phases)
    return msgspec.structs.replace(plan, phases=tuple(phases))


def _between(limits: tuple[float, float], random: Random) -> float:
    """A factor whose logarithm is evenly distributed."""
    low, high = limits
    return low * exp(log(high / low) * random.random())


def _arrivals(arrivals: Arrivals, count: int, random: Random) -> list[float]:
    if arrivals.kind == "batches":
        return [index // arrivals.size * arrivals.interval_s for index in range(count)]
    if arrivals.kind == "at-once" or not arrivals.interval_s:
        return [0.0] * count
    times, now_s = [], 0.0
    for _ in range(count):
        times.append(now_s)
        now_s += random.expovariate(1.0 / arrivals.interval_s)
    return times


def _pool(pool: QpuPool) -> DevicePool:
    return DevicePool(
        name=pool.name,
        nb_qpus=pool.nb_qpus,
        slice_s=pool.slice_s,
        prefetch_depth=pool.prefetch_depth,
    )


def _outages(groups: tuple[Outages, ...]) -> list[Outage]:
    return [
        Outage(group.qpu, start_s, start_s + group.duration_s, group.notice_s, group.reason)
        for group in groups
        for start_s in (
            group.first_s + index * group.every_s if index else group.first_s for index in range(group.count)
        )
    ]
