"""What runs of the compiled engine will need, from their plans and what this machine takes for their parts.

Times of plans come from ``native/costs.h``; here they are put together. What a run would learn first (the plan, whether
the circuit stays among few basis states) is learnt here and kept, so the run does not pay for it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from qat.kernels import _native, native_pauli, native_subspace
from qat.kernels.engine import Moves, Precision
from qat.kernels.native_gradient import varied_parameters
from qat.kernels.native_program import NativePlan, Section
from qat.kernels.tape import Kind, Tape

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum

_CALL_S = 5e-6
_ROW_S = 1.5e-7
_SPLIT_S = 4e-5
_SPLIT_AMPLITUDE_S = 6e-9
"""Of a branch at a measurement, and of each of its amplitudes."""
_OUTCOME_S = 1e-7
_REPETITIONS = 3


def shortest_s(call: Callable[[], object]) -> float:
    """Seconds of the processor for a call that uses one thread: the best of three.

    >>> shortest_s(lambda: None) < 1
    True
    """
    seconds = []
    for _ in range(_REPETITIONS):
        start = time.thread_time()
        call()
        seconds.append(time.thread_time() - start)
    return min(seconds)


class Durations:
    """Seconds of the parts of a run.

    Args:
        tape: the circuit, bound and without boxes.
        plan: its plan.
        precision: of the amplitudes.
        fusion: whether gates are merged.
        nb_threads: of the engine.
    """

    def __init__(self, tape: Tape, plan: NativePlan, precision: Precision, fusion: bool, nb_threads: int) -> None:
        self._tape, self._plan, self._nb_threads = tape, plan, nb_threads
        self._is_single = precision is Precision.SINGLE
        self._options = (self._is_single, fusion, nb_threads)

    def state(self) -> float:
        """Of the final state of a circuit of plain gates."""
        return _CALL_S + len(self._tape) * _ROW_S + self._sections(self._plan.sections[0])

    def mean_value(self, paulis: PauliSum) -> float:
        """Of the exact value of an observable, the state included."""
        for section in self._plan.sections[0]:
            ask = partial(native_subspace.value, section, self._tape, paulis)
            if ask() is not None:
                return _CALL_S + shortest_s(ask)
        return self.state() + self.values(paulis)

    def values(self, paulis: PauliSum) -> float:
        """Of the values of all strings in a state."""
        strings = native_pauli.strings_on(self._tape.nb_qubits, paulis)
        return _CALL_S + float(strings.values_duration(self._is_single, self._nb_threads))

    def gradient(self, paulis: PauliSum, moves: Moves | None) -> float:
        """Of an exact value and its derivatives."""
        for section in self._plan.sections[0]:
            ask = partial(native_subspace.value_and_gradient, section, self._tape, paulis, moves)
            if ask() is not None:
                return _CALL_S + shortest_s(ask)
        strings = native_pauli.strings_on(self._tape.nb_qubits, paulis)
        return self.state() + float(strings.apply_duration(self._nb_threads)) + self._way_back(moves)

    def _way_back(self, moves: Moves | None) -> float:
        """Of undoing the gates on two states, with the overlaps that derivatives are made of."""
        tape = self._tape
        way_back_s = 2 * len(tape) * _ROW_S  # gates and overlaps are planned once more
        is_varied = varied_parameters(tape, moves)
        for each in self._plan.sections[0]:
            way_back_s += _native.gradient_duration(
                each.program, tape.parameters, each.supplied(tape), is_varied, self._nb_threads
            )
        return way_back_s

    def sampling(self, nb_measured: int, nb_shots: int) -> float:
        """Of drawing outcomes of a state."""
        by_amplitude, by_shot = _drawing_s()
        nb_outcomes = 1 << nb_measured
        drawn = nb_outcomes * _OUTCOME_S if nb_outcomes * 16 <= nb_shots else nb_shots * by_shot
        return _CALL_S + (1 << self._tape.nb_qubits) * by_amplitude + drawn

    def branches(self, nb_shots: int) -> float:
        """Of all branches of a circuit with measurements, at most: every outcome is taken to be possible."""
        split_s = _SPLIT_S + _SPLIT_AMPLITUDE_S * (1 << self._tape.nb_qubits)
        nb_branches, seconds = 1, _CALL_S + len(self._tape) * _ROW_S
        for number, sections in enumerate(self._plan.sections):
            seconds += nb_branches * (split_s + self._sections(sections))
            if number < len(self._plan.interruptions):
                interruption = self._plan.interruptions[number]
                if interruption.kind in (Kind.MEASURE, Kind.RESET):
                    nb_branches = min(nb_shots, nb_branches << min(len(interruption.qubits), 62))
        return seconds

    def _sections(self, sections: Sequence[Section]) -> float:
        tape = self._tape
        return sum(each.program.duration(tape.parameters, each.supplied(tape), *self._options) for each in sections)


@lru_cache(maxsize=1)
def _drawing_s() -> tuple[float, float]:
    """Seconds for each amplitude and for each shot. Measured once, in some milliseconds."""
    nb_amplitudes, nb_shots = 1 << 16, 1 << 16
    state = np.full(nb_amplitudes, 2.0**-8, np.complex128)
    few_s = shortest_s(lambda: _native.draw(state, 16, 1))
    many_s = shortest_s(lambda: _native.draw(state, nb_shots, 1))
    return few_s / nb_amplitudes, max(many_s - few_s, 0.0) / nb_shots
