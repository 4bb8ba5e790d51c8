"""Brings a write-ahead log to the disk beside the event loop, once for all who wait for it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["DiskSync"]

_SOON_S = 0.1
_CHECKPOINT_BYTES = 32 << 20
"""A longer log is written into the database."""


class DiskSync:
    """Syncs the log of a database. Waiting for the disk takes milliseconds, so it is done in a thread, and for all
    transactions at once that were committed before it began.

    Args:
        path: the database; it is open, and its log is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = os.open(f"{path}-wal", os.O_RDONLY | os.O_CLOEXEC)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-sync")
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def sync(self) -> None:
        """Wait until all that was committed before this call is on disk.

        Raises:
            OSError: the disk refuses.
        """
        await asyncio.shield(self._begin())

    def soon(self) -> None:
        """See to it that what is committed will soon be on disk, though nobody waits for it."""
        if self._timer is None and self._next is None:
            self._timer = asyncio.get_running_loop().call_later(_SOON_S, self._begin)

    def _begin(self) -> asyncio.Future[None]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._next is None:
            self._next = asyncio.ensure_future(self._after(self._running))
            self._next.add_done_callback(_look_at)
        return self._next

    async def _after(self, former: asyncio.Future[None] | None) -> None:
        if former is not None:
            await asyncio.wait([former])
        self._running, self._next = self._next, None
        await asyncio.get_running_loop().run_in_executor(self._thread, self._work)

    def _work(self) -> None:
        os.fdatasync(self._log)
        if os.fstat(self._log).st_size > _CHECKPOINT_BYTES:
            with sqlite3.connect(self._path, timeout=5.0) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            connection.close()

    async def close(self) -> None:
        """Sync once more, and let go of the log."""
        try:
            await self.sync()
        finally:
            self._thread.shutdown()
            os.close(self._log)


def _look_at(done: asyncio.Future[None]) -> None:
    """A failure that nobody waited for is told to the next who does; it need not be reported as forgotten."""
    if not done.cancelled():
        done.exception()
