"""Compilation to the topology of a device: swaps where a circuit's qubits do not interact."""

from __future__ import annotations

from typing import Any

from qat.core.enums import ProcessingType, TopologyType
from qat.core.errors import ErrorType, PluginException
from qat.core.notes import find_note, with_note
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.registers import measured_registers
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult
from qat.kernels.routing import Coupling, RoutingError, decomposed, route
from qat.kernels.tape import Tape
from qat.kernels.tape_algebra import opened, resized, tape_of
from qat.plugins.jobs import with_circuit, with_tape
from qat.plugins.relocation import moved_observable, read_registers, written_registers

__all__ = ["Nnizer", "Sabre"]

METHODS = ("atos", "sabre", "bka", "pbn")
ORDERS = (None, "reverse", "annealing")
NB_IMPROVEMENTS = 3


class Nnizer(AbstractPlugin):
    """Inserts swaps so that two-qubit gates act only on coupled qubits of the device below, by the SABRE algorithm.

    The device is what the stack's specs say (``QuameleonPlugin(topology=...)`` sets them). Results are those of the
    circuit as written: measured qubits and observables follow the qubits to where they end.

    Args:
        method: accepted for compatibility (``"atos"``, ``"sabre"``, ``"bka"``, ``"pbn"``); all name this algorithm.
        ignore_large_gates: leave gates on three or more qubits as they are instead of decomposing them; a gate
            without decomposition is otherwise refused.
        update_initial_order: ``None`` starts each qubit on its own number; ``"reverse"`` (or ``"annealing"``) looks
            for a better start by routing the circuit forth and back.
        kwargs: further published options, ignored.

    Raises:
        PluginException: the method or the order is unknown, or, at compilation, a circuit cannot be routed.

    >>> from qat.core import Topology, TopologyType
    >>> from qat.lang.AQASM import CNOT, H, Program
    >>> from qat.plugins import QuameleonPlugin
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> qubits = program.qalloc(3)
    >>> _ = H(qubits[0]), CNOT(qubits[0], qubits[2])
    >>> line = QuameleonPlugin(topology=Topology(type=TopologyType.LNN))
    >>> [str(sample.state) for sample in (Nnizer() | line | LinAlg()).submit(program.to_circ().to_job())]
    ['|000>', '|101>']
    """

    nb_improvements = 0

    def __init__(
        self,
        method: str = "atos",
        ignore_large_gates: bool = False,
        update_initial_order: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if method not in METHODS:
            raise _refused(f"Unknown method {method!r}: expected one of {', '.join(METHODS)}.")
        if update_initial_order not in ORDERS:
            raise _refused(f"Unknown update_initial_order {update_initial_order!r}: expected one of {ORDERS}.")
        self.method, self.ignore_large_gates = method, ignore_large_gates
        if update_initial_order is not None:
            self.nb_improvements = NB_IMPROVEMENTS

    def compile(self, batch: Batch, specs: HardwareSpecs | None) -> Batch:
        """Routes the circuit of every job."""
        routed = [self._routed(job, specs) for job in batch.jobs]
        return with_note(batch, [job for job, _ in routed], type(self).__name__, [note for _, note in routed])

    def _routed(self, job: Job, specs: HardwareSpecs | None) -> tuple[Job, Any]:
        if job.circuit is None or specs is None or specs.topology.type == TopologyType.ALL_TO_ALL:
            return job, None
        tape = opened(job.circuit.tape)
        coupling = device_coupling(specs, tape.nb_qubits)
        if _is_local(tape, coupling):
            return job, None
        if job.psi_0 is not None:
            raise _refused("A job with an initial state psi_0 cannot be routed; prepare the state with gates.")
        try:
            rows = tape.rows() if self.ignore_large_gates else decomposed(tape.rows())
            small = tape_of(rows, tape.nb_qubits, tape.nb_cbits)
            result = route(small, coupling, nb_improvements=self.nb_improvements)
        except RoutingError as error:
            raise _refused(f"{error}.") from error
        measured = range(tape.nb_qubits) if job.qubits is None else job.qubits
        registers = written_registers(measured_registers(job)) if job.type == ProcessingType.SAMPLE else None
        nb_used = 1 + max([*result.final, *result.tape.qubits.tolist()])
        changed = with_circuit(
            job,
            with_tape(job.circuit, resized(result.tape, nb_used, tape.nb_cbits), qregs=()),
            qubits=[result.final[qubit] for qubit in measured],
            observable=moved_observable(job.observable, result.final, nb_used),
        )
        return changed, registers

    def post_process(self, batch_result: BatchResult) -> BatchResult:
        """Gives the samples the registers of the circuit as written."""
        for result, registers in zip(batch_result, find_note(batch_result, type(self).__name__), strict=True):
            if registers is not None:
                result.wrap_samples(read_registers(registers))
        return batch_result


class Sabre(Nnizer):
    """Inserts swaps by the SABRE algorithm, looking for a good start of every qubit as well; see ``Nnizer``.

    >>> Sabre().nb_improvements
    3
    """

    nb_improvements = NB_IMPROVEMENTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("sabre", *args, **kwargs)


def device_coupling(specs: HardwareSpecs, nb_qubits: int) -> Coupling:
    """The coupled qubits of a device; a device that does not tell its size is as large as the circuit.

    >>> device_coupling(HardwareSpecs(), 2).neighbours
    [[1], [0]]
    """
    topology = specs.topology
    graph = topology.graph or {}
    size = max([specs.nbqbits or nb_qubits, *(1 + qubit for pair in graph.items() for qubit in (pair[0], *pair[1]))])
    if topology.type == TopologyType.LNN:
        return Coupling(size, [(qubit, qubit + 1) for qubit in range(size - 1)])
    if topology.type == TopologyType.ALL_TO_ALL:
        return Coupling(size, [(a, b) for a in range(size) for b in range(a)])
    return Coupling(size, [(a, b) for a, others in graph.items() for b in others])


def _is_local(tape: Tape, coupling: Coupling) -> bool:
    """Whether every gate can act as it is."""
    return tape.nb_qubits <= coupling.nb_qubits and all(
        len(row.qubits) < 2 or (len(row.qubits) == 2 and coupling.distances[row.qubits] == 1)
        for row in tape.rows()
        if row.form is not None
    )


def _refused(message: str) -> PluginException:
    return PluginException(ErrorType.INVALID_ARGS, __name__, message)
