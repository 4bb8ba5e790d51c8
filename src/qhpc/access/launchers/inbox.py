"""News on their way from a launcher to the server, which may be slow to take them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from qhpc.access.launchers.protocol import JobProgressed, Report

__all__ = ["Inbox"]


class Inbox:
    """Reports in the order in which they came. Of the progress of a job only the newest waits, so that it stays small.

    >>> inbox = Inbox()
    >>> for iteration in range(3):
    ...     inbox.put(JobProgressed(job_id="a", attempt=1, time_s=float(iteration), progress=None))
    >>> inbox.close()
    >>> async def taken():
    ...     return [report.time_s async for report in inbox]
    >>> asyncio.run(taken())
    [2.0]
    """

    def __init__(self) -> None:
        self._reports: deque[list[Report]] = deque()
        self._progress: dict[str, list[Report]] = {}
        self._is_closed = False
        self._wake = asyncio.Event()

    def put(self, report: Report) -> None:
        """Add a report."""
        if isinstance(report, JobProgressed):
            if (waiting := self._progress.get(report.job_id)) is not None:
                waiting[0] = report
                return
            entry: list[Report] = [report]
            self._progress[report.job_id] = entry
            self._reports.append(entry)
        else:
            self._reports.append([report])
        self._wake.set()

    def close(self) -> None:
        """There will be no more."""
        self._is_closed = True
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[Report]:
        while True:
            while self._reports:
                (report,) = self._reports.popleft()
                if isinstance(report, JobProgressed):
                    self._progress.pop(report.job_id, None)
                yield report
            if self._is_closed:
                return
            self._wake.clear()
            await self._wake.wait()
