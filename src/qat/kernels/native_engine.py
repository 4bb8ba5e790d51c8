"""The compiled state-vector engine: see ``native/`` for how it works, and :class:`Engine` for what it offers.

What is not native is computed by the NumPy engine on the native state.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels import control, native_pauli, native_subspace
from qat.kernels._native import Program, energies, mean_values
from qat.kernels.engine import Branch, Estimate, Initial, Moves, NotUnitaryError, Precision, State, nb_amplitudes
from qat.kernels.memory import require_memory, total_bytes
from qat.kernels.native_observables import NativeObservables
from qat.kernels.native_program import NativePlan, Section, compiled
from qat.kernels.numpy_engine import start_of, unbound_error
from qat.kernels.plan_cache import PlanCache
from qat.kernels.tape import Tape
from qat.kernels.tape_algebra import has_boxes, opened

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum

Case = tuple[Program, NDArray[np.float64], Any, NDArray[np.complex128], complex]
"""Program and parameters, strings, coefficients and constant of a mean value."""
_MAX_BATCH_QUBITS = 16
"""Larger circuits use all threads for one run."""
_BATCH_ROWS = 256
_SHORT_WORK = 1 << 20
"""Gates and terms times amplitudes of runs that take some milliseconds at most: nobody waits to stop them."""
_MAX_MASK_QUBITS = 60
_BUFFER_BYTES = 1 << 20
_NO_PARAMETERS = np.empty(0)
_BYTES_PER_TERM = 256
_BYTES_PER_SHOT = 24
_ROUGH_AMPLITUDE_S = 1e-9
_SOME_ANGLE = 0.7
"""For parameters without a value: the time of a run does not depend on it."""


def available_threads() -> int:
    """How many threads a run may use: one a core of this process, at most ``OMP_NUM_THREADS`` if that is set.

    >>> available_threads() >= 1
    True
    """
    nb_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wished = os.environ.get("OMP_NUM_THREADS", "")
    return min(nb_cores, int(wished)) if wished.isdigit() and int(wished) else nb_cores


class NativeEngine(NativeObservables):
    """See :class:`qat.kernels.engine.Engine`.

    Args:
        nb_threads: at most so many; states below 2**17 amplitudes are done by one. All there are, by default.
        fusion: whether gates are merged; results agree up to rounding.

    Raises:
        ValueError: the number of threads is not positive.

    >>> from qat.kernels.gates import GATES, GateForm
    >>> from qat.kernels.tape import TapeBuilder
    >>> builder = TapeBuilder()
    >>> builder.gate(builder.form(GateForm(GATES["X"])), [1])
    >>> NativeEngine().state(builder.tape(2)).real.tolist()
    [0.0, 1.0, 0.0, 0.0]
    """

    name = "native"

    def __init__(self, nb_threads: int | None = None, *, fusion: bool = True) -> None:
        super().__init__()
        if nb_threads is not None and nb_threads < 1:
            raise ValueError(f"nb_threads is {nb_threads}: give at least 1, or None for all there are")
        self._nb_threads = available_threads() if nb_threads is None else nb_threads
        self._fusion = fusion
        self._native_plans = PlanCache(compiled)

    def configured(self, *, nb_threads: int | None = None, fusion: bool = True) -> NativeEngine:
        """An engine with other options that shares this one's plans."""
        other = type(self)(nb_threads, fusion=fusion)
        other._plans, other._native_plans = self._plans, self._native_plans
        return other

    @property
    def nb_threads(self) -> int:
        """How many threads a run uses at most."""
        return self._nb_threads

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
        nb_states = (2 if gradient else 1) if tape.is_unitary else 3
        nb_bytes = nb_states * precision.dtype.itemsize << tape.nb_qubits
        nb_drawn = 0 if paulis else nb_shots
        nb_terms = sum(map(len, paulis))
        return nb_bytes + self._nb_threads * _BUFFER_BYTES + nb_terms * _BYTES_PER_TERM + nb_drawn * _BYTES_PER_SHOT

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
        """See ``Engine.estimate``. Within a factor of 2 for plain gates; an upper bound for measurements on the way."""
        nb_bytes = self.needed_bytes(tape, precision=precision, paulis=paulis, nb_shots=nb_shots, gradient=gradient)
        if nb_bytes > total_bytes():
            return Estimate(nb_bytes, _ROUGH_AMPLITUDE_S * len(tape) * nb_amplitudes(tape.nb_qubits))
        if tape.expressions:
            tape = tape.bound([_SOME_ANGLE] * len(tape.expressions))
        from qat.kernels.native_estimates import Durations

        plan, tape = self._native_plan(tape, 0)
        durations = Durations(tape, plan, precision, self._fusion, self._nb_threads)
        nb_measured = tape.nb_qubits if nb_measured is None else nb_measured
        if not tape.is_unitary:
            return Estimate(nb_bytes, durations.branches(nb_shots))
        if gradient:
            return Estimate(nb_bytes, durations.gradient(paulis[0], moves))
        if len(paulis) == 1 and not nb_shots:
            return Estimate(nb_bytes, durations.mean_value(paulis[0]))
        seconds = durations.state() + sum(map(durations.values, paulis))
        return Estimate(
            nb_bytes, seconds + (durations.sampling(nb_measured, nb_shots) if not paulis and nb_shots else 0)
        )

    def state(self, tape: Tape, initial: Initial = None, *, precision: Precision = Precision.DOUBLE) -> State:
        """See ``Engine.state``."""
        nb_states = 1 if initial is None else 2
        plan, tape = self._native_plan(tape, nb_states * precision.dtype.itemsize << tape.nb_qubits)
        section = _only_section(plan)
        if not section:
            return start_of(tape, initial, precision)
        if initial is not None:
            return self._advance(section, _read_only(tape, initial, precision), tape)
        program, supplied = section[0].program, section[0].supplied(tape)
        is_single = precision is Precision.SINGLE
        state: State = program.run(tape.parameters, supplied, is_single, self._fusion, self._nb_threads, 0)
        return state

    def unitary(self, tape: Tape) -> State:
        """See ``Engine.unitary``."""
        size = 1 << tape.nb_qubits
        plan, tape = self._native_plan(tape, 3 * 16 * size * size)
        columns = np.eye(size, dtype=np.complex128).reshape(-1)
        return self._advance(_only_section(plan), columns, tape).reshape(size, size).T

    def mean_value(
        self, tape: Tape, paulis: PauliSum, initial: Initial = None, *, precision: Precision = Precision.DOUBLE
    ) -> complex:
        """See ``Engine.mean_value``. Circuits that stay among few basis states take microseconds."""
        control.check()
        found = self._brief(tape, paulis) if initial is None else None
        if isinstance(found, complex):
            return found
        if found is not None and precision is Precision.DOUBLE:
            return mean_values([found], self._nb_threads)[0]  # type: ignore[no-any-return]
        return super().mean_value(tape, paulis, initial, precision=precision)

    def mean_values(self, cases: Sequence[tuple[Tape, PauliSum]]) -> list[complex]:
        """See ``Engine.mean_values``. Short runs are shared out over the threads."""
        values: list[complex] = []
        for first in range(0, len(cases), _BATCH_ROWS):  # signals are looked at in between
            end = min(first + _BATCH_ROWS, len(cases))
            with control.part(first / len(cases), end / len(cases)):
                values += self._some_mean_values(cases[first:end])
        return values

    def _some_mean_values(self, cases: Sequence[tuple[Tape, PauliSum]]) -> Iterator[complex]:
        control.report(0)
        found = [self._brief(tape, paulis) for tape, paulis in cases]
        short = iter(mean_values([case for case in found if type(case) is tuple], self._nb_threads))
        for number, (case, (tape, paulis)) in enumerate(zip(found, cases, strict=True)):
            if case is None:
                with control.part(number / len(cases), (number + 1) / len(cases)):
                    control.report(0)
                    yield self.mean_value(tape, paulis)
            else:
                yield next(short) if type(case) is tuple else case  # type: ignore[misc]

    def _brief(self, tape: Tape, paulis: PauliSum) -> complex | Case | None:
        """The value, if few basis states are all there is to it; a short run, to be made; ``None`` for others."""
        if tape.classical or tape.expressions or tape.nb_qubits > _MAX_MASK_QUBITS:
            return None
        plan = self._native_plans.known(tape)
        if plan is None:
            plan = self._native_plans.plan(tape := opened(tape))
        if not (sections := _only_section(plan)):
            return None
        section = sections[0]
        native_pauli.require_width(tape.nb_qubits, paulis)
        if (value := native_subspace.value(section, tape, paulis)) is not None:
            return complex(value)
        if len(tape) + len(paulis) << tape.nb_qubits > _SHORT_WORK or not self._fusion or section.groups:
            return None
        strings = native_pauli.strings_on(tape.nb_qubits, paulis)
        return section.program, tape.parameters, strings, paulis.coefficients, complex(paulis.constant)

    def energies(self, tape: Tape, rows: NDArray[np.float64], paulis: PauliSum) -> NDArray[np.complex128]:
        """See ``Engine.energies``. The runs are shared out over the threads."""
        if not len(rows) or has_boxes(tape) or tape.nb_qubits > _MAX_BATCH_QUBITS:
            return super().energies(tape, rows, paulis)
        plan, tape = self._native_plan(tape.with_parameters(rows[0]), self._nb_threads * 16 << tape.nb_qubits)
        section = _only_section(plan)
        if not section or section[0].groups or native_subspace.value(section[0], tape, paulis) is not None:
            return super().energies(tape, rows, paulis)
        values: list[complex] = []
        for first in range(0, len(rows), _BATCH_ROWS):  # signals are looked at in between
            part = np.ascontiguousarray(rows[first : first + _BATCH_ROWS], np.float64)
            with control.part(first / len(rows), min((first + _BATCH_ROWS) / len(rows), 1)):
                values += self._energies(section[0].program, part, paulis)
        return np.array(values, np.complex128)

    def _energies(self, program: Program, rows: NDArray[np.float64], paulis: PauliSum) -> list[complex]:
        strings, constant = native_pauli.strings_on(program.nb_qubits, paulis), complex(paulis.constant)
        values: list[complex] = energies(program, rows, strings, paulis.coefficients, constant, self._nb_threads)
        return values

    def value_and_gradient(
        self, tape: Tape, paulis: PauliSum, initial: Initial = None, *, moves: Moves | None = None
    ) -> tuple[float, NDArray[np.float64]]:
        """See ``Engine.value_and_gradient``."""
        from qat.kernels.native_gradient import value_and_gradient

        if has_boxes(tape):
            raise ValueError("Parameters inside boxes have no place in tape.parameters: open the boxes first")
        plan, tape = self._native_plan(tape, (2 if initial is None else 3) * 16 << tape.nb_qubits)
        section = _only_section(plan)
        start = None if initial is None else _read_only(tape, initial, Precision.DOUBLE)
        if not section:
            state = self.state(tape, initial)
            return self.expectation(state, paulis).real, np.zeros(len(tape.parameters))
        if start is None and (found := native_subspace.value_and_gradient(section[0], tape, paulis, moves)) is not None:
            return found
        return value_and_gradient(section[0], tape, paulis, start, moves, self._nb_threads)

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

        plan, tape = self._native_plan(tape, 3 * precision.dtype.itemsize << tape.nb_qubits)
        tree = MeasurementTree(plan, tape, rng, self._advance)
        return tree.branches(start_of(tape, initial, precision), nb_shots, tape.nb_cbits)

    def _native_plan(self, tape: Tape, nb_bytes: int) -> tuple[NativePlan, Tape]:
        control.check()
        require_memory(nb_bytes, tape.nb_qubits)
        tape = opened(tape)
        if tape.expressions:
            raise unbound_error(tape)
        return self._native_plans.plan(tape), tape

    def _advance(self, sections: Sequence[Section], states: State, tape: Tape) -> State:
        for section in sections:
            program: Program = section.program
            supplied = section.supplied(tape)
            states = program.run_from(tape.parameters, supplied, states, self._fusion, self._nb_threads, 0)
        return states


def _read_only(tape: Tape, initial: Initial, precision: Precision) -> State:
    """The initial state, without a copy where it is an array of the right kind."""
    if isinstance(initial, np.ndarray):
        return np.ascontiguousarray(initial, precision.dtype)
    return start_of(tape, initial, precision)


def _only_section(plan: NativePlan) -> list[Section]:
    if plan.interruptions:
        raise NotUnitaryError
    return plan.sections[0]
