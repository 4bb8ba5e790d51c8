"""The quantum metric tensor of a circuit, from jobs which any QPU can run.

With ``F(x, y)`` the overlap ``|<psi(x)|psi(y)>|**2`` the metric (quantum Fisher information) at ``x`` is
``-2 d/dy_k d/dy_l F(x, y)`` at ``y = x``. An overlap is the probability of all zeros after the circuit at ``y``
and the inverse circuit at ``x``; the derivatives come from shifting the angles of single gates.

Source: A. Mari, T. R. Bromley and N. Killoran, Phys. Rev. A 103 (2021) 012405, section IV (overlaps and their
shifts); J. J. Meyer, Quantum 5 (2021) 539 (definitions); for the four-term rule of controlled rotations,
G.-L. R. Anselmetti et al., New J. Phys. 23 (2021) 113010, equation 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.core.errors import ErrorType, PluginException
from qat.core.wrappers.circuit import Circuit
from qat.core.wrappers.job import Batch, Job
from qat.kernels.gates import GateForm
from qat.kernels.tape import Tape
from qat.kernels.tape_algebra import concatenated, inverted, opened

__all__ = ["metric_tensor"]

Array = NDArray[np.float64]
Execute = Callable[[Batch], Any]


class Shift(NamedTuple):
    """One term of a derivative: ``coefficient`` times the function with the angle moved by ``angle_rad``."""

    coefficient: float
    angle_rad: float


def _antisymmetric(coefficient: float, angle_rad: float) -> tuple[Shift, Shift]:
    return Shift(coefficient, angle_rad), Shift(-coefficient, -angle_rad)


_ROOT = np.sqrt(2)
TWO_TERMS = _antisymmetric(1 / 2, np.pi / 2)
FOUR_TERMS = (
    *_antisymmetric((_ROOT + 1) / (4 * _ROOT), np.pi / 2),
    *_antisymmetric(-(_ROOT - 1) / (4 * _ROOT), 3 * np.pi / 2),
)


def metric_tensor(circuit: Circuit, values: Mapping[str, float], execute: Execute, nb_shots: int = 0) -> Array:
    """The metric of a circuit with respect to its variables.

    Args:
        circuit: plain gates; variables in rotations and phases, controlled or not, and in expressions of any form.
        values: where to take the metric, for every variable.
        execute: runs a batch and gives its results.
        nb_shots: shots per overlap; 0 for exact ones.

    Returns:
        Symmetric array of shape ``(n, n)`` in the order of ``values``. Cost: 4 jobs for each pair of gates with
        variables (16 for pairs of controlled rotations), sent as one batch.

    Raises:
        PluginException: if a gate with a variable has no shift rule.
    """
    tape = opened(circuit.tape)
    bound = tape.bound([expression(**values) for expression in tape.expressions])
    rules = [_rule(form) for form in _forms_of_slots(tape)]
    pairs = list(combinations_with_replacement(range(len(rules)), 2))
    terms = [(pair, first, second) for pair in pairs for first, second in product(rules[pair[0]], rules[pair[1]])]
    overlaps = _overlaps(tape, bound, [_moves(*term) for term in terms], execute, nb_shots)
    gates = np.zeros((len(rules), len(rules)))
    for ((row, column), first, second), overlap in zip(terms, overlaps, strict=True):
        gates[row, column] -= 2 * first.coefficient * second.coefficient * overlap
    gates = gates + np.triu(gates, 1).T
    jacobian = _jacobian(tape, values)
    metric: Array = jacobian.T @ gates @ jacobian
    return metric


def _moves(pair: tuple[int, int], first: Shift, second: Shift) -> list[tuple[int, float]]:
    return [(pair[0], first.angle_rad), (pair[1], second.angle_rad)]


def _forms_of_slots(tape: Tape) -> Iterator[GateForm]:
    rows = np.searchsorted(tape.parameter_starts, tape.slots, side="right") - 1
    return (tape.forms[gate] for gate in tape.gates[rows].tolist())


def _rule(form: GateForm) -> tuple[Shift, ...]:
    """The terms of the derivative with respect to the gate's angle."""
    if form.record.generator is None:
        raise PluginException(
            ErrorType.INVALID_ARGS,
            __name__,
            f"The gate {form.syntax} has a variable but no shift rule, so its natural gradient is not known; "
            "use natural_gradient=False.",
        )
    is_phase = form.record.name == "PH"
    return FOUR_TERMS if form.nb_controls and not is_phase else TWO_TERMS


def _jacobian(tape: Tape, values: Mapping[str, float]) -> Array:
    """Derivatives of the angle in each slot with respect to each variable, shape ``(slots, variables)``."""
    derivatives = np.array(
        [[_number(expression.differentiate(name), values) for name in values] for expression in tape.expressions]
    ).reshape(len(tape.expressions), len(values))
    chosen: Array = derivatives[tape.slot_expressions]
    return chosen


def _number(expression: Any, values: Mapping[str, float]) -> float:
    return float(expression(**values) if callable(expression) else expression)


def _overlaps(
    tape: Tape, bound: Tape, moves: Sequence[Sequence[tuple[int, float]]], execute: Execute, nb_shots: int
) -> list[float]:
    back = inverted(bound)
    jobs = [_overlap_job(concatenated(_moved(tape, bound, move), back), nb_shots) for move in moves]
    return [_probability_of_zeros(result) for result in execute(Batch(jobs))]


def _moved(tape: Tape, bound: Tape, move: Sequence[tuple[int, float]]) -> Tape:
    parameters = bound.parameters.copy()
    for slot, angle_rad in move:
        parameters[tape.slots[slot]] += angle_rad
    return replace(bound, parameters=parameters)


def _overlap_job(tape: Tape, nb_shots: int) -> Job:
    return Circuit.from_tape(tape, include_matrices=False).to_job(nbshots=nb_shots)


def _probability_of_zeros(result: Any) -> float:
    return float(sum(sample.probability for sample in result if sample.state.int == 0))
