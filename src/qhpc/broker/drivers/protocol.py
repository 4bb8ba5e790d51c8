"""What a driver of a kind of QPU has to do. The process around it (:mod:`process`) does all the rest.

::

    specs    what the QPU can do, as far as it is known; at once
    load     a user's job -> a task of this driver: decode, check, compile, upload       a thread of its own
    prepare  the next slice of a loaded task will run soon                               at once
    run      shots of a loaded task, until it has run or was stopped                     the QPU's thread
    attend   tell state and windows of the QPU, and that its specs are known             a thread of its own
    close    let go of the QPU

``load`` and ``run`` are called by one thread each, at the same time: a task is loaded while another runs. Whatever
they raise ends the slice and not the driver: a :class:`DeviceError` says what the QPU's trouble means for the slice;
any other exception is the task's own, and is told to its user as a published one.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any, NamedTuple, Protocol

from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.result import Result
from qat.kernels.control import RunControl
from qhpc.broker.drivers.messages import StateChanged, WindowCancelled, WindowPlanned

__all__ = ["DeviceError", "Driver", "Ran", "SliceControl", "SpecsKnown", "Told"]


class DeviceError(Exception):
    """The QPU could not run a slice, and the task is not to blame.

    Args:
        reason: for people: what happened, and what to do.
        is_retryable: whether the slice may succeed another time.
        may_have_run: whether nobody knows if it ran.
    """

    def __init__(self, reason: str, *, is_retryable: bool = True, may_have_run: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_retryable, self.may_have_run = reason, is_retryable, may_have_run


class Ran(NamedTuple):
    """A slice that has run.

    Attributes:
        result: of its shots.
        shots: how many it ran; fewer than asked for if it was stopped, 0 for a task that has none to count.
        overhead_s: seconds in which the QPU ran no shots.
    """

    result: Result
    shots: int
    overhead_s: float = 0.0


class SpecsKnown(NamedTuple):
    """The specs of the QPU are known, or others than before."""

    specs: HardwareSpecs


Told = StateChanged | WindowPlanned | WindowCancelled | SpecsKnown
"""What ``attend`` tells."""


class SliceControl(RunControl):
    """Stops a slice: what it computes in its ``with`` block, and waits that look at it.

    >>> control = SliceControl()
    >>> control.wait(0.0)
    False
    >>> control.cancel()
    >>> control.wait(60.0)
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_stopped = Event()

    def cancel(self) -> None:
        """Stop the slice. From any thread, at any time."""
        super().cancel()
        self._is_stopped.set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the slice is stopped; whether it is."""
        return self._is_stopped.wait(max(seconds, 0.0))


class Driver(Protocol):
    """A kind of QPU; see the module's text for which thread calls what."""

    def specs(self) -> HardwareSpecs:
        """What the QPU can do, as far as it is known now."""

    def load(self, payload: bytes) -> Any:
        """The task in a message from a user, ready to be run."""

    def prepare(self, loaded: Any) -> None:
        """Another slice of this task will be run soon."""

    def run(self, loaded: Any, shots: int, control: SliceControl) -> Ran:
        """Run shots of a task, 0 for as it is; sooner over if the control is cancelled."""

    def attend(self, tell: Callable[[Told], None], ending: Event) -> None:
        """Tell how the QPU is and will be, until ``ending`` is set; may return at once if there is nothing to tell."""

    def close(self) -> None:
        """Let go of the QPU; called when nothing runs any more."""
