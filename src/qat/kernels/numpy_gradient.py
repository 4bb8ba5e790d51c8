"""Derivatives of an expectation value by the adjoint method.

With ``|ket>`` the state after a gate ``U(angle)`` and ``<bra|`` the observable carried back to the same place, the
derivative is ``2 Re <bra| dU/d angle U^-1 |ket>``; going backward, both are undone gate by gate.

Source: Jones and Gacon, "Efficient calculation of gradients in classical simulations of variational quantum
algorithms" (2020), algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels import control
from qat.kernels.engine import NotReversibleError, State
from qat.kernels.gates import GateForm, Matrix
from qat.kernels.numpy_plan import MatrixGroup, Plan
from qat.kernels.numpy_steps import MonomialStep, Operands
from qat.kernels.tape import Tape

_STEP = 1e-3
_STENCIL = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))
"""Central differences of eighth order, for gates whose matrix is an unknown function: error about 1e-13."""
NORM_TOLERANCE = 1e-2
"""Matrices typed with a few digits pass; what is no gate at all does not."""


def adjoint_gradient(plan: Plan, tape: Tape, operands: Operands, bra: State, ket: State) -> NDArray[np.float64]:
    """Derivatives of ``<ket|H|ket>`` by ``tape.parameters``.

    Args:
        bra: ``H |ket>``, overwritten.
        ket: the final state, overwritten.

    Raises:
        NotReversibleError: a matrix is not unitary, so that undoing the gates does not give back the initial state.
    """
    gradient = np.zeros(len(tape.parameters))
    transitions: dict[int, Matrix] = {}
    parametrised = {number for group in plan.groups for number in group.numbers}
    states = np.stack([bra, ket])
    nb_steps = len(plan.sections[0])
    for number, step in enumerate(reversed(plan.sections[0])):
        control.report(number / nb_steps)
        if isinstance(step, MonomialStep):
            step.add_gradient(states[0], states[1], gradient)
        elif (number := step.matrix) in parametrised:
            transitions[number] = step.transition(states[0], states[1])
        states = step.undo(states, operands)
    if abs(np.vdot(states[1], states[1]).real - 1) > NORM_TOLERANCE:
        raise NotReversibleError
    for group in plan.groups:
        stacked = np.stack([transitions[number] for number in group.numbers])
        if (rate := _logarithmic_rate(group.form)) is not None:
            indices = [indices.start for indices in group.indices]
            gradient[indices] += 2 * np.einsum("ab,kab->k", rate, stacked).real
        else:
            _add_numerically(group, tape, stacked, gradient)
    return gradient


def _logarithmic_rate(form: GateForm) -> Matrix | None:
    """``dU/d angle U^-1``, constant for gates with a generator."""
    generator = form.record.generator
    if generator is None or form.record.nb_parameters != 1:
        return None
    rate = -1j * (generator.T if form.is_trans != form.is_dag else generator)
    return rate.conj() if form.is_conj != form.is_dag else rate


def _add_numerically(group: MatrixGroup, tape: Tape, transitions: Matrix, gradient: NDArray[np.float64]) -> None:
    for indices, transition in zip(group.indices, transitions, strict=True):
        values = [tape.objects.get(index, float(tape.parameters[index])) for index in indices]
        for place, index in enumerate(indices):
            if index not in tape.objects:
                rate = numerical_rate(group.form, values, place)
                gradient[index] += 2 * float((rate * transition).sum().real)


def numerical_rate(form: GateForm, values: Sequence[Any], place: int) -> Matrix:
    """``dU/d value U^-1`` for one of the values that a gate's matrix is a function of; error about 1e-13."""

    def shifted(offset: float) -> Matrix:
        matrix = form.matrices(*values[:place], values[place] + offset, *values[place + 1 :])
        return np.asarray(matrix, np.complex128)

    slope = sum(weight * (shifted(k * _STEP) - shifted(-k * _STEP)) for k, weight in _STENCIL) / _STEP
    answer: Matrix = slope @ shifted(0.0).conj().T
    return answer
