"""What is simulated: QPUs, nodes, and hybrid jobs whose phases are fixed beforehand. Times in seconds."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from qhpc.scheduling.model import PriorityClass
from qhpc.scheduling.timings import occupied_s

__all__ = ["DevicePool", "JobPlan", "Outage", "Phase", "Workload"]


class Phase(NamedTuple):
    """A classical phase and the quantum task that follows it.

    Attributes:
        classical_s: on the job's nodes.
        quantum_s: on the QPU, without its dead time.
        shots: of the task; 0 if it cannot be cut.
        told_factor: what the scheduler is told that it takes / what it takes.
    """

    classical_s: float
    quantum_s: float
    shots: int = 0
    told_factor: float = 1.0


class JobPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A hybrid job: phases, and a classical end.

    Attributes:
        id: of the job.
        arrival_s: when it is submitted.
        phases: in order.
        tail_s: classical time after the last quantum task.
        pool: QPUs that it uses.
        user: who runs it.
        account: who pays.
        stack: what it runs; jobs of the same stack behave alike.
        nb_nodes: nodes that it holds.
        declared_duty: what its user says; None for the truth.
        priority_class: which class it belongs to.
        restart_s: how long it takes to get nodes back that were given back; None if it keeps them.
        latency_s: from each submission to its first shot; the QPU is free meanwhile if it was prepared before.
    """

    id: str
    arrival_s: float
    phases: tuple[Phase, ...]
    tail_s: float = 0.0
    pool: str = "qpu"
    user: str = "user"
    account: str = "account"
    stack: str = ""
    nb_nodes: int = 1
    declared_duty: float | None = None
    priority_class: PriorityClass = "production"
    restart_s: float | None = None
    latency_s: float = 0.0

    @property
    def quantum_s(self) -> float:
        """Seconds in which a QPU runs its shots."""
        return sum(phase.quantum_s for phase in self.phases)

    @property
    def submitted_s(self) -> float:
        """Seconds from submissions of tasks to their results, alone."""
        return self.quantum_s + len(self.phases) * self.latency_s

    @property
    def classical_s(self) -> float:
        """Seconds on nodes in all."""
        return sum(phase.classical_s for phase in self.phases) + self.tail_s

    @property
    def alone_s(self) -> float:
        """How long it takes when nobody else is there."""
        return self.submitted_s + self.classical_s

    def duty(self, prefetch_depth: int) -> float:
        """The part of its life, alone, in which it keeps the QPU from others.

        Args:
            prefetch_depth: of its pool.

        >>> JobPlan(id="j", arrival_s=0.0, phases=(Phase(9.0, 1.0),)).duty(1)
        0.1
        """
        used_s = sum(occupied_s(phase.quantum_s, self.latency_s, prefetch_depth) for phase in self.phases)
        return used_s / self.alone_s


class Outage(NamedTuple):
    """A QPU is not there, as was announced ``notice_s`` before."""

    qpu: str
    start_s: float
    end_s: float
    notice_s: float = float("inf")
    reason: str = "calibration"


class DevicePool(msgspec.Struct, frozen=True, kw_only=True):
    """QPUs of one kind.

    Attributes:
        name: of the pool.
        nb_qpus: how many.
        slice_s: longer tasks are cut into slices of about this length; None never cuts.
        prefetch_depth: how many tasks are prepared on a QPU beside the one that runs.
    """

    name: str = "qpu"
    nb_qpus: int = 1
    slice_s: float | None = None
    prefetch_depth: int = 1

    @property
    def qpus(self) -> tuple[str, ...]:
        """Names of the QPUs."""
        return tuple(f"{self.name}{number}" for number in range(self.nb_qpus))


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is given: the same for all policies.

    Attributes:
        name: of the scenario.
        jobs: in order of arrival.
        pools: of QPUs.
        nb_nodes: nodes for hybrid jobs; None for enough.
        outages: when QPUs are not there.
    """

    name: str
    jobs: tuple[JobPlan, ...]
    pools: tuple[DevicePool, ...] = (DevicePool(),)
    nb_nodes: int | None = None
    outages: tuple[Outage, ...] = ()
