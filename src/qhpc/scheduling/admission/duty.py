"""What a job's duty will be: what was declared, corrected by what was measured of the same user's same stack."""

from __future__ import annotations

from collections import deque
from statistics import median

from qhpc.scheduling.admission.model import HybridJob

__all__ = ["DeclaredDuty", "LearnedDuty"]

_UNKNOWN_DUTY = 0.25
_MIN_DUTY = 1e-3
_HISTORY = 9
_TRUSTED_AFTER = 3
"""Phases of a running job after which its own measurements count."""


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


class LearnedDuty(DeclaredDuty):
    """Believes the median of what was measured of the last jobs of the same user and stack.

    The declaration counts as one measurement, so a single odd job changes little, and three tell the truth whatever was
    declared. A running job is believed once it has shown three observations.

    >>> learned = LearnedDuty()
    >>> job = HybridJob(id="1", user="ada", account="a", pool="p", stack="VQE", declared_duty=0.8)
    >>> for _ in range(3):
    ...     for _ in range(3):
    ...         _ = learned.observe(job, quantum_s=10.0, classical_s=90.0)
    ...     learned.ended(job)
    >>> learned.expected(job)
    0.1
    """

    def __init__(self) -> None:
        self._history: dict[tuple[str, str], deque[float]] = {}
        self._current: dict[str, tuple[int, float]] = {}

    def expected(self, job: HybridJob) -> float:
        """The median of the history and the declaration."""
        history = self._history.get((job.user, job.stack))
        declared = super().expected(job)
        if not history:
            return declared
        return _bounded(median([*history, declared] if len(history) % 2 == 0 else history))

    def observe(self, job: HybridJob, quantum_s: float, classical_s: float) -> float | None:
        """Its duty as measured so far, once that can be believed."""
        if quantum_s + classical_s <= 0:
            return None
        count = self._current.get(job.id, (0, 0.0))[0] + 1
        duty = _bounded(quantum_s / (quantum_s + classical_s))
        self._current[job.id] = (count, duty)
        return duty if count >= _TRUSTED_AFTER else None

    def ended(self, job: HybridJob) -> None:
        """Its duty becomes history."""
        count, duty = self._current.pop(job.id, (0, 0.0))
        if count:
            self._history.setdefault((job.user, job.stack), deque(maxlen=_HISTORY)).append(duty)
