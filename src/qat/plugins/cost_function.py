"""A cost function written in Python in the place of an observable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qat.core.errors import ErrorType, PluginException
from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.job import Batch
from qat.core.wrappers.result import BatchResult, Result

__all__ = ["CostFunctionPlugin"]


class CostFunctionPlugin(AbstractPlugin):
    """Gives each sampling result a value: the mean of a function over its samples, or a function of the result.

    It stands between an optimiser and the QPU: ``ScipyMinimizePlugin() | CostFunctionPlugin(cut_size) | LinAlg()``.

    Args:
        cost_function: maps a sample (or a result, see below) to a number to be minimised.
        is_result_argument: whether the function takes the whole result rather than one sample.

    >>> from qat.lang.AQASM import H, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = H(program.qalloc(2)[0])
    >>> stack = CostFunctionPlugin(lambda sample: sample.state.int) | LinAlg()
    >>> round(stack.submit(program.to_circ().to_job()).value, 6)
    1.0
    """

    def __init__(self, cost_function: Callable[[Any], float], is_result_argument: bool = False) -> None:
        super().__init__()
        self.cost_function = cost_function
        self.is_result_argument = is_result_argument

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Leaves the jobs as they are."""
        return batch

    def post_process(self, batch_result: BatchResult) -> BatchResult:
        """Sets the value of every result."""
        for result in batch_result:
            result.value = self.compute_cost(result)
        return batch_result

    def compute_cost(self, result: Result) -> float:
        """Value of one result: exact for exact distributions, otherwise the mean over the shots.

        Raises:
            PluginException: if the result has no samples.
        """
        if self.is_result_argument:
            return self.cost_function(result)
        samples = list(result.raw_data or result)
        if not samples:
            raise PluginException(
                ErrorType.INVALID_ARGS,
                __name__,
                "The result has no samples for the cost function; submit a job of type SAMPLE, without observable.",
            )
        return sum(self.cost_function(sample) * _weight(sample, len(samples)) for sample in samples)


def _weight(sample: Any, nb_samples: int) -> float:
    return float(1 / nb_samples if sample.probability is None else sample.probability)
