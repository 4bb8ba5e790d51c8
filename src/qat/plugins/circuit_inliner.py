"""Opening of the boxes of circuits."""

from __future__ import annotations

from typing import Any

from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.job import Batch, Job
from qat.kernels.tape_algebra import has_boxes, opened
from qat.plugins.jobs import with_circuit, with_tape

__all__ = ["CircuitInliner"]


class CircuitInliner(AbstractPlugin):
    """Replaces every call of a routine by the gates in it, for QPUs that know no routines.

    Args:
        inplace: give the jobs themselves their new circuits; otherwise the jobs are copied first.

    >>> from qat.lang.AQASM import H, Program, QRoutine
    >>> routine = QRoutine()
    >>> _ = H(routine.new_wires(1))
    >>> program = Program()
    >>> _ = routine.box("Mix")(program.qalloc(1))
    >>> circuit = program.to_circ(box_routines=True)
    >>> [op[0] for op in circuit.iterate_simple(depth=0)]
    ['Mix']
    >>> batch = CircuitInliner().compile(Batch([circuit.to_job()]), None)
    >>> [op[0] for op in batch[0].circuit.iterate_simple(depth=0)]
    ['H']
    """

    def __init__(self, inplace: bool = True) -> None:
        super().__init__()
        self.inplace = inplace

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Opens the boxes of every circuit."""
        batch.jobs = [self._inlined(job) for job in batch.jobs]
        return batch

    def _inlined(self, job: Job) -> Job:
        if job.circuit is None or not has_boxes(job.circuit.tape):
            return job
        circuit = with_tape(job.circuit, opened(job.circuit.tape))
        if not self.inplace:
            return with_circuit(job, circuit)
        job.circuit = circuit
        return job
