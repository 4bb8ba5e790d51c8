"""Junctions: plugins that decide, from one execution to the next, what the stack below them runs."""

from __future__ import annotations

from abc import abstractmethod
from contextvars import ContextVar
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

from qat.core.composition import EXPECTED, refuse
from qat.core.contexts import PLUGINS, QPUS, Services
from qat.core.errors import ErrorType, PluginException, ServiceError
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.qpu import CommonQPU, QPUHandler
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result

if TYPE_CHECKING:
    from qat.core.wrappers.hardware_specs import HardwareSpecs

__all__ = ["Junction"]

Answer = TypeVar("Answer", Result, BatchResult)

_MODULE = "qat.plugins.junction"


class Junction(QPUHandler):
    """A stage that runs what lies below it as often as it likes: define ``run``, call ``self.execute`` in it.

    ``junction | qpu`` is the junction itself, now holding the QPU, and a QPU in its own right. A junction that already
    holds a QPU may be piped again: that makes a copy on the other QPU, and the first stack stays as it is.

    Args:
        collective: whether ``run`` gets a whole Batch instead of one Job after the other.

    >>> from qat.core import Result
    >>> class Best(Junction):
    ...     def run(self, initial_object, meta_data):
    ...         return max((self.execute(initial_object) for _ in range(3)), key=lambda result: result.value)
    >>> class Counter(QPUHandler):
    ...     calls = 0
    ...     def submit_job(self, job):
    ...         self.calls += 1
    ...         return Result(value=self.calls)
    >>> (Best() | Counter()).submit(Job()).value
    3
    """

    _role = "junction"
    is_safe_to_retry = True
    collective: bool = False
    _below: Any = None

    def __init__(self, collective: bool = False) -> None:
        super().__init__()
        self.collective = collective

    @abstractmethod
    def run(self, initial_object: Any, meta_data: dict[str, str]) -> Any:
        """Answer one Job with a Result, or a Batch (when ``collective``) with a BatchResult.

        Args:
            initial_object: the Job, or the Batch.
            meta_data: what was submitted with it.
        """

    def execute(self, qlm_object: Any) -> Any:
        """Run a Job (giving a Result) or a list of jobs or Batch (giving a BatchResult) below this junction."""
        return self._required_qpu().submit(qlm_object)

    @property
    def qpu(self) -> CommonQPU | None:
        """The QPU or stack below, if there is one."""
        return self._below if isinstance(self._below, CommonQPU) else None

    def has_qpu(self) -> bool:
        """Whether a complete stack lies below."""
        return self.qpu is not None and not self.qpu._is_open()

    def get_specs(self) -> HardwareSpecs:
        """Specs of what lies below."""
        return self._required_qpu().get_specs()

    def submit_job(self, job: Job) -> Result:
        """Execute one job on the QPU below; this junction does not see it."""
        return self._required_qpu().submit_job(job)

    def estimate_resources_for_batch(self, batch: Batch) -> Any:
        """Resources that a batch would need below."""
        return self._required_qpu().estimate_resources_for_batch(batch)

    def apply_resource_consumption_limits(self, allocation_model: Any) -> None:
        """Have the QPU below keep to an ``AllocationModel``."""
        self._required_qpu().apply_resource_consumption_limits(allocation_model)

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, CommonQPU | AbstractPlugin):
            return refuse(self, other, EXPECTED["junction"])
        stack = copy(self) if self.has_qpu() else self
        stack._below = other if self._below is None or self.has_qpu() else self._below | other
        return stack

    def __str__(self) -> str:
        below = [] if self._below is None else [str(self._below)]
        return " | ".join([*map(str, self._plugins), type(self).__name__, *below])

    def _submit_batch(self, batch: Batch) -> BatchResult:
        self._required_qpu()
        meta_data = batch.meta_data or {}
        if self.collective:
            results = self._answer(batch, meta_data, BatchResult)
            results.meta_data = {**meta_data, **(results.meta_data or {})}
            return results
        answers = [self._wrapped(job, self._answer(job, meta_data, Result)) for job in batch.jobs]
        return BatchResult(results=answers, meta_data=meta_data)

    def _answer(self, initial_object: Any, meta_data: dict[str, str], expected: type[Answer]) -> Answer:
        try:
            answer = self.run(initial_object, meta_data)
        except ServiceError:
            raise
        except Exception as error:
            message = f'Caught exception from junction: "{error}" ({type(error).__name__} in {type(self).__name__}.run)'
            raise PluginException(modulename=_MODULE, message=message) from error
        if isinstance(answer, expected):
            return answer
        message = (
            f"{type(self).__name__}: run returned {answer!r:.80} instead of a {expected.__name__} "
            f"for a {type(initial_object).__name__}"
        )
        raise PluginException(ErrorType.INVALID_ARGS, _MODULE, message)

    def _required_qpu(self) -> CommonQPU:
        if self.qpu is None or self.qpu._is_open():
            raise ValueError(f"{self} has no QPU below it; pipe it to one: {self} | LinAlg()")
        return self.qpu

    def _is_open(self) -> bool:
        return not self.has_qpu()

    def _parts(self) -> tuple[Any, ...]:
        return (*self._plugins, self._below)

    def _context(self) -> ContextVar[Services]:
        return QPUS if self.has_qpu() else PLUGINS

    def _over(self, qpu: CommonQPU) -> CommonQPU:
        stack: CommonQPU = copy(self) | qpu
        return stack
