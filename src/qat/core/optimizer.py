"""Optimizers: junctions that search the parameters which minimise the value of a job."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from qat.core.enums import ProcessingType
from qat.core.errors import ErrorType, PluginException
from qat.core.junction import Junction
from qat.core.progress import report_evaluation
from qat.core.qpu.qpu import CompositeQPU
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result

__all__ = ["Optimizer"]

Parameters = Mapping[str, float]


class Optimizer(Junction):
    """A junction that sees a job as a function of its variables: define ``optimize``, call ``self.evaluate`` in it.

    Jobs without variables pass straight through. Attributes, valid while ``optimize`` runs: ``job`` is the job to
    optimise (the Batch when ``collective``: the sum of its values), ``trace`` the values found so far.

    Args:
        collective: whether all jobs of a batch share their variables, and the sum of their values is optimised.
        **binding_kwargs: passed on when the job's variables are bound, e.g. ``gate_set``.

    >>> from qat.core import Observable, Result, Schedule, Variable
    >>> from qat.core.qpu import QPUHandler
    >>> class Parabola(QPUHandler):
    ...     def submit_job(self, job):
    ...         return Result(value=(job.parameter_map["x"] - 2) ** 2)
    >>> class Scan(Optimizer):
    ...     def optimize(self, var_names):
    ...         value, x = min((self.evaluate({"x": x}), x) for x in (1.0, 2.0, 4.0))
    ...         return value, [x], "three points"
    >>> job = Schedule([(Variable("x"), Observable.sigma_z(0, 1))]).to_job(observable=Observable.sigma_z(0, 1))
    >>> result = (Scan() | Parabola()).submit(job)
    >>> result.value, result.parameter_map, result.meta_data["optimization_trace"]
    (0.0, {'x': 2.0}, '[1.0, 0.0, 4.0]')
    """

    _role = "optimizer"
    binding_kwargs: Mapping[str, Any] = {}
    job: Any = None
    data: Any = None
    trace: list[float] | None = None
    progress: Callable[[int, float, Parameters], None] | None = None
    """Called after each evaluation with its number (from 1), its value and its parameters."""
    _derivatives: dict[str, list[Job]] | None = None

    def __init__(self, collective: bool = False, **binding_kwargs: Any) -> None:
        super().__init__(collective=collective)
        self.binding_kwargs = binding_kwargs

    @abstractmethod
    def optimize(self, var_names: list[str]) -> tuple[float, Sequence[float], Any]:
        """Find the best parameters.

        Args:
            var_names: names of the job's variables, sorted; the time of a schedule is none of them.

        Returns:
            The best value, the parameters in the order of ``var_names``, and anything to report.
        """

    def run(self, initial_object: Job | Batch, meta_data: dict[str, str]) -> Any:
        """Optimise the job's variables, or only execute it when it has none."""
        self._prepare(initial_object, meta_data)
        names = _parameters_of(initial_object)
        if not names:
            return self.execute(initial_object)
        self.job, self.trace, self._derivatives = initial_object, [], None
        result = self._result(names, *self._optimized(names))
        return BatchResult(results=[result]) if isinstance(initial_object, Batch) else result

    def evaluate(self, values: Parameters) -> float:
        """Value of the job with its variables bound to ``values``; for a Batch, the sum of its jobs' values."""
        return self._traced(values, self._value(self.execute(self._bound(self.job, values))))

    def evaluate_all(self, points: Sequence[Parameters]) -> list[float]:
        """``evaluate`` at several points, in one batch, which a QPU or a queue in front of it takes better."""
        jobs = self._jobs()
        requests = [self._bound(job, values) for values in points for job in jobs]
        found = iter([self._value(result) for result in self.execute(requests).results])
        return [self._traced(values, sum(next(found) for _ in jobs)) for values in points]

    def has_exact_gradient(self) -> bool:
        """Whether the QPU computes gradients itself, no plugin before it changes values, and the job is exact."""
        return self._exact_qpu() is not None and all(map(_asks_exact_value, self._jobs()))

    def gradient(self, parameters: Parameters) -> dict[str, float]:
        """Derivative of the value by each variable, at ``parameters``. See ``value_and_gradient``."""
        return self._differentiated(parameters)[1]

    def value_and_gradient(self, parameters: Parameters) -> tuple[float, dict[str, float]]:
        """Value and its derivative by each variable, at ``parameters``.

        Computed by the QPU itself when it can (``has_exact_gradient``); otherwise from the jobs of ``Job.gradient``
        (parameter shifts), in one batch.
        """
        value, gradient = self._differentiated(parameters)
        return self._traced(parameters, value), gradient

    def _prepare(self, initial_object: Job | Batch, meta_data: Mapping[str, str]) -> None:
        """Called by ``run`` before anything else; does nothing, for subclasses to define."""

    def _optimized(self, names: list[str]) -> tuple[float, list[float], Any]:
        answer: Any = self.optimize(names)
        if not isinstance(answer, tuple | list) or len(answer) != 3:
            raise self._wrong(f"optimize returned {answer!r:.80} instead of (value, parameters, information)")
        value, parameters, information = answer
        if isinstance(parameters, Mapping):
            parameters = [parameters[name] for name in names]  # a dictionary is as clear an answer
        if len(parameters) < len(names):
            raise self._wrong(f"optimize returned {len(parameters)} parameters for the variables {', '.join(names)}")
        return value, [float(parameter) for parameter in parameters], information

    def _result(self, names: list[str], value: Any, parameters: list[float], information: Any) -> Result:
        parameter_map = dict(zip(names, parameters, strict=False))
        return Result(
            value=None if value is None else float(value),
            parameter_map=parameter_map,
            meta_data={
                "optimizer_data": str(information),
                "parameters": str(parameters),
                "optimization_trace": str(self.trace),
                "parameter_map": str(parameter_map),
            },
        )

    def _bound(self, job: Any, values: Parameters) -> Any:
        if isinstance(job, Batch):
            return Batch([self._bound(each, values) for each in job.jobs], meta_data=job.meta_data)
        return job(**self.binding_kwargs, **values)

    def _traced(self, values: Parameters, value: float) -> float:
        if self.trace is None:
            self.trace = []
        self.trace.append(value)
        if self.progress is not None:
            self.progress(len(self.trace), value, values)
        report_evaluation(len(self.trace), value, values)
        return value

    def _value(self, result: Any) -> float:
        if isinstance(result, BatchResult):
            return sum(self._value(each) for each in result.results)
        if result.value is None:
            raise self._wrong(
                "the job has no value to optimise; give it an observable (to_job(observable=...)), or put a plugin "
                "below that computes a value from samples, e.g. CostFunctionPlugin"
            )
        value = result.value
        return float(value.real if isinstance(value, complex) else value)

    def _differentiated(self, parameters: Parameters) -> tuple[float, dict[str, float]]:
        jobs = self._jobs()
        if self.has_exact_gradient():
            qpu = self._exact_qpu()
            return _summed([qpu.value_and_gradient(job, dict(parameters)) for job in jobs])
        return self._shifted(jobs, parameters)

    def _exact_qpu(self) -> Any:
        """The QPU below that computes gradients itself and nothing between changes the values of, or None."""
        qpu: Any = self.qpu
        while _is_transparent(qpu):
            qpu = qpu.qpu
        qpu_class: Any = type(qpu)
        return qpu if qpu is not None and not qpu._plugins and _is_exact(qpu_class) else None

    def _jobs(self) -> list[Job]:
        return self.job.jobs if isinstance(self.job, Batch) else [self.job]

    def _shifted(self, jobs: list[Job], parameters: Parameters) -> tuple[float, dict[str, float]]:
        """Value and gradient from one batch: the jobs themselves, then those of the derivatives."""
        if self._derivatives is None:
            self._derivatives = _derivative_jobs(jobs)
        derivatives = self._derivatives
        requests = [*jobs, *(job for shifted in derivatives.values() for job in shifted)]
        results = self.execute([self._bound(job, parameters) for job in requests]).results
        values = iter([self._value(result) for result in results])
        value = sum(next(values) for _ in jobs)
        return value, {name: sum((next(values) for _ in shifted), 0.0) for name, shifted in derivatives.items()}

    def _wrong(self, message: str) -> PluginException:
        return PluginException(ErrorType.INVALID_ARGS, type(self).__module__, f"{type(self).__name__}: {message}")


def _derivative_jobs(jobs: list[Job]) -> dict[str, list[Job]]:
    """Jobs whose values sum to the derivative of the sum of ``jobs``, by variable."""
    derivatives: dict[str, list[Job]] = {}
    for job in jobs:
        for name, shifted in job.gradient().items():
            derivatives.setdefault(name, []).extend(shifted)
    return derivatives


def _summed(answers: list[tuple[float, dict[str, float]]]) -> tuple[float, dict[str, float]]:
    total: dict[str, float] = {}
    for _, gradient in answers:
        for name, derivative in gradient.items():
            total[name] = total.get(name, 0.0) + float(derivative)
    return float(sum(value for value, _ in answers)), total


def _parameters_of(jobs: Job | Batch) -> list[str]:
    """Names of the variables to be bound; time, in which a schedule runs, is none of them."""
    every = [jobs] if isinstance(jobs, Job) else jobs
    times = {job.schedule.tname for job in every if job.schedule is not None}
    return [name for name in jobs.get_variables() if name not in times]


def _asks_exact_value(job: Job) -> bool:
    return job.type == ProcessingType.OBSERVABLE and not job.nbshots


def _is_transparent(stack: Any) -> bool:
    """Whether a stack gives for bound jobs just what the QPU in it gives."""
    if isinstance(stack, Optimizer):
        return type(stack).run is Optimizer.run and not stack._plugins
    return type(stack) is CompositeQPU and all(plugin.is_transparent for plugin in stack._plugins)


@lru_cache(maxsize=256)
def _is_exact(qpu_class: type) -> bool:
    """Whether a QPU class computes gradients itself and no subclass has changed since how it executes jobs."""
    if issubclass(qpu_class, Junction):
        return False  # an optimizer's value_and_gradient is something else
    for cls in qpu_class.__mro__:
        if "value_and_gradient" in vars(cls):
            return True
        if {"submit", "submit_job", "_submit_batch"} & vars(cls).keys():
            return False
    return False
