"""Counting of gates on their way to the QPU."""

from __future__ import annotations

from typing import Any

from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.job import Batch

__all__ = ["StatPlugin"]


class StatPlugin(AbstractPlugin):
    """Prints the statistics of every circuit that passes.

    >>> from qat.lang.AQASM import H, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = H(program.qalloc(1))
    >>> _ = (StatPlugin() | LinAlg()).submit(program.to_circ().to_job())
    === StatPlugin:compile ===
    Job 0: {'nbqbits': 1, 'size': 1, 'gates': {'custom gate': 0, 'H': 1}, ...}
    """

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Prints the numbers and leaves the batch as it is."""
        print("=== StatPlugin:compile ===")
        for index, job in enumerate(batch.jobs):
            print(f"Job {index}: {job.circuit.statistics() if job.circuit is not None else 'no circuit'}")
        return batch
