"""What a job's duty will be: what was declared, corrected by what was measured of jobs that behave alike."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from math import exp, log
from statistics import median

from qhpc.scheduling.admission.model import HybridJob

__all__ = ["DeclaredDuty", "LearnedDuty"]

_UNKNOWN_DUTY = 0.25
_MIN_DUTY = 1e-3
_NB_REMEMBERED = 9
_TRUSTED_AFTER = 3
"""Quantum phases of a running job after which it tells something of jobs like it."""
_ENOUGH = (3, 1)
"""So many jobs of the same user and stack, or of the same stack, are needed to tell of another one."""
_WEIGHT_OF_DECLARATION = 1.0
_WEIGHT_OF_HISTORY = 10.0
"""Quantum phases of a running job that count as much as what was known before."""


def _bounded(duty: float) -> float:
    return min(max(duty, _MIN_DUTY), 1.0)


class DeclaredDuty:
    """Believes what is declared."""

    def expected(self, job: HybridJob) -> float:
        """The declaration, or a quarter of a QPU where there is none."""
        return _bounded(_UNKNOWN_DUTY if job.declared_duty is None else job.declared_duty)

    def observe(self, job: HybridJob, quantum_s: float, classical_s: float) -> float | None:
        """Learns nothing."""
        return None

    def ended(self, job: HybridJob) -> None:
        """Learns nothing."""


class _Measured:
    """A running job: what was expected of it, how far that is trusted, and what was measured."""

    __slots__ = ("duty", "nb_phases", "prior", "weight")

    def __init__(self, prior: float, weight: float) -> None:
        self.prior, self.weight = prior, weight
        self.duty, self.nb_phases = prior, 0

    def expected(self) -> float:
        """The geometric mean of what was expected and what was measured, since errors are factors."""
        known = self.weight * log(self.prior) + self.nb_phases * log(self.duty)
        return exp(known / (self.weight + self.nb_phases))


class _Alike:
    """Jobs that behave alike: those that run, and the last ones that ended."""

    __slots__ = ("ended", "running")

    def __init__(self) -> None:
        self.running: dict[str, _Measured] = {}
        self.ended: deque[float] = deque(maxlen=_NB_REMEMBERED)

    def shown(self) -> list[float]:
        """Their duties, of those that showed it."""
        running = [each.duty for each in self.running.values() if each.nb_phases >= _TRUSTED_AFTER]
        return [*self.ended, *running]


class LearnedDuty(DeclaredDuty):
    """Believes the median of what was measured of jobs of the same user and stack, else of the same stack.

    A declaration counts only where nothing is known, and while the job runs as much as one of its quantum phases; what
    is known of jobs like it counts as ten. The median makes that odd jobs change little.

    >>> import msgspec
    >>> learned = LearnedDuty()
    >>> job = HybridJob(id="1", user="ada", account="a", pool="p", stack="VQE", declared_duty=0.8)
    >>> learned.expected(job)
    0.8
    >>> for phase in range(1, 9):
    ...     duty = learned.observe(job, quantum_s=10.0 * phase, classical_s=90.0 * phase)
    >>> round(duty, 2), learned.expected(msgspec.structs.replace(job, id="2"))
    (0.1, 0.1)
    """

    def __init__(self) -> None:
        self._alike: dict[Hashable, _Alike] = {}

    def expected(self, job: HybridJob) -> float:
        """What jobs like it needed, else the declaration."""
        return self._prior(job)[0]

    def observe(self, job: HybridJob, quantum_s: float, classical_s: float) -> float | None:
        """What it needs as far as is known now: once a quantum phase, with all that was measured so far."""
        if quantum_s + classical_s <= 0:
            return None
        measured = self._groups(job)[0].running.get(job.id)
        if measured is None:
            measured = _Measured(*self._prior(job))
            for group in self._groups(job):
                group.running[job.id] = measured
        elif measured.weight < _WEIGHT_OF_HISTORY:
            measured.prior, measured.weight = self._prior(job)
        measured.duty = _bounded(quantum_s / (quantum_s + classical_s))
        measured.nb_phases += 1
        return measured.expected()

    def ended(self, job: HybridJob) -> None:
        """Its duty becomes history."""
        for group in self._groups(job):
            measured = group.running.pop(job.id, None)
            if measured is not None:
                group.ended.append(measured.duty)

    def _groups(self, job: HybridJob) -> tuple[_Alike, _Alike]:
        """From the most to the least alike."""
        keys = ((job.user, job.stack), job.stack)
        mine, everybodys = (self._alike.setdefault(key, _Alike()) for key in keys)
        return mine, everybodys

    def _prior(self, job: HybridJob) -> tuple[float, float]:
        """What is expected of a job, and how many of its own phases that is worth."""
        for group, nb_jobs in zip(self._groups(job), _ENOUGH, strict=True):
            shown = group.shown()
            if len(shown) >= nb_jobs:
                return _bounded(median(shown)), _WEIGHT_OF_HISTORY
        return max(super().expected(job), _UNKNOWN_DUTY), _WEIGHT_OF_DECLARATION
