"""Results that came a moment ago: whoever waits for one gets it without a look into the store."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["RecentResults"]


class RecentResults:
    """Small results by job, the oldest of which are forgotten.

    Args:
        max_bytes: of all together.
        max_each_bytes: larger results are not kept.

    >>> recent = RecentResults(max_bytes=3)
    >>> recent.keep("a", b"12"); recent.keep("b", b"34")
    >>> recent.get("a"), recent.get("b")
    (None, b'34')
    """

    def __init__(self, max_bytes: int = 16 << 20, max_each_bytes: int = 64 << 10) -> None:
        self._max_bytes, self._max_each_bytes = max_bytes, max_each_bytes
        self._results: OrderedDict[str, bytes] = OrderedDict()
        self._nb_bytes = 0

    def keep(self, job_id: str, result: bytes) -> None:
        """Keep a result for a while."""
        self.forget(job_id)
        if len(result) > self._max_each_bytes:
            return
        self._results[job_id] = result
        self._nb_bytes += len(result)
        while self._nb_bytes > self._max_bytes:
            _, oldest = self._results.popitem(last=False)
            self._nb_bytes -= len(oldest)

    def get(self, job_id: str) -> bytes | None:
        """The result, if it is still kept."""
        return self._results.get(job_id)

    def forget(self, job_id: str) -> None:
        """Let go of a result."""
        self._nb_bytes -= len(self._results.pop(job_id, b""))
