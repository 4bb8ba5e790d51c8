"""Runs a workload: both scheduling machines on a virtual clock, and a world that does what they instruct.

No decision is taken here. The world knows how long every phase takes; the machines know what they are told.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from qhpc.lab.clock import Clock
from qhpc.lab.errors import LabError
from qhpc.lab.meters import PoolMeter
from qhpc.lab.trace import JobTrace, QpuTrace, Run, Trace
from qhpc.lab.workload import DevicePool, JobPlan, Outage, Workload
from qhpc.scheduling import events as quantum
from qhpc.scheduling import instructions as do
from qhpc.scheduling.admission import events as admission
from qhpc.scheduling.admission import instructions as admit
from qhpc.scheduling.admission.machine import AdmissionMachine
from qhpc.scheduling.admission.model import UNITS, HybridJob
from qhpc.scheduling.admission.policies import AdmissionPolicy
from qhpc.scheduling.machine import DEFAULT_POLICY, Machine
from qhpc.scheduling.model import Pool, Session, Task, Window
from qhpc.scheduling.timings import occupied_s

__all__ = ["OBSERVATION_S", "simulate"]

OBSERVATION_S = 30.0
"""How often admission is told how busy QPUs and how slow jobs are."""

_PATIENCE = 10_000
"""Observations in a row at which nothing is under way."""


def simulate(
    workload: Workload, policy: AdmissionPolicy, dispatch: str = DEFAULT_POLICY, *, observation_s: float = OBSERVATION_S
) -> Trace:
    """What happens to a workload under an admission policy and a dispatch policy.

    Args:
        workload: jobs, QPUs and nodes.
        policy: who is admitted; a new object for each simulation.
        dispatch: name of the order of quantum tasks.
        observation_s: how often admission observes.
    """
    with _without_collector():
        return _World(workload, policy, dispatch, observation_s).run()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Reference counts free what a simulation is done with; looking for cycles in what it keeps finds none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Job:
    """A job on its way."""

    __slots__ = ("classical_s", "nodes_back_s", "nodes_since_s", "phase", "plan", "quantum_s", "trace")

    def __init__(self, plan: JobPlan) -> None:
        self.plan = plan
        self.trace = JobTrace(plan)
        self.phase = -1
        self.classical_s = self.quantum_s = 0.0
        self.nodes_since_s: float | None = None
        self.nodes_back_s = 0.0


class _World:
    def __init__(self, workload: Workload, policy: AdmissionPolicy, dispatch: str, observation_s: float) -> None:
        self._workload, self._observation_s = workload, observation_s
        self._clock = Clock()
        self._machine = Machine({pool.name: dispatch for pool in workload.pools})
        self._admission = AdmissionMachine(policy)
        self._jobs = {plan.id: _Job(plan) for plan in workload.jobs}
        self._qpus = {name: QpuTrace(name, pool.name) for pool in workload.pools for name in pool.qpus}
        self._nb_up = {pool.name: pool.nb_qpus for pool in workload.pools}
        self._meters = {pool.name: PoolMeter(pool.nb_qpus) for pool in workload.pools}
        self._depths = {pool.name: pool.prefetch_depth for pool in workload.pools}
        self._prepared: dict[str, tuple[str, float]] = {}
        self._running: dict[str, tuple[do.StartSlice, Run]] = {}
        self._nb_unfinished = len(self._jobs)
        self._nb_released_nodes = 0
        self._nb_idle_observations = 0
        self._alpha: list[tuple[float, float]] = []

    def run(self) -> Trace:
        """Everything, until the last job has ended."""
        for pool in self._workload.pools:
            self._tell(quantum.PoolAdded(0.0, _machine_pool(pool, self._workload.jobs)))
            self._tell_admission(admission.PoolCounted(0.0, pool.name, pool.nb_qpus))
            self._clock.at(self._observation_s, self._observe, pool)
        self._count_nodes()
        for outage in self._workload.outages:
            self._clock.at(outage.start_s - outage.notice_s, self._announce, outage)
        for plan in self._workload.jobs:
            self._clock.at(plan.arrival_s, self._arrive, plan)
        self._clock.run()
        idle_s = {name: meter.idle_s for name, meter in self._meters.items()}
        jobs = [job.trace for job in self._jobs.values()]
        return Trace(self._workload, jobs, list(self._qpus.values()), idle_s, self._alpha)

    # ------------------------------------------------------------ jobs
    def _arrive(self, plan: JobPlan) -> None:
        depth = self._depths[plan.pool]
        declared = plan.duty(depth) if plan.declared_duty is None else plan.declared_duty
        job = HybridJob(
            id=plan.id,
            user=plan.user,
            account=plan.account,
            pool=plan.pool,
            stack=plan.stack,
            declared_duty=declared,
            nb_nodes=plan.nb_nodes,
            priority_class=plan.priority_class,
        )
        self._meters[plan.pool].change(self._clock.now_s, wanting=+1)
        self._tell_admission(admission.JobArrived(self._clock.now_s, job))

    def _begin(self, instruction: admit.AdmitJob) -> None:
        job, now_s = self._jobs[instruction.job_id], self._clock.now_s
        self._meters[job.plan.pool].change(now_s, wanting=-1, running=+1)
        job.trace.admitted_s = job.nodes_since_s = now_s
        self._tell(quantum.SessionOpened(now_s, _session(job.plan, instruction.share)))
        self._next_phase(job)

    def _change_share(self, instruction: admit.ChangeShare) -> None:
        plan = self._jobs[instruction.job_id].plan
        self._tell(quantum.SessionOpened(self._clock.now_s, _session(plan, instruction.share)))

    def _next_phase(self, job: _Job) -> None:
        """The classical phase before the next quantum task, or the end."""
        job.phase += 1
        begin_s = max(self._clock.now_s, job.nodes_back_s)
        if job.phase < len(job.plan.phases):
            self._clock.at(begin_s + job.plan.phases[job.phase].classical_s, self._ask, job)
        else:
            self._clock.at(begin_s + job.plan.tail_s, self._end, job)

    def _ask(self, job: _Job) -> None:
        phase, plan = job.plan.phases[job.phase], job.plan
        job.trace.asked_s.append(self._clock.now_s)
        self._meters[plan.pool].change(self._clock.now_s, asking=+1)
        task = Task(
            key=f"{plan.id}/{job.phase}",
            session=plan.id,
            duration_s=phase.quantum_s * phase.told_factor,
            shots=phase.shots,
            is_sliceable=phase.shots > 1,
        )
        self._tell(quantum.TaskSubmitted(self._clock.now_s, task))

    def _answer(self, instruction: do.FinishTask) -> None:
        job, now_s = self._jobs[instruction.key.rpartition("/")[0]], self._clock.now_s
        phase = job.plan.phases[job.phase]
        job.trace.answered_s.append(now_s)
        used_s = occupied_s(phase.quantum_s, job.plan.latency_s, self._depths[job.plan.pool])
        job.quantum_s += used_s
        job.classical_s += phase.classical_s + phase.quantum_s + job.plan.latency_s - used_s
        self._meters[job.plan.pool].change(now_s, asking=-1)
        self._next_phase(job)
        self._tell_admission(admission.DutyObserved(now_s, job.plan.id, job.quantum_s, job.classical_s))

    def _fail(self, instruction: do.FailTask) -> None:
        raise LabError(f"task {instruction.key} failed for good, {instruction.reason}: let outages be rarer")

    def _end(self, job: _Job) -> None:
        now_s = self._clock.now_s
        job.trace.ended_s = now_s
        self._let_go_of_nodes(job)
        self._nb_unfinished -= 1
        self._meters[job.plan.pool].change(now_s, running=-1)
        if not self._nb_unfinished:
            for meter in self._meters.values():
                meter.change(now_s)
        self._tell(quantum.SessionClosed(now_s, job.plan.id))
        self._tell_admission(admission.JobEnded(now_s, job.plan.id))

    # ------------------------------------------------------------ nodes
    def _release_nodes(self, instruction: do.ReleaseNodes) -> None:
        job = self._jobs[instruction.session_id]
        self._let_go_of_nodes(job)
        self._nb_released_nodes += job.plan.nb_nodes
        self._count_nodes()

    def _reclaim_nodes(self, instruction: do.ReclaimNodes) -> None:
        """They cost from now on, and can be used when they have restarted."""
        job = self._jobs[instruction.session_id]
        job.nodes_since_s = self._clock.now_s
        job.nodes_back_s = self._clock.now_s + (job.plan.restart_s or 0.0)
        self._nb_released_nodes -= job.plan.nb_nodes
        self._count_nodes()

    def _let_go_of_nodes(self, job: _Job) -> None:
        if job.nodes_since_s is not None:
            job.trace.node_s += (self._clock.now_s - job.nodes_since_s) * job.plan.nb_nodes
        job.nodes_since_s = None

    def _count_nodes(self) -> None:
        if self._workload.nb_nodes is not None:
            nb_nodes = self._workload.nb_nodes + self._nb_released_nodes
            self._tell_admission(admission.NodesCounted(self._clock.now_s, nb_nodes))

    # ------------------------------------------------------------ QPUs
    def _prepare(self, instruction: do.PrefetchTask) -> None:
        if self._prepared.get(instruction.key, ("", 0.0))[0] != instruction.qpu:
            self._prepared[instruction.key] = (instruction.qpu, self._clock.now_s)

    def _start(self, instruction: do.StartSlice) -> None:
        now_s, qpu = self._clock.now_s, instruction.qpu
        job_id, _, phase = instruction.key.rpartition("/")
        plan = self._jobs[job_id].plan
        task = plan.phases[int(phase)]
        prepared_on, begun_s = self._prepared.pop(instruction.key, ("", now_s))
        first_shot_s = max(now_s, (begun_s if prepared_on == qpu else now_s) + plan.latency_s)
        part = instruction.shots / task.shots if task.shots else 1.0
        run = Run(now_s, first_shot_s, first_shot_s + part * task.quantum_s, job_id)
        self._running[qpu] = (instruction, run)
        self._meters[plan.pool].change(now_s, occupied=+1)
        self._clock.at(run.end_s, self._finish, instruction, run)

    def _finish(self, instruction: do.StartSlice, run: Run) -> None:
        if self._running.get(instruction.qpu) != (instruction, run):
            return  # the QPU was lost meanwhile
        del self._running[instruction.qpu]
        qpu, busy_s = self._qpus[instruction.qpu], run.end_s - run.first_shot_s
        qpu.add(run)
        self._meters[qpu.pool].change(run.end_s, occupied=-1)
        self._meters[qpu.pool].busy_s += busy_s
        ended = quantum.SliceFinished(
            self._clock.now_s, instruction.qpu, instruction.key, instruction.number, instruction.shots, busy_s
        )
        self._tell(ended)

    def _announce(self, outage: Outage) -> None:
        """An outage that was announced is a window; another one strikes."""
        now_s = self._clock.now_s
        if outage.notice_s > 0:
            window = Window(id=str(outage.start_s), start_s=outage.start_s, end_s=outage.end_s, reason=outage.reason)
            self._tell(quantum.WindowAnnounced(now_s, outage.qpu, window))
        else:
            self._strike(outage)
        pool = self._qpus[outage.qpu].pool
        self._clock.at(outage.start_s, self._count_qpus, pool, -1)
        self._clock.at(outage.end_s, self._count_qpus, pool, +1)

    def _strike(self, outage: Outage) -> None:
        now_s = self._clock.now_s
        self._tell(quantum.QpuStateChanged(now_s, outage.qpu, "down", outage.end_s, outage.reason))
        if (lost := self._running.pop(outage.qpu, None)) is not None:
            instruction, run = lost
            self._meters[self._qpus[outage.qpu].pool].change(now_s, occupied=-1)
            self._qpus[outage.qpu].lost_s += now_s - run.start_s
            failed = quantum.SliceFailed(
                now_s, outage.qpu, instruction.key, instruction.number, outage.reason, is_retryable=True
            )
            self._tell(failed)
        back = quantum.QpuStateChanged(outage.end_s, outage.qpu, "up")
        self._clock.at(outage.end_s, self._tell, back)

    def _count_qpus(self, pool: str, change: int) -> None:
        if not self._nb_unfinished:
            return
        self._nb_up[pool] += change
        self._meters[pool].change(self._clock.now_s, up=change)
        self._tell_admission(admission.PoolCounted(self._clock.now_s, pool, self._nb_up[pool]))

    # ------------------------------------------------------------ the machines
    def _observe(self, pool: DevicePool) -> None:
        if not self._nb_unfinished:
            return
        now_s, period_s, meter = self._clock.now_s, self._observation_s, self._meters[pool.name]
        idle_fraction = meter.observe(now_s, period_s)
        self._tell_admission(admission.IdleObserved(now_s, pool.name, period_s, idle_fraction))
        self._check_that_something_happens()
        self._clock.at(now_s + period_s, self._observe, pool)

    def _check_that_something_happens(self) -> None:
        """Refuse to observe for ever that no job is admitted."""
        nothing = len(self._clock) < len(self._meters)
        self._nb_idle_observations = self._nb_idle_observations + 1 if nothing else 0
        if self._nb_idle_observations > _PATIENCE:
            waiting = next(job.plan for job in self._jobs.values() if job.trace.admitted_s != job.trace.admitted_s)
            raise LabError(f"job {waiting.id} is never admitted: it needs {waiting.nb_nodes} nodes")

    def _set_capacity(self, instruction: admit.SetCapacity) -> None:
        self._alpha.append((self._clock.now_s, instruction.units / UNITS))

    def _wake(self, time_s: float) -> None:
        self._tell(quantum.TimePassed(time_s))

    def _tell(self, *events: quantum.Event) -> None:
        for instruction in self._machine.handle(*events):
            _OBEY[type(instruction)](self, instruction)

    def _tell_admission(self, *events: admission.Event) -> None:
        for instruction in self._admission.handle(*events):
            _OBEY[type(instruction)](self, instruction)


def _nothing(world: _World, instruction: Any) -> None:
    """What has no consequence in the laboratory."""


_OBEY: Mapping[type[Any], Callable[[_World, Any], None]] = {
    do.StartSlice: _World._start,
    do.PrefetchTask: _World._prepare,
    do.FinishTask: _World._answer,
    do.FailTask: _World._fail,
    do.ReleaseNodes: _World._release_nodes,
    do.ReclaimNodes: _World._reclaim_nodes,
    do.WakeAt: lambda world, instruction: world._clock.at(instruction.time_s, world._wake, instruction.time_s),
    do.CancelTask: _nothing,
    admit.AdmitJob: _World._begin,
    admit.ChangeShare: _World._change_share,
    admit.SetCapacity: _World._set_capacity,
}
"""What the world does. An instruction that is not here is a defect of the machine: nothing fails or is refused."""


def _machine_pool(pool: DevicePool, jobs: Iterable[JobPlan]) -> Pool:
    """What the machine is told of a pool; where nothing has a latency, there is nothing to prepare."""
    latency_s = max((plan.latency_s for plan in jobs if plan.pool == pool.name), default=0.0)
    depth = pool.prefetch_depth if latency_s else 0
    return Pool(name=pool.name, qpus=pool.qpus, slice_s=pool.slice_s, prefetch_depth=depth, latency_s=latency_s)


def _session(plan: JobPlan, share: float) -> Session:
    return Session(
        id=plan.id,
        user=plan.user,
        account=plan.account,
        pool=plan.pool,
        share=share,
        priority_class=plan.priority_class,
        releases_nodes=plan.restart_s is not None,
        restart_s=plan.restart_s or 0.0,
    )
