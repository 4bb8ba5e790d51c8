"""LinAlg: exact simulation of circuits with a state vector, and its published aliases PyLinalg and CLinalg."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qat.core.enums import ErrorType, ProcessingType
from qat.core.errors import QPUException
from qat.core.qpu import QPUHandler
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.result import BatchResult, Result
from qat.kernels import control
from qat.kernels.control import RunCancelledError
from qat.kernels.engine import (
    BreakError,
    Engine,
    EngineError,
    Estimate,
    MissingMatrixError,
    NotEnoughMemoryError,
    NotFiniteMatrixError,
    NotReversibleError,
    NotUnitaryError,
    Precision,
    UnsupportedRowError,
    WrongMatrixError,
    select_engine,
)
from qat.kernels.preparation import PreparationError
from qat.qpus.simulation import (
    InvalidJobError,
    Request,
    TooManyShotsError,
    evaluated,
    exact_samples,
    shot_samples,
    split_samples,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qat.core.resources import AllocationModel, ResourceModel
    from qat.core.wrappers.job import Batch, Job
    from qat.qpus.prefixes import SharedPrefixes

__all__ = ["CLinAlg", "CLinalg", "LinAlg", "PyLinalg"]

_CODES: dict[type[EngineError], int] = {
    MissingMatrixError: ErrorType.ILLEGAL_GATES,
    UnsupportedRowError: ErrorType.ILLEGAL_GATES,
    WrongMatrixError: ErrorType.ILLEGAL_GATES,
    NotFiniteMatrixError: ErrorType.ILLEGAL_GATES,
    PreparationError: ErrorType.ILLEGAL_GATES,
    NotUnitaryError: ErrorType.INVALID_ARGS,
    NotReversibleError: ErrorType.NOT_SIMULATABLE,
    NotEnoughMemoryError: ErrorType.INSUFFICIENT_RESOURCES,
    TooManyShotsError: ErrorType.INSUFFICIENT_RESOURCES,
    BreakError: ErrorType.BREAK,
    InvalidJobError: ErrorType.INVALID_ARGS,
    RunCancelledError: ErrorType.ABORT,
}
_DEFAULT_OPTIONS = (None, True)
_NEEDS_SHOTS = "The option 'nbshots = 0' is incompatible with a circuit containing intermediate measurements"

_NO_MEMORY = (
    "Not enough memory for simulation: the machine refused to allocate what the run needs. "
    "Use fewer qubits, fewer shots, single precision or a larger machine."
)


@lru_cache(maxsize=16)
def _configured(engine: Engine, nb_threads: int | None, fusion: bool) -> Engine:
    """An engine with options, if it has any."""
    if not hasattr(engine, "configured"):
        return engine
    configured: Engine = engine.configured(nb_threads=nb_threads, fusion=fusion)
    return configured


class LinAlg(QPUHandler):
    """Simulates circuits exactly, with a vector of ``2**n`` amplitudes.

    Samples and mean values of observables, exact (``nbshots=0``) or with shots; measurements, resets and classical
    control within the circuit; any initial state (``psi_0``, whose first letter is qubit 0); exact gradients. Memory:
    16 bytes an amplitude, 8 in single precision, twice that for gradients and thrice for mid-circuit measurements; a
    job is refused with ``INSUFFICIENT_RESOURCES`` if that much is not free. Exact results over hundreds of thousands
    of states keep the state vector.

    Args:
        use_nbthreads_heuristic: accepted for compatibility; the engine uses threads for large circuits only.
        precision: 2 for double, 1 for single precision.
        sparse: accepted for compatibility; results hold exactly the states above ``amp_threshold``.
        light_circuit: accepted for compatibility, without effect.
        tqdm: whether to show the progress of long runs on standard error; with tqdm if that is installed.
        fusion: whether the engine merges gates; results agree up to rounding.
        readonly_statevector: accepted for compatibility, without effect.
        individual_terms_values: also give each observable term's value, in ``value_data`` and ``error_data``; with
            shots they are always given.
        seed: makes the sequence of random results reproducible.
        engine: name of the engine, for example ``"numpy"``; the best available by default.
        nb_threads: threads of one simulation at most; by default as many as there are cores, or ``OMP_NUM_THREADS``.

    Raises:
        TypeError: an option is unknown.
        ValueError: the precision is neither 1 nor 2, the number of threads is not positive, or there is no such engine.

    >>> from qat.core import Circuit
    >>> from qat.core.records import Op
    >>> circuit = Circuit(ops=[Op("H", [0]), Op("CNOT", [0, 1])], nbqbits=2)
    >>> [(sample.state.bitstring, round(sample.probability, 3)) for sample in LinAlg().submit(circuit.to_job())]
    [('00', 0.5), ('11', 0.5)]
    """

    modulename = "qat.linalg"
    is_safe_to_retry = True

    def __init__(
        self,
        use_nbthreads_heuristic: bool = True,
        precision: int = 2,
        sparse: bool | None = None,
        light_circuit: bool = False,
        tqdm: bool = False,
        fusion: bool = True,
        readonly_statevector: bool = False,
        individual_terms_values: bool = False,
        seed: int | None = None,
        *,
        engine: str | None = None,
        nb_threads: int | None = None,
        plugins: Any = None,
    ) -> None:
        super().__init__(plugins)
        del use_nbthreads_heuristic, sparse, light_circuit, readonly_statevector
        if nb_threads is not None and nb_threads < 1:
            raise ValueError(f"nb_threads is {nb_threads}: give at least 1, or None for one a core")
        if precision not in (1, 2):
            raise ValueError(f"precision is {precision!r}: give 2 for double or 1 for single precision")
        self._precision = Precision(precision)
        self._gives_terms = individual_terms_values
        self._rng = np.random.default_rng(seed)
        self._engine_name = select_engine(engine).name if engine is not None else None
        self._engine_options = (nb_threads, fusion)
        self._max_bytes: int | None = None
        self._shows_progress = tqdm

    @property
    def engine(self) -> Engine:
        """What does the computation, with the options of this QPU if it has any."""
        engine = select_engine(self._engine_name)
        if self._engine_options == _DEFAULT_OPTIONS:
            return engine
        return _configured(engine, *self._engine_options)  # type: ignore[arg-type]

    def submit_job(self, job: Job) -> Result:
        """Simulate one job.

        Raises:
            QPUException: ``ILLEGAL_GATES`` for a gate without matrix, ``INVALID_ARGS`` for a job that makes no sense
                here, ``INSUFFICIENT_RESOURCES`` when memory is short, ``BREAK`` when a break's formula is true,
                ``ABORT`` when a :class:`~qat.kernels.control.RunControl` has cancelled the run.
        """
        return self._simulated(job, lambda: Request.of(job, self._precision))

    def _simulated(self, job: Job, make_request: Callable[[], Request]) -> Result:
        self._check(job)
        if self._max_bytes is not None:
            self._check_memory(job, self._max_bytes)
        try:
            with self._run():
                request = make_request()
                return (self._observed if job.type == ProcessingType.OBSERVABLE else self._sampled)(job, request)
        except (EngineError, MemoryError) as error:
            raise self._published(error) from error

    def _submit_batch(self, batch: Batch) -> BatchResult:
        """Execute a batch; what jobs have in common is done once.

        Jobs that are one circuit with different parameters go to the engine together; jobs whose circuits begin alike
        share the state of the beginning.
        """
        if len(batch.jobs) < 2:
            return super()._submit_batch(batch)
        try:
            with self._run(len(batch.jobs)):
                return self._submit_jobs(batch)
        except RunCancelledError as error:
            raise self._published(error) from error

    def _submit_jobs(self, batch: Batch) -> BatchResult:
        if type(self).submit_job is not LinAlg.submit_job:
            return super()._submit_batch(batch)
        shared = self._shared_results(batch.jobs)
        prefixes = self._prefixes(batch.jobs, shared)
        results = [shared[i] if i in shared else self._following(job, i, prefixes) for i, job in enumerate(batch.jobs)]
        results = [self._wrapped(job, result) for job, result in zip(batch.jobs, results, strict=True)]
        return BatchResult(results=results, meta_data=batch.meta_data)

    def _run(self, nb_runs: int = 1) -> AbstractContextManager[None]:
        """What is computed within is one run for a ``RunControl`` and for the bar."""
        if not self._shows_progress:
            return control.run(nb_runs)
        from qat.qpus.progress import progress_shown

        title = f"{type(self).__name__}, {nb_runs} jobs" if nb_runs > 1 else type(self).__name__
        return progress_shown(title, nb_runs)

    def _shared_results(self, jobs: Sequence[Job]) -> dict[int, Result]:
        if self._gives_terms or self._precision is Precision.SINGLE:
            return {}
        from qat.qpus.batches import shared_results

        for job in jobs:
            self._check(job)
            if self._max_bytes is not None:
                self._check_memory(job, self._max_bytes)
        try:
            return shared_results(self.engine, jobs)
        except (EngineError, MemoryError) as error:
            raise self._published(error) from error

    def _prefixes(self, jobs: Sequence[Job], shared: Mapping[int, Result]) -> SharedPrefixes:
        from qat.qpus.prefixes import SharedPrefixes

        sharing = jobs if self._max_bytes is None else ()  # limits are for what single jobs need
        return SharedPrefixes(self.engine, sharing, self._precision, shared)

    def _following(self, job: Job, place: int, prefixes: SharedPrefixes) -> Result:
        return self._simulated(job, lambda: prefixes.request(job, place))

    def get_specs(self) -> HardwareSpecs:
        """All-to-all, any gate with a matrix, samples and observables; the number of qubits depends on the memory."""
        return HardwareSpecs(
            description=f"{type(self).__name__}: exact state-vector simulator",
            processing_types=[ProcessingType.SAMPLE, ProcessingType.OBSERVABLE],
        )

    def value_and_gradient(self, job: Job, parameter_map: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        """Exact mean value of a job's observable and its derivatives by the variables in ``parameter_map``.

        Cost: about three simulations, whatever the number of variables (adjoint method).

        Args:
            job: an observable job; its circuit and observable may have variables.
            parameter_map: a value for each of its variables.

        Raises:
            QPUException: as for :meth:`submit_job`.
        """
        from qat.qpus.gradients import value_and_gradient

        self._check(job)
        if self._max_bytes is not None:
            self._check_memory(job, self._max_bytes, gradient=True)
        try:
            with self._run():
                return value_and_gradient(self.engine, job, parameter_map)
        except (EngineError, MemoryError) as error:
            raise self._published(error) from error

    def estimate(self, job: Job, *, gradient: bool = False) -> Estimate:
        """What a job will need: bytes at the peak, and seconds on this machine if it is not busy.

        For plain gates within a factor of 2 above a millisecond; an upper bound where measurements branch. Costs as
        much as planning the circuit, which the run then finds done; parameters need no values. A job that cannot fit
        into this machine is told in microseconds, its time roughly.

        Args:
            job: with a circuit.
            gradient: whether it is for :meth:`value_and_gradient`.

        Raises:
            QPUException: as for :meth:`submit_job`; but not for a lack of memory.

        >>> from qat.core import Circuit
        >>> LinAlg(nb_threads=1).estimate(Circuit.empty(40).to_job()).nb_bytes / 2**40 >= 16
        True
        """
        from qat.qpus.estimates import Demand, estimate

        self._check(job)
        try:
            return estimate(self.engine, Demand.of(job, self._precision, gradient=gradient))
        except (EngineError, MemoryError) as error:
            raise self._published(error) from error

    def estimate_resources_for_batch(self, batch: Batch) -> list[ResourceModel]:
        """What each job of a batch would need, in the published structure: MB and minutes, rounded up.

        See :meth:`estimate` for bytes and seconds.
        """
        from qat.qpus.estimates import resource_model

        name = f"qat.qpus:{type(self).__name__}"
        return [resource_model(name, job, self.estimate(job), self.engine.nb_threads) for job in batch.jobs]

    def apply_resource_consumption_limits(self, allocation_model: AllocationModel) -> None:
        """Keep to an allocation from now on: its threads per job, and its memory, shared by the jobs it runs at a time.

        What the allocation leaves open stays as it is. A job that needs more memory is refused with
        ``INSUFFICIENT_RESOURCES``.

        Raises:
            QPUException: the number of threads or the memory is not positive.
        """
        nb_threads, megabytes = (
            allocation_model.allocated_thread_count_per_job,
            allocation_model.allocated_total_memory_mb,
        )
        for name, value in (("threads", nb_threads), ("MB of memory", megabytes)):
            if value is not None and value < 1:
                self._refuse(f"The allocation has {value} {name}: give at least 1, or None for no limit.")
        if nb_threads is not None:
            self._engine_options = (nb_threads, self._engine_options[1])
        if megabytes is not None:
            self._max_bytes = megabytes * 10**6 // max(allocation_model.parallel_job_count or 1, 1)

    def _sampled(self, job: Job, request: Request) -> Result:
        engine = self.engine
        if not job.nbshots:
            return exact_samples(request, engine, job.threshold)
        if request.tape.is_unitary:
            return shot_samples(request, engine, job.nbshots, self._rng, aggregate=bool(job.aggregate_data))
        return split_samples(request, engine, job.nbshots, self._rng, aggregate=bool(job.aggregate_data))

    def _observed(self, job: Job, request: Request) -> Result:
        return evaluated(request, self.engine, job, self._rng, give_terms=self._gives_terms)

    def _check_memory(self, job: Job, max_bytes: int, *, gradient: bool = False) -> None:
        from qat.qpus.estimates import Demand

        needed_bytes = Demand.of(job, self._precision, gradient=gradient).needed_bytes(self.engine)
        if needed_bytes > max_bytes:
            assert job.circuit is not None
            raise self._published(NotEnoughMemoryError(needed_bytes, max_bytes, job.circuit.tape.nb_qubits))

    def _check(self, job: Job) -> None:
        if job.circuit is None:
            self._refuse(
                f"{type(self).__name__} simulates circuits, this job has none. Give a job made with circuit.to_job(); "
                "schedules need an analog QPU."
            )
        if job.type not in ProcessingType._VALUES_TO_NAMES:
            self._refuse(f"Unsupported job type {job.type!r}. Give a ProcessingType: SAMPLE or OBSERVABLE.")
        if job.nbshots is not None and job.nbshots < 0:
            self._refuse(f"Invalid number of shots: {job.nbshots}. Give 0 for exact results, or a positive number.")

    def _refuse(self, message: str) -> None:
        raise QPUException(ErrorType.INVALID_ARGS, self.modulename, message)

    def _published(self, error: EngineError | MemoryError) -> QPUException:
        if isinstance(error, MemoryError):
            return QPUException(ErrorType.INSUFFICIENT_RESOURCES, self.modulename, _NO_MEMORY)
        message = f"{_NEEDS_SHOTS}. Give nbshots > 0." if isinstance(error, NotUnitaryError) else str(error)
        return QPUException(_CODES.get(type(error), ErrorType.ABORT), self.modulename, message)


class PyLinalg(LinAlg):
    """:class:`LinAlg` under a published name; it refuses observables with shots (use ``ObservableSplitter``).

    >>> PyLinalg.modulename
    'qat.pylinalg'
    """

    modulename = "qat.pylinalg"

    def __init__(self, *, plugins: Any = None) -> None:
        super().__init__(plugins=plugins)

    def _observed(self, job: Job, request: Request) -> Result:
        if job.nbshots:
            self._refuse(
                f"In OBSERVABLE mode, cannot use nbshots > 0 (here nbshots = {job.nbshots}). "
                "Use ObservableSplitter plugin."
            )
        return super()._observed(job, request)


class CLinalg(LinAlg):
    """:class:`LinAlg` under a published name.

    >>> CLinalg(seed=1).modulename
    'qat.clinalg'
    """

    modulename = "qat.clinalg"


CLinAlg = CLinalg
