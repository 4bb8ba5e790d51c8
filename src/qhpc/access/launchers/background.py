"""Work of an event loop that nobody waits for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

__all__ = ["Background"]

_log = logging.getLogger(__name__)


class Background:
    """Tasks that end with their owner.

    >>> async def main():
    ...     background, done = Background(), asyncio.Event()
    ...     async def work():
    ...         done.set()
    ...     background.start(work())
    ...     await done.wait()
    ...     await background.close()
    ...     return background.is_open
    >>> asyncio.run(main())
    False
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether anything goes on."""
        return bool(self._tasks)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def keep(self, loop: Callable[[], Coroutine[Any, Any, None]], pause_s: float) -> None:
        """Have a loop go on whatever happens in it: no job may wait for ever because of another.

        Args:
            loop: begins it, again after it has failed.
            pause_s: before it begins again.
        """
        self.start(_persistent(loop, pause_s))

    async def close(self) -> None:
        """End all."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _persistent(loop: Callable[[], Coroutine[Any, Any, None]], pause_s: float) -> None:
    while True:
        try:
            await loop()
        except Exception:
            _log.exception("looking after jobs failed; it goes on")
            await asyncio.sleep(pause_s)
