"""The closed loop of the overcommitment alpha: up while QPUs idle for want of tasks, down while jobs crawl.

An integral controller on one error: the stretch that is still allowed (positive: admit more) or exceeded (negative).
Idling counts only while the stretch is within its target. Measurements are smoothed over ``smoothing_s``, the error is
ignored within a dead band, and alpha moves by at most a tenth of itself in a period of ``smoothing_s``, so that a
change shows its effect before the next one: that is what keeps the loop from swinging.
"""

from __future__ import annotations

from math import exp

__all__ = ["ClosedLoop"]


class ClosedLoop:
    """Alpha of one pool.

    Args:
        alpha: where it begins.
        target_stretch: what jobs may be slowed down by, on average.
        smoothing_s: time over which measurements are averaged.
        limits: alpha stays between these.

    >>> loop = ClosedLoop(1.2, 1.3)
    >>> for _ in range(100):
    ...     loop.step(600.0, idle_fraction=0.2, stretch=1.05)
    >>> loop.alpha > 1.2
    True
    """

    def __init__(
        self,
        alpha: float,
        target_stretch: float,
        *,
        smoothing_s: float = 3600.0,
        limits: tuple[float, float] = (0.8, 3.0),
    ) -> None:
        self.alpha = alpha
        self._target, self._smoothing_s, self._limits = target_stretch, smoothing_s, limits
        self._stretch = _Average(smoothing_s, target_stretch)
        self._idle = _Average(smoothing_s, 0.0)

    def step(self, period_s: float, *, idle_fraction: float | None = None, stretch: float | None = None) -> None:
        """Take measurements of the last ``period_s`` into account."""
        self._stretch.add(period_s, stretch)
        self._idle.add(period_s, idle_fraction)
        step = _MAX_STEP * _weight(period_s, self._smoothing_s) * self._direction()
        lowest, highest = self._limits
        self.alpha = min(max(self.alpha * (1.0 + step), lowest), highest)

    def _direction(self) -> float:
        """From -1 (less) to 1 (more)."""
        room = (self._target - self._stretch.value) / (self._target - 1.0)
        if room < -_DEAD_BAND:
            return max(room, -1.0)
        if room > _DEAD_BAND and self._idle.value > _BUSY_ENOUGH:
            return min(room, 1.0)
        return 0.0


_MAX_STEP = 0.1
_DEAD_BAND = 0.1
_BUSY_ENOUGH = 0.01


class _Average:
    """Of what was measured, older values weighing less; it begins with ``value``."""

    __slots__ = ("_smoothing_s", "_unknown_s", "value")

    def __init__(self, smoothing_s: float, value: float) -> None:
        self._smoothing_s, self.value = smoothing_s, value
        self._unknown_s = 0.0

    def add(self, period_s: float, new: float | None) -> None:
        """It was ``new`` for a period, None if that is not known."""
        self._unknown_s += period_s
        if new is not None:
            self.value += _weight(self._unknown_s, self._smoothing_s) * (new - self.value)
            self._unknown_s = 0.0


def _weight(period_s: float, smoothing_s: float) -> float:
    return 1.0 - exp(-period_s / smoothing_s)
