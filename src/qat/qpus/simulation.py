"""From jobs to results: what a state-vector QPU does around its engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from qat.core.records import ComplexNumber
from qat.core.wrappers.dense_columns import DenseColumns
from qat.core.wrappers.result import IntermediateMeasurement, Result
from qat.kernels import control
from qat.kernels.engine import Branch, Engine, EngineError, Initial, Measurement, Precision, State
from qat.kernels.memory import available_bytes
from qat.kernels.sampling import in_random_order
from qat.kernels.tape import Tape

if TYPE_CHECKING:
    from qat.core.wrappers.job import Job
    from qat.core.wrappers.observable import Observable
    from qat.kernels.pauli import PauliSum

__all__ = [
    "InvalidJobError", "Request", "TooManyShotsError", "evaluated", "exact_result", "exact_samples",
    "shot_samples", "split_samples",
]  # fmt: skip


V = TypeVar("V")
_STATE_SHARE = 0.7
"""Of the progress of a job, that of its state."""


class InvalidJobError(EngineError):
    """A job asks for something that does not exist."""


class TooManyShotsError(EngineError):
    """The shots cannot be listed one by one; nothing was allocated."""

    def __init__(self, nb_shots: int, needed_bytes: int, available_bytes: int) -> None:
        super().__init__(
            f"Not enough memory for {nb_shots} separate shots: they need {needed_bytes / 2**30:.3g} GiB, "
            f"{available_bytes / 2**30:.3g} GiB are available. Use aggregate_data=True, or fewer shots."
        )


class Request(NamedTuple):
    """What to run.

    Attributes:
        tape: the bound circuit.
        qubits: the measured qubits in the order asked for.
        initial: where to start.
        precision: of the amplitudes.
    """

    tape: Tape
    qubits: list[int]
    initial: Initial
    precision: Precision

    @classmethod
    def of(cls, job: Job, precision: Precision) -> Request:
        """The request of a job that has a circuit."""
        assert job.circuit is not None
        tape = job.circuit.tape
        every = list(range(tape.nb_qubits))
        qubits = every if not job.qubits or job.qubits == every else _checked(job.qubits, tape.nb_qubits)
        return cls(tape, qubits, job.psi_0, precision)

    def state(self, engine: Engine) -> State:
        """The final state of a circuit made of plain gates."""
        return engine.state(self.tape, self.initial, precision=self.precision)


def _checked(qubits: Sequence[int], nb_qubits: int) -> list[int]:
    if len(set(qubits)) != len(qubits) or min(qubits) < 0 or max(qubits) >= nb_qubits:
        raise InvalidJobError(f"Cannot measure qubits {list(qubits)} of {nb_qubits}: give different, existing qubits")
    return list(qubits)


MAX_COLUMN_BYTES = 1 << 23
BYTES_PER_SAMPLE = 32
"""State, probability and amplitude in columns."""


def exact_samples(request: Request, engine: Engine, threshold: float) -> Result:
    """The states with a probability above ``threshold``; with amplitudes if all qubits are measured.

    Results over very many states keep the state vector itself.
    """
    if BYTES_PER_SAMPLE << request.tape.nb_qubits > MAX_COLUMN_BYTES and len(request.qubits) == request.tape.nb_qubits:
        return _large_result(request, engine, threshold)
    state = request.state(engine)
    distribution = engine.probabilities(state, request.qubits)
    states = np.flatnonzero(distribution > threshold)
    return Result.from_arrays(
        states,
        probabilities=distribution[states],
        amplitudes=_amplitudes(state, request.qubits, states),
        nbqbits=len(request.qubits),
    )


def _large_result(request: Request, engine: Engine, threshold: float) -> Result:
    """Columns take at most a 32nd of the state on top of it, or 8 MiB."""
    with control.part(0, _STATE_SHARE):
        state = request.state(engine)
    with control.part(_STATE_SHARE, 1):
        columns = DenseColumns(state, request.qubits, threshold, look=control.report)
        is_compact = columns.nb_samples * BYTES_PER_SAMPLE <= max(MAX_COLUMN_BYTES, state.nbytes >> 5)
        return Result.from_columns(columns.columns() if is_compact else columns, len(request.qubits))


def _amplitudes(state: State, qubits: list[int], states: NDArray[np.intp]) -> NDArray[np.complex128] | None:
    nb_qubits = len(state).bit_length() - 1
    if len(qubits) < nb_qubits:
        return None
    if qubits != list(range(nb_qubits)):
        state = state.reshape((2,) * nb_qubits).transpose(qubits).reshape(-1)
    return state[states].astype(np.complex128, copy=False)


def shot_samples(
    request: Request, engine: Engine, nb_shots: int, rng: np.random.Generator, *, aggregate: bool
) -> Result:
    """Random outcomes of a circuit made of plain gates."""
    with control.part(0, _STATE_SHARE):
        state = request.state(engine)
    with control.part(_STATE_SHARE, 1):
        counts = engine.sample(state, request.qubits, nb_shots, rng)
    del state
    nbqbits = len(request.qubits)
    if not aggregate:
        _require_shots(nb_shots, _BYTES_PER_SHOT)
        return Result.from_arrays(in_random_order(counts, rng), nbqbits=nbqbits)
    frequencies = counts.counts / nb_shots
    return Result.from_arrays(
        counts.outcomes,
        probabilities=frequencies,
        errors=_errors(frequencies, nb_shots),
        nbqbits=nbqbits,
        meta_data={"nbshots": str(nb_shots)},
    )


def _errors(frequencies: NDArray[np.float64], nb_shots: int) -> NDArray[np.float64] | None:
    """Standard errors of frequencies; unknown after a single shot."""
    return np.sqrt(frequencies * (1 - frequencies) / (nb_shots - 1)) if nb_shots > 1 else None


def split_samples(
    request: Request, engine: Engine, nb_shots: int, rng: np.random.Generator, *, aggregate: bool
) -> Result:
    """Random outcomes of a circuit that measures or resets; each sample tells what was found on the way."""
    if not aggregate:
        _require_shots(nb_shots, BYTES_PER_MEASURED_SHOT)
    parts, found = [], []
    for branch in _branches(request, engine, nb_shots, rng):
        parts.append(engine.sample(branch.state, request.qubits, branch.nb_shots, rng))
        found.append(branch.measurements)
    outcomes = np.concatenate([part.outcomes for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    owners = np.repeat(np.arange(len(parts)), [len(part.outcomes) for part in parts])
    if not aggregate:
        order = rng.permutation(np.repeat(np.arange(len(outcomes)), counts))
        histories = _Histories(found, owners[order])
        return Result.from_arrays(outcomes[order], nbqbits=len(request.qubits), intermediate_measurements=histories)
    frequencies = counts / nb_shots
    return Result.from_arrays(
        outcomes,
        probabilities=frequencies,
        errors=_errors(frequencies, nb_shots),
        nbqbits=len(request.qubits),
        meta_data={"nbshots": str(nb_shots)},
        intermediate_measurements=_Histories(found, owners),
    )


class _Histories(Sequence[list[IntermediateMeasurement]]):
    """What was measured on the way of each sample; a list of its own, made when somebody looks.

    Args:
        found: the measurements of each branch.
        owners: which branch a sample comes from.
    """

    def __init__(self, found: Sequence[tuple[Measurement, ...]], owners: NDArray[np.intp]) -> None:
        self._found, self._owners = found, owners

    def __len__(self) -> int:
        return len(self._owners)

    def __iter__(self) -> Iterator[list[IntermediateMeasurement]]:
        return (_published(self._found[owner]) for owner in self._owners.tolist())

    @overload
    def __getitem__(self, index: int) -> list[IntermediateMeasurement]: ...
    @overload
    def __getitem__(self, index: slice) -> _Histories: ...
    def __getitem__(self, index: int | slice) -> list[IntermediateMeasurement] | _Histories:
        if isinstance(index, slice):
            return _Histories(self._found, self._owners[index])
        return _published(self._found[self._owners[index]])


_BYTES_PER_SHOT = 16
BYTES_PER_MEASURED_SHOT = 500
"""A list of measurements and its entry, as Python objects."""


def _require_shots(nb_shots: int, bytes_per_shot: int) -> None:
    needed = nb_shots * bytes_per_shot
    if needed > 1 << 26 and needed > (available := available_bytes()):
        raise TooManyShotsError(nb_shots, needed, available)


def _branches(request: Request, engine: Engine, nb_shots: int, rng: np.random.Generator) -> Any:
    return engine.trajectories(request.tape, nb_shots, rng, request.initial, precision=request.precision)


def _published(measurements: Sequence[Measurement]) -> list[IntermediateMeasurement]:
    return [
        IntermediateMeasurement(list(bits), row, probability)  # type: ignore[arg-type]
        for row, bits, probability in measurements
    ]


# ---------------------------------------------------------------- observables
class _Estimate(NamedTuple):
    """Mean values of the strings of a sum, and their standard errors: ``None`` when exact, NaN when unknown."""

    means: NDArray[np.float64]
    errors: NDArray[np.float64] | None


def evaluated(request: Request, engine: Engine, job: Job, rng: np.random.Generator, *, give_terms: bool) -> Result:
    """Mean values of the job's observables: ``value`` of the first, ``values`` of the others.

    With shots, each string of an observable is estimated from that many shots of its own.
    """
    nb_shots = job.nbshots or 0
    sums = [observable.pauli_sum() for observable in _observables(job)]
    if not nb_shots and not give_terms:
        values = [
            _as_value(value, paulis) for value, paulis in zip(_exact_values(request, engine, sums), sums, strict=True)
        ]
        return _result(job, values)
    estimates = _estimates(request, engine, sums, nb_shots, rng)
    values = [_as_value(_total(paulis, each), paulis) for paulis, each in zip(sums, estimates, strict=True)]
    result = _result(job, values)
    if job.observable is not None:
        _add_terms(result, sums[0], estimates[0])
    return result


def exact_result(value: complex, paulis: PauliSum) -> Result:
    """The result of a job that asks for the exact value of one observable, ``paulis``."""
    return Result.of_value(_as_value(value, paulis))


def _exact_values(request: Request, engine: Engine, sums: list[PauliSum]) -> list[complex]:
    if len(sums) == 1:
        return [engine.mean_value(request.tape, sums[0], request.initial, precision=request.precision)]
    with control.part(0, _STATE_SHARE):
        state = request.state(engine)
    with control.part(_STATE_SHARE, 1), control.run(len(sums)):
        return [_in_turn(engine.expectation, state, paulis) for paulis in sums]


def _in_turn(function: Callable[[State, PauliSum], V], state: State, paulis: PauliSum) -> V:
    """The function's answer; its progress is that of one of several equal steps."""
    with control.run():
        return function(state, paulis)


def _observables(job: Job) -> list[Observable]:
    return [*([job.observable] if job.observable is not None else []), *(job.observables or ())]


def _result(job: Job, values: list[Any]) -> Result:
    result = Result(raw_data=[], meta_data={})
    if job.observable is not None:
        result.value = values[0]
    if job.observables:
        result.values = values[-len(job.observables) :]
    return result


def _as_value(value: complex, paulis: PauliSum) -> Any:
    """A float for a Hermitian observable."""
    return value.real if paulis.is_real else value


def _total(paulis: PauliSum, estimate: _Estimate) -> complex:
    return complex(paulis.constant + paulis.coefficients @ estimate.means)


def _estimates(
    request: Request, engine: Engine, sums: list[PauliSum], nb_shots: int, rng: np.random.Generator
) -> list[_Estimate]:
    if not nb_shots:
        with control.part(0, _STATE_SHARE):
            state = request.state(engine)
        with control.part(_STATE_SHARE, 1), control.run(len(sums)):
            return [_Estimate(_in_turn(engine.term_expectations, state, paulis), None) for paulis in sums]
    if request.tape.is_unitary:
        branches = [Branch(request.state(engine), nb_shots, (), ())]
    else:
        branches = _branches(request, engine, nb_shots, rng)
    pluses = [np.zeros(len(paulis)) for paulis in sums]
    for branch in branches:
        for plus, paulis in zip(pluses, sums, strict=True):
            chances = (1 + engine.term_expectations(branch.state, paulis)) / 2
            plus += rng.binomial(branch.nb_shots, np.clip(chances, 0, 1))
    return [_from_counts(plus, nb_shots) for plus in pluses]


def _from_counts(pluses: NDArray[np.float64], nb_shots: int) -> _Estimate:
    means = 2 * pluses / nb_shots - 1
    errors = np.sqrt((1 - means**2) / (nb_shots - 1)) if nb_shots > 1 else np.full(len(means), np.nan)
    return _Estimate(means, errors)


def _add_terms(result: Result, paulis: PauliSum, estimate: _Estimate) -> None:
    """Fill in the error, and values and errors by term (``Z0Z1`` for ``Z`` on qubits 0 and 1)."""
    labels = ["".join(f"{letter}{qubit}" for letter, qubit in zip(*term[1:], strict=True)) for term in paulis.terms()]
    values = (paulis.coefficients * estimate.means).tolist()
    errors = np.zeros(len(labels)) if estimate.errors is None else np.abs(paulis.coefficients) * estimate.errors
    total = float(np.sqrt((errors**2).sum()))
    result.error = None if np.isnan(total) else total
    result.value_data = {
        label: ComplexNumber(value.real, value.imag) for label, value in zip(labels, values, strict=True)
    }
    result.error_data = dict(zip(labels, errors.tolist(), strict=True))
