"""A plugin that makes a QPU look like other hardware: it shows that hardware's specs and refuses what they forbid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from qat.core.enums import ErrorType, ProcessingType, TopologyType
from qat.core.errors import PluginException
from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.hardware_specs import HardwareSpecs, Topology

if TYPE_CHECKING:
    from qat.core.gate_set import GateSet
    from qat.core.wrappers.circuit import Circuit
    from qat.core.wrappers.job import Batch, Job

__all__ = ["QuameleonPlugin"]


class QuameleonPlugin(AbstractPlugin):
    """Shows given specs instead of the QPU's and refuses jobs that do not fit them.

    Args:
        specs: the specs to show; the other arguments are used only without it.
        topology: the topology to show.
        gate_set: the gate set to show.

    >>> from qat.core import HardwareSpecs
    >>> QuameleonPlugin(HardwareSpecs(nbqbits=5)).get_specs(HardwareSpecs(nbqbits=30)).nbqbits
    5
    """

    def __init__(
        self, specs: HardwareSpecs | None = None, topology: Topology | None = None, gate_set: GateSet | None = None
    ) -> None:
        super().__init__()
        self.specs = HardwareSpecs(topology=topology, gateset=gate_set) if specs is None else specs

    def get_specs(self, specs: HardwareSpecs) -> HardwareSpecs:
        """The specs to show, whatever lies below."""
        return self.specs

    def compile(self, batch: Batch, specs: HardwareSpecs) -> Batch:
        """The batch as it is.

        Raises:
            PluginException: a job is of a type, uses a gate, has an interaction or a number of qubits that the
                hardware does not support.
        """
        for job in batch.jobs:
            self._check(job)
        return batch

    def _check(self, job: Job) -> None:
        supported = self.specs.processing_types
        if supported and job.type not in supported:
            names = ", ".join(ProcessingType._VALUES_TO_NAMES[kind] for kind in supported)
            name = ProcessingType._VALUES_TO_NAMES[job.type]
            refuse(f"Hardware does not support the processing type of the job (job type {name} not in [{names}])")
        if job.circuit is not None:
            check_size(job.circuit, self.specs)
            check_gates(job.circuit, self.specs)


def check_size(circuit: Circuit, specs: HardwareSpecs) -> None:
    """Check that a circuit is not larger than the hardware."""
    if specs.nbqbits is not None and circuit.nbqbits > specs.nbqbits:
        counts = f"Hardware has {specs.nbqbits} qubits, the circuit has {circuit.nbqbits}"
        refuse(f"{counts}: use fewer qubits or larger hardware")


def check_gates(circuit: Circuit, specs: HardwareSpecs) -> None:
    """Check that the hardware has every gate of a circuit and the interactions that the gates need."""
    edges = edges_of(specs.topology)
    for name, _, qubits, *_ in circuit.iterate_simple():
        gate = name.removeprefix("D-")
        if specs.gateset is not None and gate not in specs.gateset and gate not in _CLASSICAL:
            refuse(f"Hardware does not support gate {gate}: rewrite it with {', '.join(specs.gateset)}")
        if len(qubits) > 1 and gate not in _CLASSICAL and not is_supported(qubits, specs.topology, edges):
            refuse(
                f"Hardware topology does not support {list(qubits)} interactions (gate {gate}): put a plugin that "
                "moves qubits in front, such as Nnizer()"
            )


_CLASSICAL = ("MEASURE", "RESET", "LOGIC", "BREAK", "CLASSIC", "REMAP")


def is_supported(qubits: list[int], topology: Topology, edges: set[tuple[int, int]]) -> bool:
    """Whether a gate may act on these qubits: neighbours, the first before the second in a directed topology."""
    if topology.type == TopologyType.ALL_TO_ALL:
        return True
    if len(qubits) != 2:
        return False
    if topology.type == TopologyType.LNN:
        return abs(qubits[0] - qubits[1]) == 1
    return (qubits[0], qubits[1]) in edges


def edges_of(topology: Topology) -> set[tuple[int, int]]:
    """The pairs of qubits that a custom topology connects, in the directions it allows."""
    pairs = {(source, target) for source, targets in (topology.graph or {}).items() for target in targets}
    return pairs if topology.is_directed else pairs | {(target, source) for source, target in pairs}


def refuse(message: str) -> NoReturn:
    """Raise the exception of this plugin."""
    raise PluginException(ErrorType.ILLEGAL_GATES, "qat.core.quameleon", message)
