"""The interface of a state-vector engine: arrays and gate columns in, arrays out.

Conventions. A state of ``n`` qubits is a complex vector of ``2**n`` amplitudes; qubit 0 is the most significant bit
of its index. A list of qubits ``(a, b, …)`` names the bits of an outcome from the most significant one on, so asking
for ``(1, 0)`` exchanges two qubits. Engines hold no state that changes an answer; what they keep (compiled plans,
tables) only makes the next call quicker.

Several engines may stand behind the interface: :func:`select_engine` gives the best one there is. ``"native"`` is there
where the extension was compiled; ``"numpy"`` is always there, as fallback and as the reference for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum
    from qat.kernels.tape import Tape

State = NDArray[np.complexfloating[Any, Any]]
Initial = State | str | None
"""Where a run starts: a normalised state, one letter among ``01+-`` for each qubit, or all qubits 0."""
_MAX_COUNTED_QUBITS = 900


class Precision(IntEnum):
    """Floating-point precision of the amplitudes; the numbers are the published option values."""

    SINGLE = 1
    DOUBLE = 2

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one amplitude.

        >>> Precision.SINGLE.dtype
        dtype('complex64')
        """
        return np.dtype(np.complex64 if self is Precision.SINGLE else np.complex128)


class Estimate(NamedTuple):
    """What a run will need: ``nb_bytes`` of memory at its peak, ``duration_s`` on this machine when it is not busy."""

    nb_bytes: int
    duration_s: float


def nb_amplitudes(nb_qubits: int) -> float:
    """How many amplitudes a state has, for estimates: beyond 900 qubits no number grows any more, and none overflows.

    >>> nb_amplitudes(3), nb_amplitudes(5000) == nb_amplitudes(900)
    (8.0, True)
    """
    return 2.0 ** min(nb_qubits, _MAX_COUNTED_QUBITS)


class Measurement(NamedTuple):
    """Outcome of a measurement or reset in mid-circuit.

    Attributes:
        row: its row on the tape.
        bits: the outcome, one bit per measured qubit, in the row's order.
        probability: of this outcome, given the ones before.
    """

    row: int
    bits: tuple[int, ...]
    probability: float


class Branch(NamedTuple):
    """All the shots of a run whose mid-circuit outcomes were the same.

    Attributes:
        state: their common final state, normalised, shape ``(2**n,)``.
        nb_shots: how many there are, at least 1.
        measurements: the outcomes, in order.
        cbits: final classical bits, shape ``(nb_cbits,)``.
    """

    state: State
    nb_shots: int
    measurements: tuple[Measurement, ...]
    cbits: tuple[int, ...]


class Counts(NamedTuple):
    """Distinct outcomes in increasing order (uint64, shape ``(k,)``) and how often each came up (int64)."""

    outcomes: NDArray[np.uint64]
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """How the parameters of a tape go along with the variables of its circuit.

    Attributes:
        draw: gives a random change of ``tape.parameters`` that some change of the variables makes; the same for all
            values of the variables.
    """

    draw: Callable[[np.random.Generator], NDArray[np.float64]]


class EngineError(Exception):
    """An engine cannot do what it was asked for. Root of the errors of this module."""


class MissingMatrixError(EngineError):
    """A gate has no matrix, so it cannot be simulated.

    Attributes:
        gate: its published name.
        row: its row on the tape.
    """

    def __init__(self, gate: str, row: int, reason: str = "") -> None:
        self.gate, self.row = gate, row
        cure = reason or "Give the gate a matrix or an implementation, or link a library that has one."
        super().__init__(f"Gate {gate} has no matrix! (operation {row} of the circuit) {cure}")


class WrongMatrixError(EngineError):
    """The matrix function of a gate gives a matrix of another size."""

    def __init__(self, gate: str, shape: tuple[int, ...], arity: int) -> None:
        size = 1 << arity
        super().__init__(f"Gate {gate} acts on {arity} qubits, but its matrix has shape {shape}: give {(size, size)}")


class NotFiniteMatrixError(EngineError):
    """The matrix of a gate has entries that are no numbers, or infinite."""

    def __init__(self, gate: str, matrix: NDArray[Any]) -> None:
        row, column = np.argwhere(~np.isfinite(matrix))[0].tolist()
        super().__init__(
            f"The matrix of gate {gate} has the entry {matrix[row, column]} in row {row}, column {column}: "
            "give finite numbers"
        )


def checked_matrix(gate: str, matrix: Any, arity: int) -> NDArray[np.complex128]:
    """The matrix that somebody gave for a gate, as complex128 of shape ``(2**arity, 2**arity)``.

    Raises:
        WrongMatrixError: it has another shape.
        NotFiniteMatrixError: an entry is not finite.

    >>> checked_matrix("FLIP", [[0, 1], [1, 0]], 1).shape
    (2, 2)
    """
    checked = np.asarray(matrix, np.complex128)
    if checked.shape != (1 << arity,) * 2:
        raise WrongMatrixError(gate, checked.shape, arity)
    if not np.isfinite(checked).all():
        raise NotFiniteMatrixError(gate, checked)
    return checked


class UnsupportedRowError(EngineError):
    """An operation that no engine executes."""

    def __init__(self, operation: str, row: int) -> None:
        self.operation, self.row = operation, row
        super().__init__(f"{operation} gate not supported (operation {row} of the circuit)")


class NotUnitaryError(EngineError):
    """The tape measures, resets or branches where a plain unitary circuit is needed."""

    def __init__(self) -> None:
        super().__init__("The circuit contains intermediate measurements: run it with a number of shots instead")


class NotReversibleError(EngineError):
    """A gate whose matrix is not unitary stands in the way of the adjoint method."""

    def __init__(self) -> None:
        super().__init__(
            "The matrix of a gate is not unitary, so that the circuit cannot be run backward for its derivatives: "
            "normalise the matrix, or use the jobs of job.gradient()"
        )


class NotEnoughMemoryError(EngineError):
    """The run does not fit into memory; nothing was allocated.

    Attributes:
        needed_bytes: what the run needs.
        available_bytes: what there is.
    """

    def __init__(self, needed_bytes: int, available_bytes: int, nb_qubits: int) -> None:
        self.needed_bytes, self.available_bytes, self.nb_qubits = needed_bytes, available_bytes, nb_qubits
        is_printable = needed_bytes < 1 << 100
        gib = f" ({needed_bytes / 2**30:.3g} GiB)" if is_printable else ""
        needed = str(needed_bytes) if is_printable else f"2**{needed_bytes.bit_length() - 1}"
        super().__init__(
            f"Not enough memory for simulation: {nb_qubits} qubits need {needed} bytes{gib}, {available_bytes} are "
            "available. Use fewer qubits, single precision or a larger machine."
        )


class BreakError(EngineError):
    """The formula of a BREAK operation was true.

    Attributes:
        row: its row on the tape.
        formula: the formula, in prefix notation.
        cbits: the classical bits it reads, with their values.
    """

    def __init__(self, row: int, formula: str, cbits: Sequence[tuple[int, bool]]) -> None:
        self.row, self.formula, self.cbits = row, formula, tuple(cbits)
        super().__init__(f"BREAK at gate #{row} : formula : {formula}, cbits : {list(cbits)}")


class Engine(Protocol):
    """What every engine offers. ``tape`` is always bound: no symbolic parameters.

    All operations raise :class:`MissingMatrixError` for a gate without matrix and :class:`NotEnoughMemoryError`, before
    anything is allocated, when the run cannot fit. Those that take a tape without shots raise
    :class:`NotUnitaryError` if it has operations other than gates.
    """

    name: str

    @property
    def nb_threads(self) -> int:
        """How many threads a run uses at most."""

    def needed_bytes(
        self,
        tape: Tape,
        *,
        precision: Precision = Precision.DOUBLE,
        paulis: Sequence[PauliSum] = (),
        nb_shots: int = 0,
        gradient: bool = False,
    ) -> int:
        """The memory of ``estimate``, in microseconds however large the run."""

    def estimate(
        self,
        tape: Tape,
        *,
        precision: Precision = Precision.DOUBLE,
        paulis: Sequence[PauliSum] = (),
        nb_shots: int = 0,
        nb_measured: int | None = None,
        gradient: bool = False,
        moves: Moves | None = None,
    ) -> Estimate:
        """Memory and time of a run of ``tape``; nothing as large as a state is allocated.

        A run that does not fit into the machine is only priced roughly, by its number of rows.

        Args:
            tape: the circuit.
            precision: of the amplitudes.
            paulis: observables whose values are asked for; with shots, each of their strings by itself.
            nb_shots: shots, for outcomes unless there are observables. Necessary if the tape measures.
            nb_measured: how many qubits the outcomes have; all by default.
            gradient: whether the derivatives of the first observable are asked for too.
            moves: as for ``value_and_gradient``.
        """

    def state(self, tape: Tape, initial: Initial = None, *, precision: Precision = Precision.DOUBLE) -> State:
        """The final state, shape ``(2**n,)``; ``initial`` is not changed. Cost O(rows * 2**n)."""

    def unitary(self, tape: Tape) -> State:
        """Matrix of the tape, shape ``(2**n, 2**n)``, complex128; for small circuits. Cost O(rows * 4**n)."""

    def expectation(self, state: State, paulis: PauliSum) -> complex:
        """``<state| paulis |state>``; real up to rounding for real coefficients. Cost O(distinct X masks * 2**n)."""

    def mean_value(
        self, tape: Tape, paulis: PauliSum, initial: Initial = None, *, precision: Precision = Precision.DOUBLE
    ) -> complex:
        """``expectation`` of the final state, by whichever way is quickest: the state need not be made."""

    def mean_values(self, cases: Sequence[tuple[Tape, PauliSum]]) -> list[complex]:
        """``mean_value`` of many circuits, each with its observable, from all qubits 0."""

    def energies(self, tape: Tape, rows: NDArray[np.float64], paulis: PauliSum) -> NDArray[np.complex128]:
        """``mean_value`` for many parameter sets of one circuit, from all qubits 0, shape ``(m,)``.

        Args:
            tape: the circuit; its own parameters do not count.
            rows: the parameters of each run, shape ``(m, len(tape.parameters))``.
            paulis: the observable.
        """

    def term_expectations(self, state: State, paulis: PauliSum) -> NDArray[np.float64]:
        """``<state| P |state>`` for each Pauli string of the sum, without coefficients, shape ``(k,)``."""

    def variance(self, state: State, paulis: PauliSum) -> float:
        """Variance of a one-shot estimate of the sum, when each string is measured by itself.

        It is ``sum(|c_k|**2 * (1 - <P_k>**2))``; the standard error of ``m`` shots a string is ``sqrt(variance / m)``.
        """

    def value_and_gradient(
        self, tape: Tape, paulis: PauliSum, initial: Initial = None, *, moves: Moves | None = None
    ) -> tuple[float, NDArray[np.float64]]:
        """Expectation value and its derivative by every entry of ``tape.parameters`` (adjoint method).

        With ``moves``, derivatives need only be right along them: what cancels there may be left out.

        Returns:
            The value, and an array of the shape of ``tape.parameters``; 0 where the parameter is not a number.
            Cost: about three runs and four states, however many parameters.
        """

    def probabilities(self, state: State, qubits: Sequence[int]) -> NDArray[np.float64]:
        """Distribution of ``qubits``, shape ``(2**len(qubits),)``, in their order. Cost O(2**n)."""

    def sample(self, state: State, qubits: Sequence[int], nb_shots: int, rng: np.random.Generator) -> Counts:
        """Draw ``nb_shots`` outcomes of ``qubits``. Cost O(2**n + nb_shots)."""

    def trajectories(
        self,
        tape: Tape,
        nb_shots: int,
        rng: np.random.Generator,
        initial: Initial = None,
        *,
        precision: Precision = Precision.DOUBLE,
    ) -> Iterator[Branch]:
        """Run a tape with measurements, resets, classical control and breaks.

        Shots share what they have in common: at a measurement they are split binomially over its outcomes, so the
        cost follows the number of distinct outcomes, not of shots.

        Yields:
            The branches, with positive ``nb_shots`` that sum up to ``nb_shots``. A branch's state may be overwritten
            once the next branch is asked for.

        Raises:
            BreakError: a BREAK formula is true in some branch.
        """


def _numpy_engine() -> Engine:
    from qat.kernels.numpy_engine import NumpyEngine

    return NumpyEngine()


def _native_engine() -> Engine:
    from qat.kernels.native_engine import NativeEngine

    return NativeEngine()


_FACTORIES: dict[str, Callable[[], Engine]] = {"numpy": _numpy_engine}
if find_spec("qat.kernels._native") is not None:
    _FACTORIES["native"] = _native_engine
_ENGINES: dict[str, Engine] = {}


def register_engine(name: str, factory: Callable[[], Engine]) -> None:
    """Make an engine known; the one registered last is preferred. ``factory`` runs at first use."""
    _ENGINES.pop(name, None)
    _FACTORIES.pop(name, None)
    _FACTORIES[name] = factory


def select_engine(name: str | None = None) -> Engine:
    """The engine called ``name``, or the preferred one.

    Raises:
        ValueError: there is no such engine.

    >>> select_engine("numpy").name
    'numpy'
    """
    name = next(reversed(_FACTORIES)) if name is None else name
    if (engine := _ENGINES.get(name)) is None:
        if name not in _FACTORIES:
            raise ValueError(f"There is no engine {name!r}; available: {', '.join(_FACTORIES)}")
        engine = _ENGINES.setdefault(name, _FACTORIES[name]())
    return engine
