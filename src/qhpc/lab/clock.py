"""A virtual clock: what is due next."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

__all__ = ["Clock"]


class Clock:
    """Calls functions at their times; at equal times in the order in which they were asked for.

    >>> clock, seen = Clock(), []
    >>> clock.at(2.0, seen.append, "b")
    >>> clock.at(1.0, seen.append, "a")
    >>> clock.run()
    >>> seen, clock.now_s
    (['a', 'b'], 2.0)
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self._count = 0
        self._due: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []

    def __len__(self) -> int:
        """How much is due."""
        return len(self._due)

    def at(self, time_s: float, call: Callable[..., object], *arguments: Any) -> None:
        """Call a function at a time, now if that has passed."""
        self._count += 1
        heappush(self._due, (max(time_s, self.now_s), self._count, call, arguments))

    def run(self) -> None:
        """Let time pass until nothing more is due."""
        due = self._due
        while due:
            self.now_s, _, call, arguments = heappop(due)
            call(*arguments)
