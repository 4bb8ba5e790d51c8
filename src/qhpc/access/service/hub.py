"""Who waits for news of a job in this process: long polls and event streams. Nothing here blocks a sender."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from qat.comm.access.messages import LogLine, Progress
from qhpc.access.jobs.record import JobRecord

__all__ = ["Cut", "Hub", "News", "Subscription"]


@dataclass(frozen=True, slots=True)
class Cut:
    """No more will come: ``slow-reader`` (news was dropped) or ``closing`` (the server stops)."""

    reason: str


News = JobRecord | Progress | tuple[LogLine, ...] | Cut
"""A new state, a progress, lines, or the end of a subscription."""


class Subscription:
    """News of one job for one reader, at most ``capacity`` unread."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._unread: deque[News] = deque()
        self._arrived = asyncio.Event()

    def push(self, news: News) -> None:
        """Add news. A progress replaces one that nobody has read; a reader that is too slow is cut off."""
        if self._unread and isinstance(self._unread[-1], Cut):
            return
        if self._unread and isinstance(news, Progress) and isinstance(self._unread[-1], Progress):
            self._unread.pop()
        if len(self._unread) >= self._capacity:
            self._unread.clear()
            news = Cut("slow-reader")
        self._unread.append(news)
        self._arrived.set()

    async def next(self, timeout_s: float) -> News | None:
        """The next news; None after so many seconds without any."""
        if not self._unread:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        news = self._unread.popleft()
        if not self._unread:
            self._arrived.clear()
        return news


class Hub:
    """Passes news to those who wait for it.

    Args:
        capacity: unread news that a reader may leave lying.
    """

    def __init__(self, capacity: int = 256) -> None:
        self._capacity = capacity
        self._waiters: dict[str, list[asyncio.Future[JobRecord | None]]] = {}
        self._readers: dict[str, list[Subscription]] = {}
        self._is_closed = False

    @property
    def nb_waiting(self) -> int:
        """Long polls and streams now."""
        return sum(map(len, self._waiters.values())) + sum(map(len, self._readers.values()))

    def changed(self, job_id: str) -> asyncio.Future[JobRecord | None]:
        """A future of the job's next state; of None when the server closes. Cancel it when it is not awaited."""
        future: asyncio.Future[JobRecord | None] = asyncio.get_running_loop().create_future()
        if self._is_closed:
            future.set_result(None)
            return future
        self._waiters.setdefault(job_id, []).append(future)
        future.add_done_callback(lambda done: self._forget(job_id, done))
        return future

    def _forget(self, job_id: str, future: asyncio.Future[JobRecord | None]) -> None:
        waiters = self._waiters.get(job_id)
        if waiters and future in waiters:
            waiters.remove(future)
            if not waiters:
                del self._waiters[job_id]

    def subscribe(self, job_id: str) -> Subscription:
        """News of a job from now on. End it by :meth:`unsubscribe`."""
        reader = Subscription(self._capacity)
        self._readers.setdefault(job_id, []).append(reader)
        if self._is_closed:
            reader.push(Cut("closing"))
        return reader

    def unsubscribe(self, job_id: str, reader: Subscription) -> None:
        """No more news for this reader."""
        readers = self._readers[job_id]
        readers.remove(reader)
        if not readers:
            del self._readers[job_id]

    def publish(self, job_id: str, news: News) -> None:
        """Tell all who wait."""
        for reader in self._readers.get(job_id, ()):
            reader.push(news)
        if isinstance(news, JobRecord):
            _resolve(self._waiters.pop(job_id, []), news)

    def close(self) -> None:
        """End every wait."""
        self._is_closed = True
        for waiters in list(self._waiters.values()):
            _resolve(waiters, None)
        self._waiters.clear()
        for readers in self._readers.values():
            for reader in readers:
                reader.push(Cut("closing"))


def _resolve(waiters: list[asyncio.Future[JobRecord | None]], news: JobRecord | None) -> None:
    for waiter in list(waiters):
        if not waiter.done():
            waiter.set_result(news)
