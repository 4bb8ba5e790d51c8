"""The jobs that wait to be admitted to a pool: first come, first served, with backfill that starves nobody."""

from __future__ import annotations

from collections.abc import Callable

from qhpc.scheduling.admission.model import HybridJob
from qhpc.scheduling.model import CLASSES

__all__ = ["WaitingJob", "WaitingList"]

_LOOK_AHEAD = 64


class WaitingJob:
    """A job that waits; ``overtaken`` counts those that came later and were admitted before it."""

    __slots__ = ("arrival_s", "job", "overtaken")

    def __init__(self, job: HybridJob, arrival_s: float) -> None:
        self.job, self.arrival_s, self.overtaken = job, arrival_s, 0


class WaitingList:
    """Jobs by class, then by arrival.

    A job that does not fit lets later ones pass that do; but only so many times: then it has the pool's next room for
    itself.

    Args:
        max_overtaken: how often a job is overtaken at most.
        smallest_first: whether the smallest that fits passes, or the first that does.
    """

    def __init__(self, max_overtaken: int = 32, *, smallest_first: bool = True) -> None:
        self._max_overtaken, self._smallest_first = max_overtaken, smallest_first
        self._by_class: list[dict[str, WaitingJob]] = [{} for _ in CLASSES]

    def __len__(self) -> int:
        return sum(map(len, self._by_class))

    def add(self, job: HybridJob, time_s: float) -> None:
        """A job comes."""
        self._by_class[CLASSES[job.priority_class]].setdefault(job.id, WaitingJob(job, time_s))

    def remove(self, job_id: str) -> bool:
        """A job does not wait any more; whether it did."""
        return any(jobs.pop(job_id, None) is not None for jobs in self._by_class)

    def in_order(self) -> list[WaitingJob]:
        """All, the first one first."""
        return [waiting for jobs in self._by_class for waiting in jobs.values()]

    def take(self, size_if_fits: Callable[[HybridJob, bool], float | None]) -> HybridJob | None:
        """The next job to admit, which waits no more.

        Args:
            size_if_fits: units of a job for which there is room now, None if there is none; it is also told whether
                the job was overtaken as often as it may.
        """
        passed: list[WaitingJob] = []
        best: tuple[float, WaitingJob, int] | None = None
        for waiting in self._first():
            is_due = waiting.overtaken >= self._max_overtaken
            size = size_if_fits(waiting.job, is_due)
            if size is not None and not passed:
                return self._taken(waiting, ())
            if size is None and best is None:
                passed.append(waiting)
                if is_due:
                    return None
            elif size is not None and (best is None or size < best[0]):
                best = (size, waiting, len(passed))
                if not self._smallest_first:
                    break
        return None if best is None else self._taken(best[1], passed)

    def _first(self) -> list[WaitingJob]:
        first: list[WaitingJob] = []
        for jobs in self._by_class:
            for waiting in jobs.values():
                first.append(waiting)
                if len(first) == _LOOK_AHEAD:
                    return first
        return first

    def _taken(self, waiting: WaitingJob, passed: tuple[()] | list[WaitingJob]) -> HybridJob:
        for other in passed:
            other.overtaken += 1
        self.remove(waiting.job.id)
        return waiting.job
