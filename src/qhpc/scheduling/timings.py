"""How long devices take: one record for each kind, from what was published about them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TIMINGS", "DeviceTiming"]


class DeviceTiming(NamedTuple):
    """A kind of QPU.

    Attributes:
        shot_s: seconds of QPU a shot.
        latency_s: seconds from a submission to its first shot; hidden where the next task is prepared meanwhile.
        source: where the numbers are from.
    """

    shot_s: float
    latency_s: float
    source: str

    def task_s(self, shots: int) -> float:
        """Seconds of QPU that a task of so many shots takes.

        >>> TIMINGS["neutral-atoms"].task_s(200)
        240.0
        """
        return shots * self.shot_s


TIMINGS: dict[str, DeviceTiming] = {
    "neutral-atoms": DeviceTiming(1.2, 1.0, "1,000 calibration shots in 10 to 30 minutes: 0.6 to 1.8 s a shot"),
    "neutral-atoms-fast": DeviceTiming(0.6, 1.0, "the lower end of the same range"),
    "superconducting": DeviceTiming(0.0004, 9.0, "at most 400 us a shot, 3 to 15 s a submission (VLQ, docs.it4i.cz)"),
    "trapped-ions": DeviceTiming(0.18, 1.0, "5.5 shots a second (AQT); latency assumed"),
    "emulator": DeviceTiming(0.0, 0.0, "a task takes what its scenario says"),
}  # fmt: skip
"""Timing by kind of device; a scenario names one, or gives its own times."""
