"""The best of several launches."""

from __future__ import annotations

from typing import Any

import numpy as np

from qat.core.errors import ErrorType, PluginException
from qat.core.notes import find_note, with_note
from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.job import Batch
from qat.core.wrappers.result import BatchResult, Result

__all__ = ["MultipleLaunchesAnalyzer"]

NOTE = "MultipleLaunchesAnalyzer"


class MultipleLaunchesAnalyzer(AbstractPlugin):
    """Runs every job several times and keeps the result with the lowest value.

    In front of an optimiser without starting point this tries several random ones. The meta data of the result kept
    tell all ``reached_values`` and their variance (``optimal_values_variance``).

    Args:
        n_runs: number of launches of each job.
        verbose: print the values.

    Raises:
        ValueError: ``n_runs`` is below 1.

    >>> from qat.core import Observable
    >>> from qat.lang.AQASM import RY, Program
    >>> from qat.plugins import ScipyMinimizePlugin
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = RY(program.new_var(float, "a"))(program.qalloc(1))
    >>> stack = MultipleLaunchesAnalyzer(n_runs=3) | ScipyMinimizePlugin() | LinAlg()
    >>> round(stack.submit(program.to_circ().to_job(observable=Observable.sigma_z(0))).value, 6)
    -1.0
    """

    def __init__(self, n_runs: int = 5, verbose: bool = False) -> None:
        super().__init__()
        if n_runs < 1:
            raise ValueError(f"n_runs={n_runs}: each job must run at least once")
        self.n_runs = n_runs
        self.verbose = verbose

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Repeats every job."""
        return with_note(batch, [job for job in batch.jobs for _ in range(self.n_runs)], NOTE, self.n_runs)

    def post_process(self, batch_result: BatchResult) -> BatchResult:
        """Keeps the best result of each job."""
        n_runs = find_note(batch_result, NOTE)
        results = list(batch_result)
        best = [self._best(results[start : start + n_runs]) for start in range(0, len(results), n_runs)]
        return BatchResult(results=best, meta_data=batch_result.meta_data)

    def _best(self, launches: list[Result]) -> Result:
        values = [_value(result) for result in launches]
        best = launches[int(np.argmin(values))]
        best.meta_data = {
            **(best.meta_data or {}),
            "optimal_values_variance": str(float(np.var(values))),
            "reached_values": str(values),
        }
        if self.verbose:
            print(f"Values reached: {values}; lowest: {min(values)} at launch {int(np.argmin(values))}")
        return best


def _value(result: Result) -> float:
    if result.value is None:
        raise PluginException(
            ErrorType.INVALID_ARGS,
            __name__,
            "A result without value cannot be compared; give the job an observable or put a CostFunctionPlugin below.",
        )
    return float(np.real(result.value))
