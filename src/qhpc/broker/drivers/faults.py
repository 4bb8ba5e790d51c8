"""What a driver does wrong on purpose, for drills: answers that come late, twice, wrongly, never; sudden death."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from qhpc.broker.drivers.messages import DriverMessage, SliceBroken, SliceEnded
from qhpc.broker.drivers.settings import FaultOptions

__all__ = ["Delayed", "Faults"]


class Delayed(NamedTuple):
    """A message, and how much later it goes out."""

    delay_s: float
    message: DriverMessage


class Faults:
    """Decides what goes wrong. Only ends of slices are meddled with.

    Args:
        options: how often.

    >>> from qhpc.broker.drivers.messages import SliceBroken
    >>> faults = Faults(FaultOptions(twice=1.0, seed=1))
    >>> [delayed.message.reason for delayed in faults.sent(SliceBroken("k", 1, "why"))]
    ['why', 'why']
    """

    def __init__(self, options: FaultOptions) -> None:
        self._options = options
        self._random = Random(options.seed)

    def sent(self, message: DriverMessage) -> list[Delayed]:
        """What is sent in the place of a message; what is told of slices of a former driver is no answer of the QPU."""
        if not isinstance(message, SliceEnded | SliceBroken) or _is_of_a_former_driver(message):
            return [Delayed(0.0, message)]
        if self._happens(self._options.never):
            return []
        if self._happens(self._options.wrong):
            message = self._wrong(message)
        delay_s = self._random.random() * self._options.late_s if self._happens(self._options.late) else 0.0
        return [Delayed(delay_s, message)] * (2 if self._happens(self._options.twice) else 1)

    def death_s(self) -> float | None:
        """How long after it was given a slice the process dies; None if it lives."""
        return self._random.random() * self._options.late_s if self._happens(self._options.death) else None

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def _wrong(self, end: SliceEnded | SliceBroken) -> DriverMessage:
        """The same end of another slice or another task, or one that cannot be."""
        wrong: list[DriverMessage] = [
            replace(end, number=end.number + 1000),
            replace(end, key=f"{end.key}-of-nobody"),
            replace(end, busy_s=-1.0),
        ]
        if isinstance(end, SliceEnded):
            wrong += [replace(end, result=b"no result"), replace(end, shots=end.shots + 1_000_000)]
        return self._random.choice(wrong)


def _is_of_a_former_driver(end: SliceEnded | SliceBroken) -> bool:
    return isinstance(end, SliceBroken) and end.may_have_run
