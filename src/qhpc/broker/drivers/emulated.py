"""The emulated device: an emulator that takes the time of a device, calibrates like one and fails like one.

The result is computed for real, then the slice goes on until the device would be done. Centres use it as development
partition, and we for experiments with the scheduler, in real time or faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock

from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Batch
from qat.core.wrappers.result import Result
from qat.kernels.control import RunCancelledError
from qhpc.broker.drivers.device_model import DeviceModel, SlicePlan
from qhpc.broker.drivers.messages import StateChanged, WindowPlanned
from qhpc.broker.drivers.protocol import DeviceError, Ran, SliceControl, Told
from qhpc.broker.drivers.service import ServiceDriver
from qhpc.broker.drivers.settings import EmulatedOptions

__all__ = ["EmulatedDriver", "EmulatedTask"]

_LOOK_S = 0.05
"""How often a slice that waits for the end of a calibration looks whether it is stopped."""


class EmulatedTask:
    """A task on the device.

    Args:
        batch: what to run, a batch of one job.
        prepared_s: since when its next slice has been on its way to the device.
    """

    def __init__(self, batch: Batch, prepared_s: float) -> None:
        self.batch = batch
        self.prepared_s: float | None = prepared_s

    @property
    def nb_shots(self) -> int:
        """Shots of the job; 0 if there are none to count."""
        return self.batch.jobs[0].nbshots or 0


class EmulatedDriver:
    """Runs slices on an emulator, in the time that a device would take.

    A slice that is stopped has the shots that the device had run by then. One that comes during a calibration waits
    for its end; a calibration waits for the slice that runs.

    Args:
        options: the emulator, and the times of the device.
        clock: seconds, never going back.
    """

    def __init__(self, options: EmulatedOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._emulator = ServiceDriver(options)
        self._model = DeviceModel(options)
        self._clock = clock
        self._device = Lock()

    def specs(self) -> HardwareSpecs:
        """What the emulator says of itself."""
        return self._emulator.specs()

    def load(self, payload: bytes) -> EmulatedTask:
        """Decode a task, and have it on its way to the device."""
        return EmulatedTask(self._emulator.load(payload), self._clock())

    def prepare(self, loaded: EmulatedTask) -> None:
        """Have the next slice on its way to the device, if it is not."""
        if loaded.prepared_s is None:
            loaded.prepared_s = self._clock()

    def run(self, loaded: EmulatedTask, shots: int, control: SliceControl) -> Ran:
        """Run a slice, in the time of the device.

        Raises:
            DeviceError: the device failed, as it sometimes does.
        """
        asked_s = self._clock()
        prepared_s, loaded.prepared_s = loaded.prepared_s, None
        with self._device_for(control):
            now_s = self._clock()
            plan = self._model.plan(shots or loaded.nb_shots, prepared_s or now_s, now_s)
            result = self._emulator.run(loaded.batch, shots, control).result
            is_stopped = control.wait(plan.end_s - self._clock())
        if is_stopped:
            return self._stopped(loaded, shots, plan, asked_s)
        if plan.fails:
            raise DeviceError("the emulated device failed, as its failure_rate says")
        return Ran(result, shots, plan.first_shot_s - asked_s)

    def attend(self, tell: Callable[[Told], None], ending: Event) -> None:
        """Announce each calibration when the one before is over, and calibrate."""
        for number, calibration in enumerate(self._model.calibrations(self._clock()), 1):
            wait_s = max(calibration.start_s - self._clock(), 0.0)
            tell(WindowPlanned(f"calibration-{number}", wait_s, calibration.length_s))
            if ending.wait(wait_s):
                return
            with self._device:
                tell(StateChanged("calibrating", "calibration", calibration.length_s))
                ending.wait(calibration.length_s)
                tell(StateChanged("up"))

    def close(self) -> None:
        """Nothing to let go of."""

    @contextmanager
    def _device_for(self, control: SliceControl) -> Iterator[None]:
        """Within, nothing else has the device; a slice that is stopped does not wait for it."""
        while not self._device.acquire(timeout=_LOOK_S):
            if control.is_cancelled:
                raise RunCancelledError
        try:
            yield
        finally:
            self._device.release()

    def _stopped(self, loaded: EmulatedTask, shots: int, plan: SlicePlan, asked_s: float) -> Ran:
        """What is left of a slice that was stopped."""
        done = min(plan.shots_by(self._clock()), shots or loaded.nb_shots)
        if not done:
            raise RunCancelledError
        result: Result = self._emulator.run(loaded.batch, done, SliceControl()).result
        return Ran(result, done if shots else 0, plan.first_shot_s - asked_s)
