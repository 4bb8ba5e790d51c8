"""The classes of QPUs, and the stack of plugins on a QPU, which is a QPU too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from inspect import Parameter, signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from qat.core.composition import EXPECTED, refuse
from qat.core.contexts import ServiceContext, current_qpu
from qat.core.errors import ErrorType, QPUException
from qat.core.lazy import lazy_exports
from qat.core.pipeline import SubmissionError, as_batch, compile_down, run_chain
from qat.core.plugins import AbstractPlugin, CompositePlugin, flattened
from qat.core.qpu.registers import get_registers, measured_registers
from qat.core.services import OffloadedService
from qat.core.serving import Servable
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result

if TYPE_CHECKING:
    pass

__all__ = ["CommonQPU", "CompositeQPU", "OffloadedQPU", "QPUHandler", "get_current_qpu", "get_registers"]


class CommonQPU(ServiceContext, Servable):
    """What every QPU can do, local or remote, alone or below plugins: ``submit`` jobs and tell its specs.

    Args:
        plugins: plugins in front of this QPU, outermost first; the same as piping them to it.

    >>> from qat.core import Circuit
    >>> from qat.qpus import LinAlg
    >>> isinstance(LinAlg(), CommonQPU), len(LinAlg().submit([Circuit.empty(1).to_job()] * 3))
    (True, 3)
    """

    _role = "QPU"
    is_safe_to_retry: bool = False
    """Whether a server may run a job again whose run was cut off: so for a simulator, not where runs are paid for."""
    qpu_pools: Mapping[str, float | None] = MappingProxyType({})
    """Pools of shared QPUs that it uses, and the part of a QPU's time that it needs of each (None: the usual one): a
    server asks its cluster for them. A site's QPU that is shared has its own here."""
    _plugins: tuple[AbstractPlugin, ...] = ()

    def __init__(self, plugins: Sequence[AbstractPlugin] | None = None) -> None:
        if plugins:
            self._plugins = flattened(plugins)

    @overload
    def submit(self, batch: Job, meta_data: dict[str, str] | None = None) -> Result: ...
    @overload
    def submit(self, batch: Batch | Sequence[Job], meta_data: dict[str, str] | None = None) -> BatchResult: ...
    def submit(self, batch: Any, meta_data: dict[str, str] | None = None) -> Result | BatchResult:
        """Execute jobs.

        Args:
            batch: a Job, a list of jobs or a Batch.
            meta_data: added to the batch's own for this submission.

        Returns:
            A Result for a Job, otherwise a BatchResult with one result per job.

        Raises:
            SubmissionError: something else was submitted.
        """
        single = isinstance(batch, Job)
        request = as_batch(batch, meta_data)
        if self._plugins:
            results = run_chain(self._plugins, self._submit_batch, request, self._specs_below(), single=single)
        else:
            results = self._submit_batch(request)
        return results.results[0] if single else results

    def submit_job(self, job: Job) -> Result:
        """Execute one job; plugins do not see it."""
        raise NotImplementedError(f"{type(self).__name__} does not define submit_job(self, job)")

    def get_specs(self) -> HardwareSpecs:
        """What this QPU can do: number of qubits, topology, gate set, description. By default nothing is known."""
        return HardwareSpecs()

    def compile(self, batch: Batch) -> Batch:
        """Only compile a Batch: the jobs as the QPU at the bottom would get them.

        Raises:
            SubmissionError: it is not a Batch.
            PluginContractError: a plugin did not return a Batch.
        """
        if not isinstance(batch, Batch):
            raise SubmissionError(f"expected a Batch, got an object of type {type(batch).__name__}; pass Batch([job])")
        return compile_down(self._plugins, as_batch(batch), self._specs_below()) if self._plugins else batch

    def post_process(self, results: BatchResult) -> BatchResult:
        """Only post-process: the results as the plugins of this stack would return them.

        Raises:
            QPUException: a plugin wants to run more jobs.
        """
        answer = CompositePlugin(*self._plugins).post_process(results)
        if isinstance(answer, Batch):
            raise QPUException(
                ErrorType.INVALID_ARGS, type(self).__module__, f"{self} resubmits; use submit instead of post_process"
            )
        return answer

    def push_plugin(self, plugin: AbstractPlugin) -> None:
        """Put a plugin in front of this QPU, in place. Prefer ``plugin | qpu``, which leaves it as it is."""
        self._plugins = flattened((plugin, *self._plugins))

    def estimate_resources_for_batch(self, batch: Batch) -> Any:
        """Resources that a batch would need, one ``ResourceModel`` per job; None when they are not known."""
        return None

    def apply_resource_consumption_limits(self, allocation_model: Any) -> None:
        """Keep to an ``AllocationModel``; a QPU that cannot raises."""
        raise NotImplementedError(f"{type(self).__name__} cannot limit the resources it uses")

    @staticmethod
    def wrap_result(job: Job, res: Result) -> None:
        """Give the samples of a result the width and types of the job's measured registers, in place."""
        res.wrap_samples(measured_registers(job))

    def _submit_batch(self, batch: Batch) -> BatchResult:
        """Execute a batch below this QPU's own plugins."""
        execute = _job_executor(self, batch.meta_data or {})
        return BatchResult(results=[self._wrapped(job, execute(job)) for job in batch.jobs], meta_data=batch.meta_data)

    def _wrapped(self, job: Job, result: Any) -> Result:
        if not isinstance(result, Result):
            message = f"submit_job returned {result!r:.80} instead of a Result; end it with 'return result'"
            raise QPUException(ErrorType.NONERESULT, type(self).__module__, f"{type(self).__name__}: {message}")
        self.wrap_result(job, result)
        return result

    def _specs_below(self) -> HardwareSpecs:
        """Specs of what lies below this QPU's own plugins."""
        return self.get_specs()

    def _is_open(self) -> bool:
        """Whether a QPU is still missing at the bottom."""
        return False

    def _parts(self) -> tuple[Any, ...]:
        return self._plugins

    def __or__(self, other: Any) -> Any:
        return refuse(self, other, EXPECTED["QPU"])

    def __str__(self) -> str:
        return " | ".join([*map(str, self._plugins), type(self).__name__])


class QPUHandler(CommonQPU, ABC):
    """Base of QPUs: define ``submit_job(self, job)`` or ``submit_job(self, job, meta_data)``.

    Define ``get_specs`` too when the hardware has limits that plugins should know.

    >>> from qat.core import Job, Result
    >>> class Loaded(QPUHandler):
    ...     def submit_job(self, job):
    ...         result = Result()
    ...         result.add_sample(2, probability=1.0)
    ...         return result
    >>> Loaded().submit([Job(), Job()]).results[0][0].probability
    1.0
    """

    @abstractmethod
    def submit_job(self, job: Job) -> Result:
        """Execute one job: a bound circuit or schedule to sample or whose observable to evaluate."""


class OffloadedQPU(OffloadedService):
    """Mark of QPUs that may run on a server."""


class CompositeQPU(QPUHandler):
    """Plugins on a QPU: what ``plugin | qpu`` gives. Itself a QPU.

    Args:
        plugin: a plugin or a CompositePlugin.
        qpu: a QPU, a stack, or a junction still waiting for its QPU.

    >>> from qat.core.empty import EmptyPlugin
    >>> from qat.qpus import LinAlg
    >>> stack = CompositeQPU(EmptyPlugin(), LinAlg())
    >>> print(stack, "=", EmptyPlugin() | LinAlg())
    EmptyPlugin | LinAlg = EmptyPlugin | LinAlg
    """

    def __init__(self, plugin: AbstractPlugin, qpu: CommonQPU) -> None:
        super().__init__()
        inner = qpu._plugins if type(qpu) is CompositeQPU else ()
        self.plugin = plugin
        self.qpu: CommonQPU = qpu.qpu if type(qpu) is CompositeQPU else qpu
        self._plugins = flattened((plugin, *inner))

    def submit_job(self, job: Job, meta_data: dict[str, str] | None = None) -> Result:
        """Execute one job on the QPU below; the plugins do not see it."""
        execute = _job_executor(self.qpu, meta_data or {})
        return execute(job)

    def get_specs(self) -> HardwareSpecs:
        """Specs of the QPU as changed by the plugins."""
        specs = self.qpu.get_specs()
        for plugin in reversed(self._plugins):
            specs = plugin.get_specs(specs)
        return specs

    def compile(self, batch: Batch) -> Batch:
        """Only compile: through the plugins of this stack and those of its QPU."""
        return self.qpu.compile(super().compile(batch))

    def _submit_batch(self, batch: Batch) -> BatchResult:
        results: Any = self.qpu.submit(batch)
        if not isinstance(results, BatchResult):
            name, message = type(self.qpu).__name__, f"submit returned {results!r:.80} instead of a BatchResult"
            raise QPUException(ErrorType.NONERESULT, type(self.qpu).__module__, f"{name}: {message} for a Batch")
        return results

    def _specs_below(self) -> HardwareSpecs:
        return self.qpu.get_specs()

    def _is_open(self) -> bool:
        return self.qpu._is_open()

    def _parts(self) -> tuple[Any, ...]:
        return (*self._plugins, self.qpu)

    def __or__(self, other: Any) -> Any:
        below = self.qpu.__or__(other)  # a junction takes another QPU, anything else refuses
        return below if below is NotImplemented else CompositeQPU(CompositePlugin(*self._plugins), below)

    def __str__(self) -> str:
        return " | ".join([*map(str, self._plugins), str(self.qpu)])


def get_current_qpu() -> CommonQPU | None:
    """The QPU of the innermost ``with qpu:``, or None.

    >>> from qat.qpus import LinAlg
    >>> with LinAlg():
    ...     print(get_current_qpu())
    LinAlg
    >>> print(get_current_qpu())
    None
    """
    qpu: CommonQPU | None = current_qpu()
    return qpu


def _job_executor(qpu: CommonQPU, meta_data: dict[str, str]) -> Callable[[Job], Result]:
    """``qpu.submit_job`` of one argument, whether it takes the meta data or not."""
    submit_job: Any = qpu.submit_job
    if not _takes_meta_data(getattr(submit_job, "__func__", submit_job), hasattr(submit_job, "__func__")):
        return submit_job  # type: ignore[no-any-return]
    return lambda job: submit_job(job, meta_data)


@lru_cache(maxsize=256)
def _takes_meta_data(function: Callable[..., Any], is_method: bool) -> bool:
    """Whether a ``submit_job`` accepts a second positional argument."""
    try:
        parameters = signature(function).parameters.values()
    except ValueError:
        return False
    positional = sum(p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for p in parameters)
    return positional > 1 + is_method or any(p.kind is Parameter.VAR_POSITIONAL for p in parameters)


__getattr__, __dir__ = lazy_exports(__name__, {"RemoteQPU": "qat.served"})
