"""Measurements in mid-circuit: the tree of outcomes, walked depth first.

At every measurement the shots of a branch are split over its outcomes; branches share the states they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple, Protocol

import numpy as np

from qat.kernels import control
from qat.kernels.engine import Branch, BreakError, Measurement, State
from qat.kernels.formula import bits_of_formula, evaluate_formula
from qat.kernels.memory import require_memory
from qat.kernels.numpy_plan import Interruption
from qat.kernels.sampling import draw, probabilities
from qat.kernels.tape import Kind

Advance = Callable[[Sequence[Any], State, Any], State]


class Sectioned(Protocol):
    """A plan of any engine: runs of steps, and what comes between them."""

    @property
    def sections(self) -> Sequence[Sequence[Any]]:
        """Steps; ``sections[i]`` come before ``interruptions[i]``."""

    @property
    def interruptions(self) -> Sequence[Interruption]:
        """One fewer than the sections."""


class _Node(NamedTuple):
    """A branch on its way: it still has to go through ``sections[section:]`` of the plan.

    ``parent`` is shared with other branches; ``collapse`` makes the branch's own state from it.
    """

    section: int
    parent: State
    collapse: Callable[[State], State]
    nb_shots: int
    measurements: tuple[Measurement, ...]
    cbits: tuple[int, ...]


class MeasurementTree:
    """Runs a plan shot by shot, but only once for all shots that share their outcomes.

    Args:
        plan: of any engine.
        operands: the numbers of the run, as ``advance`` takes them.
        rng: source of the outcomes.
        advance: applies steps to a state, which it may overwrite.
    """

    def __init__(self, plan: Sectioned, operands: Any, rng: np.random.Generator, advance: Advance) -> None:
        self._plan, self._operands, self._rng, self._advance = plan, operands, rng, advance

    def branches(self, initial: State, nb_shots: int, nb_cbits: int) -> Iterator[Branch]:
        """See ``Engine.trajectories``; ``initial`` may be overwritten."""
        waiting = [_Node(0, initial, _as_is, nb_shots, (), (0,) * nb_cbits)]
        nb_done, share = 0, 1 / (nb_shots * len(self._plan.sections))
        while waiting:
            node = waiting.pop()
            begin = nb_done / nb_shots + node.section * node.nb_shots * share
            with control.part(begin, begin + node.nb_shots * share):
                control.report(0)
                reached = self._run(node, node.collapse(node.parent))
            if isinstance(reached, Branch):
                nb_done += node.nb_shots
                yield reached
            else:
                waiting.extend(reversed(reached))

    def _run(self, node: _Node, state: State) -> Branch | list[_Node]:
        """Go on to the end, or to the next measurement or reset."""
        cbits = list(node.cbits)
        for section in range(node.section, len(self._plan.sections)):
            state = self._advance(self._plan.sections[section], state, self._operands)
            if section == len(self._plan.interruptions):
                break
            interruption = self._plan.interruptions[section]
            if interruption.kind in (Kind.MEASURE, Kind.RESET):
                return self._split(interruption, state, node, cbits, section + 1)
            state = self._classical(interruption, state, cbits)
        return Branch(state, node.nb_shots, node.measurements, tuple(cbits))

    def _classical(self, interruption: Interruption, state: State, cbits: list[int]) -> State:
        classical = interruption.classical
        if interruption.kind == Kind.CLASSIC_CONTROL:
            return self._advance(interruption.steps, state, self._operands) if cbits[classical.cbits[0]] else state
        formula = classical.formula or ""
        value = evaluate_formula(formula, cbits)
        if interruption.kind == Kind.CLASSIC:
            cbits[classical.cbits[0]] = int(value)
        elif value:
            raise BreakError(interruption.row, formula, [(i, bool(cbits[i])) for i in bits_of_formula(formula)])
        return state

    def _split(
        self, interruption: Interruption, state: State, node: _Node, cbits: list[int], section: int
    ) -> list[_Node]:
        is_reset = interruption.kind == Kind.RESET
        distribution = probabilities(state, interruption.qubits)
        counts = draw(distribution, node.nb_shots, self._rng)
        children = []
        for outcome, nb_shots in zip(counts.outcomes.tolist(), counts.counts.tolist(), strict=True):
            bits = _bits(outcome, len(interruption.qubits))
            measurement = Measurement(interruption.row, bits, float(distribution[outcome]))
            collapse = _Collapse(interruption.qubits, bits, measurement.probability, is_reset)
            known = _written(cbits, interruption.classical.cbits, repeat(0) if is_reset else bits)
            children.append(_Node(section, state, collapse, nb_shots, (*node.measurements, measurement), known))
        return children


def _as_is(state: State) -> State:
    return state


def _bits(outcome: int, length: int) -> tuple[int, ...]:
    return tuple(outcome >> place & 1 for place in reversed(range(length)))


def _written(cbits: Sequence[int], places: Sequence[int], bits: Iterable[int]) -> tuple[int, ...]:
    known = list(cbits)
    for place, bit in zip(places, bits, strict=False):
        known[place] = bit
    return tuple(known)


@dataclass(frozen=True, slots=True)
class _Collapse:
    """The projection on one outcome of some qubits, normalised; a reset then brings them to 0. Makes a new array."""

    qubits: tuple[int, ...]
    bits: tuple[int, ...]
    probability: float
    is_reset: bool

    def __call__(self, state: State) -> State:
        nb_qubits = len(state).bit_length() - 1
        require_memory(state.nbytes, nb_qubits)
        source: list[int | slice] = [slice(None)] * nb_qubits
        for qubit, bit in zip(self.qubits, self.bits, strict=True):
            source[qubit] = bit
        target = [0 if self.is_reset and isinstance(place, int) else place for place in source]
        collapsed = np.zeros_like(state)
        shape = (2,) * nb_qubits
        collapsed.reshape(shape)[tuple(target)] = state.reshape(shape)[tuple(source)] * self.probability**-0.5
        return collapsed
