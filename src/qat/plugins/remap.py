"""Removal of the qubits on which a circuit does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qat.core.enums import ProcessingType
from qat.core.notes import find_note, with_note
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.registers import measured_registers
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result, Sample
from qat.kernels.tape import Kind, Tape
from qat.kernels.tape_algebra import opened, relabelled
from qat.plugins.jobs import with_circuit, with_tape
from qat.plugins.relocation import UNUSED, moved_observable, read_registers, written_registers

__all__ = ["Remap"]

NOTE = "Remap"


class Remap(AbstractPlugin):
    """Simulates only the qubits that are used, called 0, 1, ... in order of first use; the others are in state 0.

    The results are those of the full circuit: measured unused qubits are put back as zeros, and observables are
    reduced to the used qubits. Classical bits stay. Jobs with an initial state, a schedule, remappings or fermionic
    terms pass unchanged.

    Args:
        keep_topology: keep the numbers of the qubits and remove only those after the last used one.

    >>> from qat.lang.AQASM import CNOT, X, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> qubits = program.qalloc(40)
    >>> _ = X(qubits[30]), CNOT(qubits[30], qubits[7])
    >>> result = (Remap() | LinAlg()).submit(program.to_circ().to_job(qubits=[7, 8, 30]))
    >>> str(result[0].state)
    '|101>'
    """

    def __init__(self, keep_topology: bool = False) -> None:
        super().__init__()
        self.keep_topology = keep_topology

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Reduces every job."""
        reduced = [self._reduced(job) for job in batch.jobs]
        return with_note(batch, [job for job, _ in reduced], NOTE, [note for _, note in reduced])

    def _reduced(self, job: Job) -> tuple[Job, Any]:
        if job.circuit is None or not _is_reducible(job):
            return job, None
        tape = opened(job.circuit.tape)
        places = self._places(tape)
        nb_qubits = max(places) + 1
        measured = job.qubits if job.qubits is not None else range(tape.nb_qubits)
        kept = [index for index, qubit in enumerate(measured) if places[qubit] != UNUSED]
        circuit = with_tape(job.circuit, relabelled(tape, places, nb_qubits), qregs=())
        fields = {
            "qubits": [places[measured[index]] for index in kept] or [0],
            "observable": moved_observable(job.observable, places, nb_qubits),
        }
        note = {"kept": kept, "nb_measured": len(measured), "registers": written_registers(measured_registers(job))}
        return with_circuit(job, circuit, **fields), note if job.type == ProcessingType.SAMPLE else None

    def _places(self, tape: Tape) -> list[int]:
        """The new number of each qubit, or ``UNUSED``; at least one qubit is kept."""
        used = list(dict.fromkeys(tape.qubits.tolist())) or [0]
        if self.keep_topology:
            used = list(range(max(used) + 1))
        new = {qubit: place for place, qubit in enumerate(used)}
        return [new.get(qubit, UNUSED) for qubit in range(tape.nb_qubits)]

    def post_process(self, batch_result: BatchResult) -> BatchResult:
        """Puts the unused qubits back."""
        notes = find_note(batch_result, NOTE)
        restored = [
            result if note is None else _restored(result, note)
            for result, note in zip(batch_result, notes, strict=True)
        ]
        return BatchResult(results=restored, meta_data=batch_result.meta_data)


def _is_reducible(job: Job) -> bool:
    if job.circuit is None or job.psi_0 is not None or job.observables or job.circuit.nbqbits == 0:
        return False
    terms = (job.observable.terms or ()) if job.observable is not None else ()
    has_remaps = bool((job.circuit.tape.kinds == Kind.REMAP).any())
    return not has_remaps and all(set(term.op) <= set("XYZ") for term in terms)


def _restored(result: Result, note: dict[str, Any]) -> Result:
    """The result with a zero for each measured qubit that was removed."""
    samples, nb_measured = list(result), note["nb_measured"]
    if not note["kept"]:
        return _only_zeros(result, samples, note)
    shifts = [nb_measured - 1 - index for index in note["kept"]]
    return Result.from_arrays(
        [_spread(_number(sample), shifts) for sample in samples],
        probabilities=_column(samples, "probability"),
        amplitudes=_column(samples, "amplitude"),
        errors=_column(samples, "err"),
        intermediate_measurements=_column(samples, "intermediate_measurements"),
        nbqbits=nb_measured,
        qregs=read_registers(note["registers"]),
        meta_data=result.meta_data,
    )


def _only_zeros(result: Result, samples: Sequence[Sample], note: dict[str, Any]) -> Result:
    """The result where every measured qubit was removed: certainly zeros, whatever the qubit measured instead gave."""
    is_sharp = samples[0].probability is not None
    return Result.from_arrays(
        [0] if is_sharp else [0] * len(samples),
        probabilities=[sum(sample.probability or 0.0 for sample in samples)] if is_sharp else None,
        errors=[0.0] if samples[0].err is not None else None,
        intermediate_measurements=None if is_sharp else _column(samples, "intermediate_measurements"),
        nbqbits=note["nb_measured"],
        qregs=read_registers(note["registers"]),
        meta_data=result.meta_data,
    )


def _number(sample: Sample) -> int:
    assert sample.state is not None
    return sample.state.int


def _spread(state: int, shifts: Sequence[int]) -> int:
    """The bits of a state, most significant first, moved to the given places."""
    last = len(shifts) - 1
    return sum(((state >> (last - index)) & 1) << shift for index, shift in enumerate(shifts))


def _column(samples: Sequence[Sample], name: str) -> Any:
    column = [getattr(sample, name) for sample in samples]
    return None if any(entry is None for entry in column) else column
