"""The broker's time: seconds since 1970 that never go back, whatever is done to the machine's clock."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["BrokerClock"]


class BrokerClock:
    """Seconds since 1970 when the broker was started, and from then on what a steady clock counts.

    Args:
        not_before_s: the last time in the journal; a clock that was set back meanwhile does no harm.
        wall_s: tells the time of day.
        steady_s: counts seconds.

    >>> steps = iter([5.0, 7.5])
    >>> clock = BrokerClock(200.0, wall_s=lambda: 100.0, steady_s=lambda: next(steps))
    >>> clock.now_s()
    202.5
    """

    def __init__(
        self,
        not_before_s: float = 0.0,
        wall_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steady_s = steady_s
        self._offset_s = max(wall_s(), not_before_s) - steady_s()

    def now_s(self) -> float:
        """The time."""
        return self._offset_s + self._steady_s()
