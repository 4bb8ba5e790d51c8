"""Jobs that were done a moment ago: whoever waits for a result gets it without a look into the store."""

from __future__ import annotations

from collections import OrderedDict

from qhpc.access.jobs.record import JobRecord

__all__ = ["RecentResults"]


class RecentResults:
    """Done jobs with small results, the oldest of which are forgotten.

    Args:
        max_bytes: of all results together.
        max_each_bytes: larger results are not kept.

    >>> recent = RecentResults(max_bytes=3)
    >>> for name in ("a", "b"):
    ...     recent.keep(JobRecord(id=name, owner="ada", state="done"), b"12")
    >>> recent.get("a", 0.0), recent.get("b", 0.0)[1]
    (None, b'12')
    """

    def __init__(self, max_bytes: int = 16 << 20, max_each_bytes: int = 64 << 10) -> None:
        self._max_bytes, self._max_each_bytes = max_bytes, max_each_bytes
        self._jobs: OrderedDict[str, tuple[JobRecord, bytes]] = OrderedDict()
        self._nb_bytes = 0

    def keep(self, job: JobRecord, result: bytes) -> None:
        """Keep a job and its result for a while, if it is done."""
        if job.state != "done" or len(result) > self._max_each_bytes:
            return
        self.forget(job.id)
        self._jobs[job.id] = job, result
        self._nb_bytes += len(result)
        while self._nb_bytes > self._max_bytes:
            self.forget(next(iter(self._jobs)))

    def get(self, job_id: str, now_s: float) -> tuple[JobRecord, bytes] | None:
        """The job and its result, if they are still kept and have not expired."""
        found = self._jobs.get(job_id)
        if found is not None and found[0].expires_s is not None and found[0].expires_s <= now_s:
            self.forget(job_id)
            return None
        return found

    def forget(self, job_id: str) -> None:
        """Let go of a job that changes."""
        _, result = self._jobs.pop(job_id, (None, b""))
        self._nb_bytes -= len(result)
