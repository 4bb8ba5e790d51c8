"""What is admitted. Times in seconds; duties and shares are parts of one QPU, 0 to 1."""

from __future__ import annotations

import msgspec

from qhpc.scheduling.model import PriorityClass

__all__ = ["TARGET_STRETCH", "UNITS", "HybridJob"]

UNITS = 1000
"""Duty units of one QPU."""

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
