"""How many duty units a pool offers and a job takes: one small class for each way a centre could choose."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf
from typing import NamedTuple, Protocol

from qhpc.scheduling.admission.closed_loop import ClosedLoop
from qhpc.scheduling.admission.duty import DeclaredDuty, LearnedDuty
from qhpc.scheduling.admission.model import TARGET_STRETCH, UNITS, HybridJob, units_of_duty
from qhpc.scheduling.model import CLASSES

__all__ = [
    "DEFAULT_ALPHA", "AdmissionPolicy", "CappedDuty", "Credits", "Exclusive", "FixedCount", "LicenceWhenIdle",
    "Measured", "Rate", "Unlimited",
]  # fmt: skip


class Measured(NamedTuple):
    """What was measured of a pool.

    Attributes:
        period_s: for how long.
        idle_fraction: part of that time in which QPUs were idle with nothing to run.
        stretch: how many times slower than alone jobs were; None if none ended a quantum phase.
        in_use: units that admitted jobs take now.
    """

    period_s: float
    idle_fraction: float
    stretch: float | None
    in_use: float


class AdmissionPolicy(Protocol):
    """What a policy decides. One object serves all pools of a centre.

    Attributes:
        duty: what is known of jobs' duties.
        smallest_first: whether the smallest job that fits passes one that does not, or the first that does.
    """

    duty: DeclaredDuty
    smallest_first: bool

    @property
    def name(self) -> str:
        """Of the policy."""

    def capacity(self, pool: str, nb_qpus: int) -> float:
        """Units that a pool with so many QPUs offers now."""

    def units(self, job: HybridJob, duty: float) -> float:
        """Units that a job of this duty takes, as long as it runs."""

    def observe(self, pool: str, measured: Measured) -> None:
        """What was measured of a pool."""


class _Open:
    """Base of the policies that learn nothing of pools. Jobs pass in order of arrival, as Slurm's backfill has it."""

    smallest_first = False

    def __init__(self) -> None:
        self.duty = DeclaredDuty()

    def observe(self, pool: str, measured: Measured) -> None:
        """Ignored."""


class Exclusive(_Open):
    """A job has a QPU for itself until it ends: the cluster's scheduler alone."""

    name = "exclusive"

    def capacity(self, pool: str, nb_qpus: int) -> float:
        """One job a QPU."""
        return nb_qpus

    def units(self, job: HybridJob, duty: float) -> float:
        """A whole QPU."""
        return 1


class Unlimited(_Open):
    """Every job runs at once: a queue in front of the QPU alone."""

    name = "unlimited"

    def capacity(self, pool: str, nb_qpus: int) -> float:
        """Without end."""
        return inf

    def units(self, job: HybridJob, duty: float) -> float:
        """Nothing."""
        return 0


class FixedCount(Exclusive):
    """So many jobs a QPU, whatever they are: counted licences.

    Args:
        count: jobs a QPU.
    """

    name = "fixed-count"

    def __init__(self, count: int = 4) -> None:
        super().__init__()
        if count < 1:
            raise ValueError(f"count is {count}: give at least 1")
        self._count = count

    def capacity(self, pool: str, nb_qpus: int) -> float:
        """The count."""
        return self._count * nb_qpus


class Credits(_Open):
    """A job holds as many credits as its declared duty needs, at least one; a QPU has ``credits`` of them.

    Source: the credit and rate policies of openQSE's qhw-admission, as its documentation describes them.
    """

    name = "credits"

    def __init__(self, credits_of_qpu: int = 4) -> None:
        super().__init__()
        self._credits = credits_of_qpu

    def capacity(self, pool: str, nb_qpus: int) -> float:
        """All credits."""
        return self._credits * nb_qpus

    def units(self, job: HybridJob, duty: float) -> float:
        """Whole credits."""
        return max(1, ceil(duty * self._credits))


class LicenceWhenIdle(_Open):
    """A poll that finds the QPUs idle lets one more job a QPU in; after one that finds them busy, none may start.

    The laboratory's polls are its observations, and a QPU counts as idle if it was so for most of the time before.

    Source: the dynamic licence of the QRMI project's Slurm poller, as its documentation describes it.
    """

    name = "licence-when-idle"

    def __init__(self) -> None:
        super().__init__()
        self._limits: dict[str, float] = {}
        self._nb_qpus: dict[str, int] = {}

    def capacity(self, pool: str, nb_qpus: int) -> float:
        """What the last poll allows; before the first one, a job a QPU."""
        self._nb_qpus[pool] = nb_qpus
        return self._limits.get(pool, nb_qpus)

    def units(self, job: HybridJob, duty: float) -> float:
        """One licence."""
        return 1

    def observe(self, pool: str, measured: Measured) -> None:
        """A poll."""
        is_idle = measured.idle_fraction > _IDLE
        self._limits[pool] = measured.in_use + self._nb_qpus.get(pool, 0) if is_idle else 0.0


_IDLE = 0.5


DEFAULT_ALPHA = 1.1
"""With it jobs alike are, on average, at most 1.3 times slower than alone: see docs/scheduling.md, "Steady state"."""


class CappedDuty(_Open):
    """The sum of the jobs' duties, small ones weighing up to a tenth more, is at most ``alpha`` times the QPUs.

    See :func:`~qhpc.scheduling.admission.model.units_of_duty`. A job of a lower class, to which the others leave what
    they do not need, weighs twice as much.

    The smallest job that fits passes one that does not: for each second of QPU it holds its nodes longest.

    Args:
        alpha: overcommitment; jobs do not all need the QPU at a time.
        learns: whether duties are learned from what jobs did, or believed as declared.
        target_stretch: if given, a closed loop changes alpha so that jobs are that many times slower than alone.
        smallest_first: False to let jobs pass in order of arrival.
    """

    def __init__(
        self,
        alpha: float = DEFAULT_ALPHA,
        *,
        learns: bool = False,
        target_stretch: float | None = None,
        smallest_first: bool = True,
    ) -> None:
        super().__init__()
        self.smallest_first = smallest_first
        if not 0 < alpha < inf:
            raise ValueError(f"alpha is {alpha}: give a positive number, e.g. {DEFAULT_ALPHA}")
        self.duty = LearnedDuty() if learns else DeclaredDuty()
        self._alpha, self._target = alpha, target_stretch
        self._loops: dict[str, ClosedLoop] = {}

    @property
    def name(self) -> str:
        """The policy's name."""
        parts = ["capped-duty", *([] if self.smallest_first else ["in-order"])]
        parts += ["learned"] if isinstance(self.duty, LearnedDuty) else []
        return "-".join([*parts, *(["closed-loop"] if self._target is not None else [])])

    def capacity(self, pool: str, nb_qpus: int) -> float:
        """Alpha times the units of all QPUs."""
        loop = self._loops.get(pool)
        return round(UNITS * nb_qpus * (self._alpha if loop is None else loop.alpha))

    def units(self, job: HybridJob, duty: float) -> float:
        """Its duty, and more where that is small; twice as many if others go before it."""
        units = units_of_duty(duty)
        return units if CLASSES[job.priority_class] == 0 else min(2 * units, UNITS)

    def observe(self, pool: str, measured: Measured) -> None:
        """One step of the closed loop, if there is one."""
        if self._target is not None:
            loop = self._loops.setdefault(pool, ClosedLoop(self._alpha, self._target))
            loop.step(measured.period_s, idle_fraction=measured.idle_fraction, stretch=measured.stretch)


class Rate(_Open):
    """The sum of the jobs' rates is at most what the QPUs can do.

    A job's rate is what it needs in order to do its quantum work in the part of its time limit that its classical work
    leaves: of duty ``u`` and a limit of ``limit`` times what it takes alone, ``u / (limit - 1 + u)``.

    Source: the rate policy of openQSE's qhw-admission, as its documentation describes it (docs/policies.md).

    Args:
        limit: time limit of a job / what it takes alone.
    """

    name = "rate"

    def __init__(self, limit: float = 2.0) -> None:
        super().__init__()
        if not 1 <= limit < inf:
            raise ValueError(f"limit is {limit}: give a number from 1 on, e.g. 2")
        self._limit = limit

    def capacity(self, pool: str, nb_qpus: int) -> float:
        """What all QPUs can do."""
        return UNITS * nb_qpus

    def units(self, job: HybridJob, duty: float) -> float:
        """Its rate."""
        return max(1, ceil(UNITS * duty / (self._limit - 1.0 + duty) - 1e-9))


ADMISSIONS: dict[str, Callable[[], AdmissionPolicy]] = {
    "exclusive": Exclusive,
    "unlimited": Unlimited,
    "fixed-count": FixedCount,
    "credits": Credits,
    "rate": Rate,
    "licence-when-idle": LicenceWhenIdle,
    "capped-duty": CappedDuty,
    "capped-duty-in-order": lambda: CappedDuty(smallest_first=False),
    "capped-duty-learned": lambda: CappedDuty(learns=True),
    "capped-duty-learned-closed-loop": lambda: CappedDuty(learns=True, target_stretch=TARGET_STRETCH),
}
"""Makes a policy, by its name."""
