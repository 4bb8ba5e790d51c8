"""What is admitted. Times in seconds; duties and shares are parts of one QPU, 0 to 1."""

from __future__ import annotations

from math import ceil, sqrt

import msgspec

from qhpc.scheduling.model import PriorityClass

__all__ = ["TARGET_STRETCH", "UNITS", "HybridJob", "duty_of_units", "units_of_duty"]

UNITS = 1000
"""Duty units of one QPU."""


def units_of_duty(duty: float) -> int:
    """Duty units that a job takes: its duty ``u``, and up to a tenth more where that is small.

    From one half on a job takes ``1000 u`` units, below ``1000 u (1.1 - 0.2 u)``. For each second of QPU a job of small
    duty holds its nodes longest, so it is those of which fewer are admitted where the pool is crowded.

    Args:
        duty: 0 to 1.

    >>> [units_of_duty(duty) for duty in (0.0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 1.0)]
    [1, 11, 108, 263, 345, 500, 1000]
    """
    weight = duty if duty >= _LARGE else duty * (1.1 - 0.2 * duty)
    return max(1, ceil(UNITS * weight - 1e-9))


def duty_of_units(units: float) -> float:
    """The largest duty of a job that takes so many units.

    >>> [round(duty_of_units(units), 4) for units in (0, 108, 345, 500, 1000)]
    [0.0, 0.1, 0.3339, 0.5, 1.0]
    """
    weight = units / UNITS
    return weight if weight >= _LARGE else (1.1 - sqrt(1.21 - 0.8 * weight)) / 0.4


_LARGE = 0.5

TARGET_STRETCH = 1.3
"""How much slower than alone an admitted job may run on average: published, and kept by a closed loop."""


class HybridJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that alternates classical and quantum phases.

    Attributes:
        id: of the job.
        user: who runs it.
        account: who pays.
        stack: what it runs, as a text that is the same for jobs that behave alike.
        pool: QPUs that it uses.
        declared_duty: quantum time / (quantum + classical time) as its user or its services say; None if nobody does.
            Quantum time is that in which it keeps the QPU from others: ``qhpc.scheduling.timings.occupied_s``.
        nb_nodes: nodes that it holds.
        priority_class: which class it belongs to.
        is_exclusive: whether it wants the QPU for itself.
    """

    id: str
    user: str
    account: str
    pool: str
    stack: str = ""
    declared_duty: float | None = None
    nb_nodes: int = 1
    priority_class: PriorityClass = "production"
    is_exclusive: bool = False
