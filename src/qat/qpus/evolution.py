"""Evolution of a state under a Hamiltonian that changes in time, by an adaptive Runge-Kutta method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.core.variables import evaluate_all
from qat.core.wrappers.observable import Observable
from qat.core.wrappers.term import Term
from qat.kernels import control
from qat.kernels.pauli.matrices import sparse_matrix

if TYPE_CHECKING:
    from qat.core.wrappers.schedule import Schedule

__all__ = ["Hamiltonian", "evolved", "needed_bytes"]

State = NDArray[np.complex128]

_MIN_STEPS = 50
"""A pulse of a fiftieth of the duration is not overlooked."""

_NB_STAGES = 16
"""States that the integrator holds at a time."""


class Hamiltonian(NamedTuple):
    """A sum of constant matrices, each with a weight that may depend on time.

    Attributes:
        weights: numbers, or expressions of the time.
        matrices: as many sparse matrices of shape ``(2**n, 2**n)``, qubit 0 most significant.
        time: name of the time.
    """

    weights: tuple[Any, ...]
    matrices: tuple[Any, ...]
    time: str

    @classmethod
    def of(cls, schedule: Schedule) -> Hamiltonian:
        """That of a schedule whose only variable is the time. Memory: see :func:`needed_bytes`."""
        parts = [part for weight, observable in schedule.drive for part in _parts(weight, observable)]
        matrices = tuple(sparse_matrix(observable.pauli_sum()) for _, observable in parts)
        return cls(tuple(weight for weight, _ in parts), matrices, schedule.tname)

    def slope(self, time: float, state: State) -> State:
        """``-i H(t)`` times a state."""
        slope = np.zeros_like(state)
        for weight, matrix in zip(evaluate_all(self.weights, {self.time: time}), self.matrices, strict=True):
            if weight:
                slope += (-1j * weight) * (matrix @ state)
        return slope


def evolved(hamiltonian: Hamiltonian, state: State, duration: float, tolerance: float) -> State:
    """The state after ``duration``; its norm shows how far the Hamiltonian was Hermitian. Cost O(steps * 2**n).

    Args:
        hamiltonian: in radians a unit of time.
        state: at time 0, shape ``(2**n,)``.
        duration: from 0 on.
        tolerance: relative error of one step.

    Raises:
        ArithmeticError: the coefficients become infinite, or change faster than can be followed.

    Source: DOP853 of E. Hairer, S. Norsett, G. Wanner, "Solving Ordinary Differential Equations I", 1993, section II.5.

    >>> from qat.core import Observable, Schedule
    >>> half_turn = Hamiltonian.of(Schedule(Observable.sigma_x(0), tmax=1.0))
    >>> np.round(evolved(half_turn, np.array([1, 0j]), np.pi / 2, 1e-9), 6).tolist()
    [0j, -1j]
    """
    from scipy.integrate import solve_ivp

    def slope(time: float, present: State) -> State:
        control.report(time / duration)
        return hamiltonian.slope(time, present)

    if not duration:
        return state
    solution = solve_ivp(
        slope, (0.0, duration), state, "DOP853", (duration,),
        rtol=tolerance, atol=tolerance / 10, max_step=duration / _MIN_STEPS,
    )  # fmt: skip
    if not solution.success:
        raise ArithmeticError(f"the evolution cannot be followed: {solution.message}")
    final: State = solution.y[:, -1]
    return final


def needed_bytes(schedule: Schedule) -> int:
    """Memory of the matrices and of the integrator."""
    size = 1 << (schedule.nbqbits or 0)
    nb_entries = sum(_nb_diagonals(observable) for observable in schedule.drive_obs)
    return size * (24 * nb_entries + 16 * _NB_STAGES)


def _nb_diagonals(observable: Observable) -> int:
    """Entries in a row of its matrix."""
    flips = {tuple(qubit for qubit, letter in zip(term.qbits, term.op, strict=True) if letter in "XY")
             for term in observable.terms or ()}  # fmt: skip
    return len(flips | {()})


def _parts(weight: Any, observable: Observable) -> list[tuple[Any, Observable]]:
    """An observable as weighted ones without variables: its constant terms together, each other term by itself."""
    if not observable.get_variables():
        return [(weight, observable)]
    size, constant, parts = observable.nbqbits, [], []
    for term in observable.terms or ():
        if isinstance(term.coeff, int | float | complex):
            constant.append(term)
        else:
            parts.append((weight * term.coeff, _string(size, term)))
    rest = Observable(size, pauli_terms=constant)
    parts.append((weight * observable.constant_coeff, Observable(size, constant_coeff=1.0)))
    return [(weight, rest), *parts] if constant else parts


def _string(size: int, term: Term) -> Observable:
    return Observable(size, pauli_terms=[Term(1.0, term.op, term.qbits)])
