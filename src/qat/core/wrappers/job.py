"""Jobs, which say what to run and what to ask for, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from qat.core.enums import ProcessingType
from qat.core.serialization import Serializable
from qat.core.wrappers.job_checks import checked_qubits, checked_shots, checked_state, checked_threshold
from qat.kernels.tape_algebra import first_not_a_number, row_name

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit
    from qat.core.wrappers.observable import Observable
    from qat.core.wrappers.schedule import Schedule

NO_OBSERVABLE = (
    "You asked for a job of type OBS, but did not supply any observable! Give observable=Observable(...), or leave "
    "out job_type to sample"
)
MAX_QUBITS = 2**20
"""Jobs on more qubits are refused: they are a mistake, and would only run out of memory later."""

_JOB_TYPES = {"SAMPLE": ProcessingType.SAMPLE, "OBS": ProcessingType.OBSERVABLE}


class Job(Serializable):
    """What to run (a circuit or a schedule) and what to ask for (samples or the mean value of an observable).

    Args:
        psi_0: initial state: a bit string, which may also have ``+`` and ``-``, or amplitudes of shape
            ``(2**nbqbits,)``, qubit 0 most significant.
        parameter_map: values that were bound, by name.
        circuit: the circuit to run, or
        schedule: the schedule to run.
        type: a ``ProcessingType``.
        observable: what to measure the mean value of.
        observables: several of them, for analog QPUs.
        qubits: the qubits to measure, in the order of their bits in an outcome.
        nbshots: number of shots; 0 asks for the exact result.
        aggregate_data: put equal outcomes together.
        amp_threshold: amplitudes below this are left out of exact results.
        meta_data: text by name, passed along.

    Raises:
        ValueError: no observable, too large an observable, or an initial state of another size.

    >>> from qat.core import Circuit
    >>> Circuit.empty(2).to_job(nbshots=10).qubits
    [0, 1]
    """

    file_extension = ".job"
    fields = (
        "circuit", "schedule", "observable", "observables", "type", "qubits", "nbshots", "aggregate_data",
        "amp_threshold", "meta_data",
    )  # fmt: skip
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        psi_0: Any = None,
        parameter_map: Mapping[str, Any] | None = None,
        *,
        circuit: Circuit | None = None,
        schedule: Schedule | None = None,
        type: int = ProcessingType.SAMPLE,  # noqa: A002
        observable: Observable | None = None,
        observables: Sequence[Observable] | None = None,
        qubits: list[int] | None = None,
        nbshots: int | None = None,
        aggregate_data: bool | None = None,
        amp_threshold: float | None = None,
        meta_data: dict[str, str] | None = None,
    ) -> None:
        self.circuit = circuit
        self.schedule = schedule
        self.observables = observables
        self.type = ProcessingType.OBSERVABLE if observable is not None or observables else type
        if self.type == ProcessingType.OBSERVABLE and observable is None and not observables:
            raise ValueError(NO_OBSERVABLE)
        self.observable = observable
        self.qubits = qubits
        self.nbshots = nbshots
        self.aggregate_data = aggregate_data
        self.amp_threshold = amp_threshold
        self.meta_data = meta_data
        self._parameter_map = dict(parameter_map or {})
        self._psi_0: Any = None
        self._fit_observable()
        if psi_0 is not None:
            self.psi_0 = psi_0

    # ------------------------------------------------------------------ fields

    @property
    def nbqbits(self) -> int | None:
        """Number of qubits of the circuit or schedule."""
        runs = self.circuit if self.circuit is not None else self.schedule
        return None if runs is None else runs.nbqbits

    @property
    def psi_0(self) -> Any:
        """The initial state: a bit string or amplitudes; ``None`` for all qubits 0."""
        return self._psi_0

    @psi_0.setter
    def psi_0(self, state: Any) -> None:
        self._psi_0 = None if state is None else checked_state(state, self.nbqbits)

    @property
    def parameter_map(self) -> dict[str, Any]:
        """The values that were bound to make this job, by name."""
        return self._parameter_map

    @property
    def threshold(self) -> float:
        """Probabilities below this are left out of exact results: the square of ``amp_threshold``."""
        return 0.0 if self.amp_threshold is None else self.amp_threshold**2

    def _fit_observable(self) -> None:
        """Let the observable have as many qubits as the circuit."""
        size, observable = self.nbqbits, self.observable
        if observable is None:
            return
        if not hasattr(observable, "nbqbits"):
            raise TypeError(f"The observable is {observable!r:.80}: give an Observable")
        if size is None or observable.nbqbits == size:
            return
        if observable.nbqbits > size:
            raise ValueError(
                f"The number of qbits of the circuit ({size}) is different from that of the observable "
                f"({observable.nbqbits}): the observable must not be larger than the circuit"
            )
        self.observable = copy(observable)
        self.observable.nbqbits = size

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Job):
            return NotImplemented
        return self is other or (
            all(getattr(self, field) == getattr(other, field) for field in (*self.fields, "parameter_map"))
            and np.array_equal(self._psi_0, other._psi_0)
        )

    def __repr__(self) -> str:
        fields = (*self.fields, "psi_0", "parameter_map")
        return f"Job({', '.join(f'{field}={getattr(self, field)!r}' for field in fields)})"

    __str__ = __repr__

    # ------------------------------------------------------------------ binding

    def _bindable(self) -> Iterator[Any]:
        parts = (self.circuit, self.schedule, self.observable, *(self.observables or ()))
        return (part for part in parts if part is not None)

    def get_variables(self) -> list[str]:
        """Names of the variables still to be bound, sorted: those of circuit, schedule and observables."""
        return sorted({name for part in self._bindable() for name in part.get_variables()})

    def __call__(self, gate_set: Any = None, **kwargs: Any) -> Job:
        """A new job with values for variables, given by name; names that it does not use are ignored.

        Raises:
            ValueError: an angle becomes infinite or not a number.

        >>> from qat.core import Circuit
        >>> Circuit.empty(1).to_job()(a=0.5).parameter_map
        {'a': 0.5}
        """
        job = self._copy()
        if self.circuit is not None:
            job.circuit = self.circuit.bind_variables(kwargs, gate_set)
        if self.schedule is not None:
            job.schedule = self.schedule(**kwargs)
        if self.observable is not None:
            job.observable = self.observable(**kwargs)
        if self.observables:
            job.observables = [observable(**kwargs) for observable in self.observables]
        job._parameter_map = {**self._parameter_map, **kwargs}
        return job

    def _copy(self) -> Job:
        job = object.__new__(self.__class__)
        job.__dict__.update(self.__dict__)
        return job

    # ------------------------------------------------------------------ derivatives

    def differentiate(self, vname: str, method: str | None = None, **kwargs: Any) -> list[Job]:
        """Jobs whose values add up to the derivative of this job's value.

        Args:
            vname: the variable.
            method: ``"shift-rule"`` (the default: two jobs a rotation, four a controlled one) or ``"h-test"`` (one a
                rotation, with one more qubit).
            kwargs: options of the method; there are none so far.

        Raises:
            QPUException: the job does not ask for the mean value of an observable.
            ValueError: the method or the variable is unknown, or a gate cannot be differentiated.
        """
        from qat.core.wrappers.differentiation import derivative_jobs

        return derivative_jobs(self, vname, method, **kwargs)

    def gradient(self, method: str | None = None, **kwargs: Any) -> dict[str, list[Job]]:
        """For each variable the jobs of :meth:`differentiate`."""
        from qat.core.wrappers.differentiation import check_differentiable

        check_differentiable(self, method)
        return {name: self.differentiate(name, method, **kwargs) for name in self.get_variables()}

    # ------------------------------------------------------------------ using

    def eval(self, parameters: Any = None, qpu: Any = None) -> Any:
        """Value of this job's observable; the result of a job that samples.

        Args:
            parameters: values of the variables in the order of :meth:`get_variables`, or by name; none to run the job
                as it is.
            qpu: where to run it; the QPU in force by default.

        Raises:
            ValueError: there are fewer or more parameters than variables.
        """
        job = self if parameters is None else self(**self._named(parameters))
        return job.run(qpu).unpack()

    def _named(self, parameters: Any) -> dict[str, Any]:
        if isinstance(parameters, Mapping):
            return dict(parameters)
        names = self.get_variables()
        if len(parameters) != len(names):
            raise ValueError(
                f"Got {len(parameters)} parameters, expected {len(names)}, one for each of {names} in this order"
            )
        return dict(zip(names, parameters, strict=True))

    def run(self, qpu: Any = None, meta_data: Any = None) -> Any:
        """Submit this job and return its result; ``qpu`` defaults to the one in force."""
        from qat.core.contexts import stack_for

        stack = stack_for(qpu)
        return stack.submit(self) if meta_data is None else stack.submit(self, meta_data=meta_data)

    def compile(self, stack: Any = None, specs: Any = None) -> Job | Batch:
        """This job as a plugin, or the plugins of a QPU, would change it; a batch if they make several jobs of it.

        Args:
            stack: a plugin, a QPU or a stack; the QPU in force by default.
            specs: hardware specifications handed to a plugin.
        """
        from qat.core.contexts import stack_for
        from qat.core.plugins import AbstractPlugin

        is_plugin, batch = isinstance(stack, AbstractPlugin), Batch([self])
        compiled: Batch = stack.compile(batch, specs) if is_plugin else stack_for(stack).compile(batch)
        return compiled[0] if len(compiled) == 1 else compiled

    def shift_qbits(self, offset: int) -> None:
        """Put ``offset`` new qubits before the others, in place: in circuit, observables and measured qubits."""
        if self.circuit is not None:
            self.circuit.shift_qbits(offset)
        if self.qubits is not None:
            self.qubits = [qubit + offset for qubit in self.qubits]
        if self.observable is not None:
            self.observable = shifted_observable(self.observable, offset)
        if self.observables:
            self.observables = [shifted_observable(observable, offset) for observable in self.observables]

    def display(self, **kwargs: Any) -> Any:
        """Draw the job."""
        from qat.core.display_hook import renderer

        return renderer().display(self, **kwargs)


def shifted_observable(observable: Observable, offset: int) -> Observable:
    """The observable with ``offset`` new qubits before the others, on which it is the identity."""
    from qat.core.wrappers.observable import Observable, Term

    terms = [
        Term(term._coeff.get_value(), term.op, [q + offset for q in term.qbits]) for term in observable.terms or ()
    ]
    size, constant = observable.nbqbits + offset, observable.constant_coeff
    return Observable(size, pauli_terms=terms, constant_coeff=constant)


def job_of_circuit(
    circuit: Circuit,
    job_type: Any,
    qubits: Any,
    *,
    nbshots: Any,
    aggregate_data: bool,
    amp_threshold: float,
    **kwargs: Any,
) -> Job:
    """The job of ``Circuit.to_job``."""
    _check(circuit)
    return Job(
        circuit=circuit,
        type=_JOB_TYPES.get(job_type, ProcessingType.SAMPLE) if isinstance(job_type, str) else ProcessingType.SAMPLE,
        qubits=list(range(circuit.nbqbits)) if qubits is None else checked_qubits(qubits, circuit.nbqbits),
        nbshots=checked_shots(nbshots),
        aggregate_data=aggregate_data,
        amp_threshold=checked_threshold(amp_threshold),
        **kwargs,
    )


def _check(circuit: Circuit) -> None:
    if circuit.nbqbits is None:
        raise ValueError("The circuit has no number of qubits: set circuit.nbqbits")
    if circuit.nbqbits > MAX_QUBITS:
        raise ValueError(f"The circuit has {circuit.nbqbits} qubits: use at most {MAX_QUBITS}")
    row = None if circuit.has_view else first_not_a_number(circuit.tape)
    if row is not None:
        raise ValueError(
            f"Gate {row_name(row)} on qubits {list(row.qubits)} has the parameters {list(row.parameters)}: give finite "
            f"numbers"
        )


class Batch(Serializable):
    """Jobs to be submitted together.

    Args:
        jobs: the jobs.
        meta_data: text by name, passed along.

    >>> len(Batch([Job(), Job()]))
    2
    """

    file_extension = ".batch"
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, jobs: list[Job] | None = None, meta_data: dict[str, str] | None = None) -> None:
        self.jobs: list[Job] = jobs  # type: ignore[assignment]
        self.meta_data = meta_data

    def __len__(self) -> int:
        return len(self.jobs or ())

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs or ())

    def __getitem__(self, index: Any) -> Any:
        return self.jobs[index]

    def __contains__(self, job: object) -> bool:
        return any(job is other or job == other for other in self)

    def __add__(self, batch: Batch) -> Batch:
        if not isinstance(batch, Batch):
            return NotImplemented
        has_meta_data = self.meta_data is not None or batch.meta_data is not None
        meta_data = {**(self.meta_data or {}), **(batch.meta_data or {})} if has_meta_data else None
        return Batch([*self, *batch], meta_data)

    def get_variables(self) -> list[str]:
        """Names of the variables of all jobs, sorted."""
        return sorted({name for job in self for name in job.get_variables()})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Batch):
            return NotImplemented
        return (self.jobs, self.meta_data) == (other.jobs, other.meta_data)

    def __repr__(self) -> str:
        return f"Batch(jobs={self.jobs!r}, meta_data={self.meta_data!r})"

    __str__ = __repr__
