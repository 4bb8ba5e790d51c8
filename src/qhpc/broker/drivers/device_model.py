"""How long a device takes, when it fails and when it calibrates, as a model. No clock here: times are numbers.

All that comes in and goes out is in seconds of this machine's time; the options are in seconds of the device's, which
``speedup`` divides.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import floor
from random import Random
from typing import NamedTuple

from qhpc.broker.drivers.settings import EmulatedOptions
from qhpc.scheduling.timings import TIMINGS

__all__ = ["Calibration", "DeviceModel", "SlicePlan"]


class SlicePlan(NamedTuple):
    """How a slice goes.

    Attributes:
        first_shot_s: when its first shot begins.
        end_s: when its last one ends, or when it fails.
        shot_s: time of a shot.
        fails: whether it fails at its end.
    """

    first_shot_s: float
    end_s: float
    shot_s: float
    fails: bool

    def shots_by(self, now_s: float) -> int:
        """How many shots were run by then.

        >>> SlicePlan(10.0, 20.0, 0.5, False).shots_by(12.2)
        4
        """
        return max(floor((now_s - self.first_shot_s) / self.shot_s + 1e-9), 0) if self.shot_s else 0


class Calibration(NamedTuple):
    """A calibration: when it begins and how long it takes."""

    start_s: float
    length_s: float


class DeviceModel:
    """A device.

    Args:
        options: its times.

    >>> model = DeviceModel(EmulatedOptions(timing="trapped-ions", speedup=10.0))
    >>> model.shot_s, model.latency_s
    (0.018, 0.1)
    """

    def __init__(self, options: EmulatedOptions) -> None:
        timing, speedup = TIMINGS[options.timing], options.speedup
        self.shot_s = (timing.shot_s if options.shot_s is None else options.shot_s) / speedup
        self.latency_s = (timing.latency_s if options.latency_s is None else options.latency_s) / speedup
        self._exact_s = options.exact_s / speedup
        self._every_s, self._length_s = options.calibration_every_s / speedup, options.calibration_s / speedup
        self._failure_rate = options.failure_rate
        self._random = Random(options.seed)

    def plan(self, shots: int, prepared_s: float, now_s: float) -> SlicePlan:
        """How a slice goes that is run now.

        Args:
            shots: 0 for a job that asks for none.
            prepared_s: since when it has been on its way to the device.
            now_s: the present time.
        """
        first_shot_s = max(now_s, prepared_s + self.latency_s)
        length_s = shots * self.shot_s if shots else self._exact_s
        fails = self._random.random() < self._failure_rate
        if fails:
            length_s *= self._random.random()
        return SlicePlan(first_shot_s, first_shot_s + length_s, self.shot_s, fails)

    def calibrations(self, begin_s: float) -> Iterator[Calibration]:
        """All calibrations of a device that was ready at ``begin_s``; none if it needs none.

        >>> model = DeviceModel(EmulatedOptions(calibration_every_s=60.0, calibration_s=5.0, speedup=10.0))
        >>> calibrations = model.calibrations(100.0)
        >>> next(calibrations), next(calibrations)
        (Calibration(start_s=106.0, length_s=0.5), Calibration(start_s=112.0, length_s=0.5))
        """
        number = 0
        while self._every_s and self._length_s:
            number += 1
            yield Calibration(begin_s + number * self._every_s, self._length_s)
