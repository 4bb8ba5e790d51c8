"""What a job must be, wherever it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from qhpc.lab.workload import JobPlan

__all__ = ["complaint_about"]


def complaint_about(plan: JobPlan, pools: Sequence[str]) -> str:
    """Why a job cannot be simulated; empty if it can.

    >>> from qhpc.lab.workload import Phase
    >>> complaint_about(JobPlan(id="j", arrival_s=-1.0, phases=(Phase(1.0, 1.0),)), ["qpu"])
    'arrival_s is -1.0: expected a finite time from 0 on'
    """
    times = {"arrival_s": plan.arrival_s, "tail_s": plan.tail_s, "latency_s": plan.latency_s}
    times["restart_s"] = plan.restart_s or 0.0
    for phase in plan.phases:
        times.update(classical_s=phase.classical_s, quantum_s=phase.quantum_s, told_factor=phase.told_factor)
        for name, value in times.items():
            if not 0 <= value < inf:
                return f"{name} is {value}: expected a finite time from 0 on"
    if not plan.quantum_s > 0:
        return f"job {plan.id} needs no QPU: expected quantum_s above 0"
    if plan.nb_nodes < 1:
        return f"nb_nodes is {plan.nb_nodes}: expected at least 1"
    if plan.declared_duty is not None and not 0 <= plan.declared_duty <= 1:
        return f"declared_duty is {plan.declared_duty}: expected a number from 0 to 1"
    return "" if plan.pool in pools else f"pool is {plan.pool!r}: expected one of {', '.join(pools)}"
