"""The state-vector engine in plain NumPy: reference for the other engines, and what runs where there is no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qat.kernels import control, numpy_pauli, sampling
from qat.kernels.engine import (
    Branch,
    Counts,
    Estimate,
    Initial,
    MissingMatrixError,
    Moves,
    NotUnitaryError,
    Precision,
    State,
    nb_amplitudes,
)
from qat.kernels.memory import require_memory
from qat.kernels.numpy_compiler import compiled
from qat.kernels.numpy_plan import Plan
from qat.kernels.numpy_products import overlap
from qat.kernels.numpy_steps import Operands, Step
from qat.kernels.plan_cache import PlanCache
from qat.kernels.tape import Kind, Tape
from qat.kernels.tape_algebra import has_boxes, opened

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum

STATE_SHARE = 0.5
"""Of the progress of a mean value, that of the state."""
_STATES_PER_RUN = 3
_STATES_PER_GRADIENT = 6
_STATES_PER_EXPECTATION = 4
_BYTES_PER_SHOT = 24
_BYTES_PER_SECOND = 2e9
_SECONDS_PER_ROW = 3e-6


class NumpyEngine:
    """See :class:`qat.kernels.engine.Engine`.

    >>> from qat.kernels.gates import GATES, GateForm
    >>> from qat.kernels.tape import TapeBuilder
    >>> builder = TapeBuilder()
    >>> builder.gate(builder.form(GateForm(GATES["X"])), [1])
    >>> NumpyEngine().state(builder.tape(2)).real.tolist()
    [0.0, 1.0, 0.0, 0.0]
    """

    name = "numpy"

    def __init__(self) -> None:
        self._plans = PlanCache(compiled)

    @property
    def nb_threads(self) -> int:
        """One."""
        return 1

    def needed_bytes(
        self,
        tape: Tape,
        *,
        precision: Precision = Precision.DOUBLE,
        paulis: Sequence[PauliSum] = (),
        nb_shots: int = 0,
        gradient: bool = False,
    ) -> int:
        """See ``Engine.needed_bytes``."""
        nb_states = _STATES_PER_GRADIENT if gradient else _STATES_PER_EXPECTATION if paulis else _STATES_PER_RUN
        return (nb_states * precision.dtype.itemsize << tape.nb_qubits) + _BYTES_PER_SHOT * nb_shots

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
        """See ``Engine.estimate``. The time is rough, from numbers of rows and terms."""
        nb_bytes = self.needed_bytes(tape, precision=precision, paulis=paulis, nb_shots=nb_shots, gradient=gradient)
        state_bytes = precision.dtype.itemsize * nb_amplitudes(tape.nb_qubits)
        nb_steps = len(tape) * (4 if gradient else 1) + sum(len(np.unique(each.x_masks)) for each in paulis)
        nb_branches = 1 if tape.is_unitary else min(nb_shots, 1 << min(_measured_bits(tape), 62))
        step_s = _SECONDS_PER_ROW + _STATES_PER_RUN * state_bytes / _BYTES_PER_SECOND
        return Estimate(nb_bytes, nb_branches * nb_steps * step_s)

    def state(self, tape: Tape, initial: Initial = None, *, precision: Precision = Precision.DOUBLE) -> State:
        """See ``Engine.state``."""
        plan, operands = self._prepared(tape, _STATES_PER_RUN, precision)
        return _advance(_only_section(plan), start_of(tape, initial, precision), operands)

    def unitary(self, tape: Tape) -> State:
        """See ``Engine.unitary``."""
        plan, operands = self._prepared(tape, _STATES_PER_RUN << tape.nb_qubits, Precision.DOUBLE)
        columns = np.eye(1 << tape.nb_qubits, dtype=np.complex128)
        return _advance(_only_section(plan), columns, operands).T

    def expectation(self, state: State, paulis: PauliSum) -> complex:
        """See ``Engine.expectation``."""
        _require_expectation(state)
        return numpy_pauli.expectation(state, paulis)

    def mean_value(
        self, tape: Tape, paulis: PauliSum, initial: Initial = None, *, precision: Precision = Precision.DOUBLE
    ) -> complex:
        """See ``Engine.mean_value``."""
        with control.part(0, STATE_SHARE):
            state = self.state(tape, initial, precision=precision)
        with control.part(STATE_SHARE, 1):
            return self.expectation(state, paulis)

    def mean_values(self, cases: Sequence[tuple[Tape, PauliSum]]) -> list[complex]:
        """See ``Engine.mean_values``."""
        values = []
        for number, (tape, paulis) in enumerate(cases):
            with control.part(number / len(cases), (number + 1) / len(cases)):
                control.report(0)
                values.append(self.mean_value(tape, paulis))
        return values

    def energies(self, tape: Tape, rows: NDArray[np.float64], paulis: PauliSum) -> NDArray[np.complex128]:
        """See ``Engine.energies``."""
        values = np.empty(len(rows), np.complex128)
        for number, row in enumerate(rows):
            with control.part(number / len(rows), (number + 1) / len(rows)):
                values[number] = self.mean_value(tape.with_parameters(row), paulis)
        return values

    def term_expectations(self, state: State, paulis: PauliSum) -> NDArray[np.float64]:
        """See ``Engine.term_expectations``."""
        _require_expectation(state)
        return numpy_pauli.term_expectations(state, paulis)

    def variance(self, state: State, paulis: PauliSum) -> float:
        """See ``Engine.variance``."""
        weights = np.abs(paulis.coefficients) ** 2
        return float(weights @ np.maximum(1 - self.term_expectations(state, paulis) ** 2, 0))

    def value_and_gradient(
        self, tape: Tape, paulis: PauliSum, initial: Initial = None, *, moves: Moves | None = None
    ) -> tuple[float, NDArray[np.float64]]:
        """See ``Engine.value_and_gradient``."""
        from qat.kernels.numpy_gradient import adjoint_gradient

        if has_boxes(tape):
            raise ValueError("Parameters inside boxes have no place in tape.parameters: open the boxes first")
        plan, operands = self._prepared(tape, _STATES_PER_GRADIENT, Precision.DOUBLE)
        with control.part(0, 1 / 3):
            ket = _advance(_only_section(plan), start_of(tape, initial, Precision.DOUBLE), operands)
        with control.part(1 / 3, 1):
            bra = numpy_pauli.applied(ket, paulis)
            value = overlap(ket, bra).real
            return value, adjoint_gradient(plan, tape, operands, bra, ket)

    def probabilities(self, state: State, qubits: Sequence[int]) -> NDArray[np.float64]:
        """See ``Engine.probabilities``."""
        return sampling.probabilities(state, qubits)

    def sample(self, state: State, qubits: Sequence[int], nb_shots: int, rng: np.random.Generator) -> Counts:
        """See ``Engine.sample``."""
        return sampling.draw(sampling.probabilities(state, qubits), nb_shots, rng)

    def trajectories(
        self,
        tape: Tape,
        nb_shots: int,
        rng: np.random.Generator,
        initial: Initial = None,
        *,
        precision: Precision = Precision.DOUBLE,
    ) -> Iterator[Branch]:
        """See ``Engine.trajectories``."""
        from qat.kernels.trajectories import MeasurementTree

        plan, operands = self._prepared(tape, _STATES_PER_RUN, precision)
        tree = MeasurementTree(plan, operands, rng, _advance)
        return tree.branches(start_of(tape, initial, precision), nb_shots, tape.nb_cbits)

    def _prepared(self, tape: Tape, nb_states: int, precision: Precision) -> tuple[Plan, Operands]:
        control.check()
        require_memory((nb_states * precision.dtype.itemsize) << tape.nb_qubits, tape.nb_qubits)
        tape = opened(tape)
        if not tape.is_bound:
            raise unbound_error(tape)
        plan = self._plans.plan(tape)
        return plan, plan.operands(tape, precision.dtype)


def _require_expectation(state: State) -> None:
    control.check()
    require_memory(_STATES_PER_EXPECTATION * 16 * len(state), len(state).bit_length() - 1)


def _measured_bits(tape: Tape) -> int:
    is_split = np.isin(tape.kinds, (Kind.MEASURE, Kind.RESET))
    return int(np.diff(tape.qubit_starts)[is_split].sum())


def unbound_error(tape: Tape) -> MissingMatrixError:
    """What is wrong with a tape that has symbolic parameters."""
    row = int(np.searchsorted(tape.parameter_starts, tape.slots[0], side="right")) - 1
    names = sorted({name for expression in tape.expressions for name in expression.get_variables()})
    reason = f"Its parameters are not bound: give values to {', '.join(names)}."
    return MissingMatrixError(tape.forms[tape.gates[row]].record.name, row, reason)


def _only_section(plan: Plan) -> list[Step]:
    if plan.interruptions:
        raise NotUnitaryError
    return plan.sections[0]


_LETTERS = {"0": (1, 0), "1": (0, 1), "+": (2**-0.5, 2**-0.5), "-": (2**-0.5, -(2**-0.5))}


def start_of(tape: Tape, initial: Initial, precision: Precision) -> State:
    """A new array with the initial state."""
    if isinstance(initial, str):
        return _product_state(initial, precision)
    if initial is not None:
        return np.array(initial, dtype=precision.dtype)
    state = np.zeros(1 << tape.nb_qubits, dtype=precision.dtype)
    state[0] = 1
    return state


def _product_state(letters: str, precision: Precision) -> State:
    state = np.ones(1, precision.dtype)
    for letter in letters:
        state = np.multiply.outer(state, np.array(_LETTERS[letter], precision.dtype)).reshape(-1)
    return state


def _advance(steps: Sequence[Step], states: State, operands: Operands) -> State:
    for number, step in enumerate(steps):
        control.report(number / len(steps))
        states = step.apply(states, operands)
    return states
