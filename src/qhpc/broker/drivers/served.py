"""The driver of a QPU that another process serves, by its address."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from qat.core.errors import QPUException, WireError
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Batch
from qat.served import RemoteQPU
from qat.served.stream import SilenceError, StreamClosedError
from qhpc.broker.drivers.jobs import checked_batch, ran_on
from qhpc.broker.drivers.messages import StateChanged
from qhpc.broker.drivers.protocol import DeviceError, Ran, SliceControl, SpecsKnown, Told
from qhpc.broker.drivers.settings import ServedOptions

__all__ = ["ServedDriver"]


class ServedDriver:
    """Runs slices on a served QPU. A slice that has begun there cannot be stopped.

    Args:
        options: where it is.
    """

    def __init__(self, options: ServedOptions) -> None:
        self._options = options
        self._qpu = RemoteQPU(options.port, options.host, options.certificate, options.key, ssl_ca=options.authority)
        self._specs = HardwareSpecs()

    def specs(self) -> HardwareSpecs:
        """What the server said last."""
        return self._specs

    def load(self, payload: bytes) -> Batch:
        """The job."""
        return checked_batch(payload, max_qubits=self._options.max_qubits, max_shots=self._options.max_shots)

    def prepare(self, loaded: Batch) -> None:
        """Nothing to prepare."""

    def run(self, loaded: Batch, shots: int, control: SliceControl) -> Ran:
        """Run a slice there.

        Raises:
            DeviceError: the server is not there, or was lost meanwhile.
            QPUException: what the QPU says of the job.
        """
        try:
            return Ran(ran_on(self._qpu, loaded, shots), shots)
        except QPUException as error:
            if (trouble := _trouble(error)) is not None:
                raise trouble from error
            raise

    def attend(self, tell: Callable[[Told], None], ending: Event) -> None:
        """Ask the server now and then for the QPU's specs: so it is up, or it is not."""
        is_up = True
        while not ending.is_set():
            try:
                self._specs = self._qpu.get_specs()
            except QPUException as error:
                is_up = False
                tell(StateChanged("down", str(error.message), self._options.check_every_s))
            else:
                tell(SpecsKnown(self._specs))
                if not is_up:
                    tell(StateChanged("up"))
                is_up = True
            ending.wait(self._options.check_every_s)

    def close(self) -> None:
        """Hang up."""
        self._qpu.close()


def _trouble(error: QPUException) -> DeviceError | None:
    """The trouble with the connection that an exception tells of; None if it tells of the job."""
    cause = error.__cause__
    if not isinstance(cause, OSError | WireError):
        return None
    is_lost = isinstance(cause, StreamClosedError | SilenceError | WireError)
    return DeviceError(str(error.message), may_have_run=is_lost)
