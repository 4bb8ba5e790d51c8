"""The driver of a QPU of the installed services, in the driver's own process: a simulator, or a vendor's client."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from inspect import isabstract
from threading import Event
from typing import Any

from qat.core.qpu.qpu import CommonQPU
from qat.core.resources import AllocationModel
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Batch
from qhpc.broker.drivers.jobs import checked_batch, ran_on
from qhpc.broker.drivers.protocol import Ran, SliceControl, Told
from qhpc.broker.drivers.settings import BadOptions, ServiceOptions

__all__ = ["ServiceDriver", "qpu_of"]

_KIND = "qat.qpus"


def qpu_of(options: ServiceOptions) -> CommonQPU:
    """The QPU that options name.

    Only what installed packages publish as QPUs can be named; nothing is imported by name.

    Raises:
        BadOptions: there is no such QPU, or it cannot be made so.

    >>> qpu_of(ServiceOptions(service="qat.qpus:LinAlg", arguments={"seed": 1})).modulename
    'qat.linalg'
    """
    service = _class(options.service)
    try:
        qpu: CommonQPU = service(**options.arguments)
        if options.memory_mb is not None:
            qpu.apply_resource_consumption_limits(AllocationModel(allocated_total_memory_mb=options.memory_mb))
    except Exception as error:  # whatever a service of another package raises, the operator is told
        given = ", ".join(f"{name}={value!r}" for name, value in options.arguments.items())
        raise BadOptions(f"{options.service}({given:.200}) cannot be made: {type(error).__name__}: {error}") from error
    return qpu


class ServiceDriver:
    """Runs slices on a QPU in this process.

    Args:
        options: which QPU, and its limits.
    """

    def __init__(self, options: ServiceOptions) -> None:
        self._options = options
        self._qpu = qpu_of(options)

    def specs(self) -> HardwareSpecs:
        """What the QPU says of itself."""
        return self._qpu.get_specs()

    def load(self, payload: bytes) -> Batch:
        """The job."""
        return checked_batch(payload, max_qubits=self._options.max_qubits, max_shots=self._options.max_shots)

    def prepare(self, loaded: Batch) -> None:
        """Nothing to prepare."""

    def run(self, loaded: Batch, shots: int, control: SliceControl) -> Ran:
        """Run a slice; of one that is stopped nothing is left, if the QPU looks at the control."""
        with control:
            return Ran(ran_on(self._qpu, loaded, shots), shots)

    def attend(self, tell: Callable[[Told], None], ending: Event) -> None:
        """It is up as long as this process is."""

    def close(self) -> None:
        """Nothing to let go of."""


def _class(address: str) -> Any:
    kind, _, name = address.partition(":")
    if kind != _KIND or not name.isidentifier():
        raise BadOptions(f"service is {address!r}: expected {_KIND}:NAME, for example {_KIND}:LinAlg")
    module = import_module(_KIND)
    service = getattr(module, name, None)
    if not (isinstance(service, type) and issubclass(service, CommonQPU) and not isabstract(service)):
        near = get_close_matches(name, dir(module), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(dir(module))}"
        raise BadOptions(f"service is {address!r}: there is no such QPU here; {hint}")
    return service
