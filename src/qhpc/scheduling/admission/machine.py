"""The admission machine: events in, instructions out.

>>> from qhpc.scheduling.admission.events import JobArrived, PoolCounted
>>> from qhpc.scheduling.admission.policies import CappedDuty
>>> machine = AdmissionMachine(CappedDuty(alpha=1.2))
>>> job = HybridJob(id="1", user="ada", account="a", pool="p", declared_duty=0.25)
>>> machine.handle(PoolCounted(0.0, "p", 1), JobArrived(1.0, job))
[SetCapacity(pool='p', units=1200), AdmitJob(job_id='1', share=0.25)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import inf, isinf
from statistics import fmean
from typing import Any

from qhpc.scheduling.admission import events as happened
from qhpc.scheduling.admission import instructions as do
from qhpc.scheduling.admission.model import HybridJob
from qhpc.scheduling.admission.policies import AdmissionPolicy, Measured
from qhpc.scheduling.admission.waiting_list import WaitingJob, WaitingList

__all__ = ["AdmissionMachine"]

_NOTABLE = 0.2
"""A share is changed if the measured duty differs by more than this part of it."""


class _Admitted:
    __slots__ = ("job", "share", "since_s", "units")

    def __init__(self, job: HybridJob, share: float, units: float, since_s: float) -> None:
        self.job, self.share, self.units, self.since_s = job, share, units, since_s


class _Pool:
    __slots__ = ("has_exclusive", "in_use", "nb_qpus", "offered", "stretches", "waiting")

    def __init__(self, waiting: WaitingList) -> None:
        self.nb_qpus = 0
        self.has_exclusive = False
        self.offered = self.in_use = 0.0
        self.stretches: list[float] = []
        self.waiting = waiting

    def has_room(self) -> bool:
        """Whether no more is in use than is offered."""
        return self.in_use <= self.offered


class AdmissionMachine:
    """Admits hybrid jobs to pools of QPUs.

    Args:
        policy: how many units pools offer and jobs take.
        max_overtaken: how often a job that does not fit is overtaken at most.
    """

    def __init__(self, policy: AdmissionPolicy, *, max_overtaken: int = 32) -> None:
        self._policy = policy
        self._max_overtaken = max_overtaken
        self._pools: dict[str, _Pool] = {}
        self._admitted: dict[str, _Admitted] = {}
        self._waiting_in: dict[str, str] = {}
        self._free_nodes: float = inf
        self._out: list[do.Instruction] = []

    def handle(self, *events: happened.Event) -> list[do.Instruction]:
        """What is to be done, given what happened, in order of time."""
        out: list[do.Instruction] = []
        self._out = out
        for event in events:
            for name in tuple(_HANDLERS[type(event)](self, event)):
                pool = self._pool(name)
                self._offer(name, pool)
                self._admit(pool, event.time_s)
        return out

    def waiting(self, pool: str) -> list[WaitingJob]:
        """Jobs that wait for a pool, the first one first."""
        return self._pools[pool].waiting.in_order()

    def in_use(self, pool: str) -> float:
        """Units that admitted jobs take."""
        return self._pools[pool].in_use

    # ------------------------------------------------------------ what happened
    # Each of these gives the pools in which a job may be admitted now.
    def _pool_counted(self, event: happened.PoolCounted) -> Iterable[str]:
        self._pool(event.pool).nb_qpus = event.nb_qpus
        return (event.pool,)

    def _nodes_counted(self, event: happened.NodesCounted) -> Iterable[str]:
        self._free_nodes = event.nb_nodes - sum(admitted.job.nb_nodes for admitted in self._admitted.values())
        return self._pools

    def _job_arrived(self, event: happened.JobArrived) -> Iterable[str]:
        job = event.job
        if job.id not in self._admitted and job.id not in self._waiting_in:
            self._waiting_in[job.id] = job.pool
            self._pool(job.pool).waiting.add(job, event.time_s)
        return (job.pool,)

    def _job_ended(self, event: happened.JobEnded) -> Iterable[str]:
        pool = self._waiting_in.pop(event.job_id, None)
        if pool is not None:
            self._pools[pool].waiting.remove(event.job_id)
            return (pool,)
        admitted = self._admitted.pop(event.job_id, None)
        if admitted is None:
            return ()
        self._pools[admitted.job.pool].in_use -= admitted.units
        self._pools[admitted.job.pool].has_exclusive = False
        self._free_nodes += admitted.job.nb_nodes
        self._policy.duty.ended(admitted.job)
        return (admitted.job.pool,) if isinf(self._free_nodes) else self._pools

    def _duty_observed(self, event: happened.DutyObserved) -> Iterable[str]:
        """A job takes the units that it needs; it may have a larger share only if the pool has room for it."""
        admitted = self._admitted.get(event.job_id)
        if admitted is None:
            return ()
        pool = self._pools[admitted.job.pool]
        alone_s = event.quantum_s + event.classical_s
        if alone_s > 0:
            pool.stretches.append((event.time_s - admitted.since_s) / alone_s)
        duty = self._policy.duty.observe(admitted.job, event.quantum_s, event.classical_s)
        if duty is None or admitted.job.is_exclusive or not pool.offered:
            return ()
        units = self._units(pool, admitted.job, duty)
        pool.in_use += units - admitted.units
        admitted.units = units
        if abs(duty - admitted.share) > _NOTABLE * admitted.share and (duty < admitted.share or pool.has_room()):
            admitted.share = duty
            self._out.append(do.ChangeShare(event.job_id, duty))
        return (admitted.job.pool,)

    def _idle_observed(self, event: happened.IdleObserved) -> Iterable[str]:
        pool = self._pool(event.pool)
        stretch = fmean(pool.stretches) if pool.stretches else None
        pool.stretches.clear()
        self._policy.observe(event.pool, Measured(event.period_s, event.idle_fraction, stretch, pool.in_use))
        return (event.pool,)

    def _time_passed(self, event: happened.TimePassed) -> Iterable[str]:
        return self._pools

    # ------------------------------------------------------------ what follows
    def _pool(self, name: str) -> _Pool:
        pool = self._pools.get(name)
        if pool is None:
            waiting = WaitingList(self._max_overtaken, smallest_first=self._policy.smallest_first)
            pool = self._pools[name] = _Pool(waiting)
        return pool

    def _offer(self, name: str, pool: _Pool) -> None:
        offered = self._policy.capacity(name, pool.nb_qpus) if pool.nb_qpus else 0.0
        if offered != pool.offered:
            pool.offered = offered
            if not isinf(offered):
                self._out.append(do.SetCapacity(name, int(offered)))

    def _admit(self, pool: _Pool, now_s: float) -> None:
        while pool.nb_qpus and (job := pool.waiting.take(partial(self._size_if_fits, pool))) is not None:
            del self._waiting_in[job.id]
            duty = self._policy.duty.expected(job)
            units = self._units(pool, job, duty)
            share = 1.0 if job.is_exclusive else duty
            self._admitted[job.id] = _Admitted(job, share, units, now_s)
            pool.in_use += units
            pool.has_exclusive = job.is_exclusive
            self._free_nodes -= job.nb_nodes
            self._out.append(do.AdmitJob(job.id, share))

    def _size_if_fits(self, pool: _Pool, job: HybridJob, is_due: bool) -> float | None:
        """A job that is due may take half of its units beyond what is offered: the pool drains less for it."""
        units = self._units(pool, job, self._policy.duty.expected(job))
        needed = units / 2 if is_due and not job.is_exclusive else units
        fits = 0 < pool.offered >= pool.in_use + needed and job.nb_nodes <= self._free_nodes
        return units if fits and not pool.has_exclusive else None

    def _units(self, pool: _Pool, job: HybridJob, duty: float) -> float:
        """A job that wants more than there is takes all there is."""
        if job.is_exclusive and not isinf(pool.offered):
            return pool.offered
        return min(self._policy.units(job, duty), pool.offered)


_HANDLERS: dict[type[Any], Callable[[AdmissionMachine, Any], Iterable[str]]] = {
    happened.PoolCounted: AdmissionMachine._pool_counted,
    happened.NodesCounted: AdmissionMachine._nodes_counted,
    happened.JobArrived: AdmissionMachine._job_arrived,
    happened.JobEnded: AdmissionMachine._job_ended,
    happened.DutyObserved: AdmissionMachine._duty_observed,
    happened.IdleObserved: AdmissionMachine._idle_observed,
    happened.TimePassed: AdmissionMachine._time_passed,
}
