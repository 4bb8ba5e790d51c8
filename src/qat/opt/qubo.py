"""Quadratic unconstrained binary optimisation: the cost is ``-sum_ij Q[i, j] x_i x_j - offset`` over bits ``x``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qat.opt.boolexpr import BaseBool, Var
from qat.opt.ising import Ising, checked_symmetric
from qat.opt.job_generator import CombinatorialJobGenerator

if TYPE_CHECKING:
    from qat.opt.combinatorial_problem import CombinatorialProblem

__all__ = ["QUBO"]


class QUBO(CombinatorialJobGenerator):
    """A problem in terms of bits.

    Args:
        Q: symmetric matrix, shape ``(n, n)``.
        offset_q: constant, subtracted from the cost.

    >>> problem = QUBO([[1, 2], [2, -1]], 0.3)
    >>> problem.energy("11"), problem.cost("11")
    (-4.3, -4.0)
    """

    def __init__(self, Q: ArrayLike, offset_q: float = 0, **kwargs: Any) -> None:  # noqa: N803
        super().__init__(**kwargs)
        self._matrix = checked_symmetric("Q", Q)
        self.offset_q = offset_q
        self.nbqbits = len(self._matrix)
        self.clauses = _clauses(self._matrix)

    def get_q_and_offset(self) -> tuple[NDArray[np.float64], float]:
        """The matrix and the offset."""
        return self._matrix, self.offset_q

    def energy(self, bits: str) -> float:
        """Energy of a bit string, offset included."""
        values = np.array([float(bit) for bit in bits])
        return float(-values @ self._matrix @ values - self.offset_q)

    def to_ising(self) -> Ising:
        """The same problem over spins: ``x = (1 + s) / 2``."""
        matrix = self._matrix
        off_diagonal = matrix - np.diag(np.diagonal(matrix))
        fields = np.diagonal(matrix) / 2 + off_diagonal.sum(axis=1) / 2
        offset = np.trace(matrix) / 2 + off_diagonal.sum() / 4 + self.offset_q
        return Ising(off_diagonal / 4, fields, float(offset))

    def to_combinatorial_problem(self) -> CombinatorialProblem:
        """The same problem as weighted clauses; the offset is left out."""
        from qat.opt.combinatorial_problem import CombinatorialProblem

        problem = CombinatorialProblem()
        problem.new_vars(self.nbqbits)
        problem.clauses = list(self.clauses)
        return problem


def _clauses(matrix: NDArray[np.float64]) -> list[tuple[BaseBool, float]]:
    clauses: list[tuple[BaseBool, float]] = []
    for i, j in np.argwhere(np.triu(matrix)).tolist():
        weight = float(matrix[i, j])
        clauses.append((Var(i), -weight) if i == j else (Var(i) & Var(j), -2 * weight))
    return clauses
