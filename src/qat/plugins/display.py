"""Printing of circuits on their way to the QPU."""

from __future__ import annotations

import sys
from typing import Any

from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.job import Batch

__all__ = ["Display"]


class Display(AbstractPlugin):
    """Draws every circuit that passes.

    Args:
        args: accepted for compatibility.
        kwargs: ``batchmode=True`` draws without pausing after each circuit (there is no pause either when the
            standard input is no terminal); everything else goes to ``circuit.display``.

    >>> from qat.lang.AQASM import H, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = H(program.qalloc(1))
    >>> _ = (Display(batchmode=True) | LinAlg()).submit(program.to_circ().to_job())
        ┌───┐
    q0 ─┤ H ├──
        └───┘
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.batchmode = bool(kwargs.pop("batchmode", False))
        self.options = kwargs

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Draws the circuits and leaves the batch as it is."""
        for job in batch.jobs:
            if job.circuit is None:
                continue
            job.circuit.display(**self.options)
            if not self.batchmode and sys.stdin.isatty():
                input("Press Enter for the next circuit ")
        return batch
