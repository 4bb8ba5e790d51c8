"""How long devices take: one record for each kind, from what was published about them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TIMINGS", "DeviceTiming", "occupied_s"]


def occupied_s(task_s: float, latency_s: float, prefetch_depth: int) -> float:
    """Seconds for which a task keeps a QPU from others, as admission counts it.

    Preparations of up to ``prefetch_depth`` tasks go on beside the one that runs, so that many tasks and one are under
    way in the time that one takes: what hides the latency of others is not use of the QPU.

    Args:
        task_s: time in which it runs its shots.
        latency_s: time that its preparation takes.
        prefetch_depth: tasks that are prepared beside one that runs.

    >>> occupied_s(0.4, 9.0, 0), occupied_s(0.4, 9.0, 1), occupied_s(0.4, 9.0, 24)
    (9.4, 4.7, 0.4)
    """
    return max(task_s, (task_s + latency_s) / (1 + prefetch_depth))


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
