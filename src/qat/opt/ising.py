"""Ising problems: couplings and fields of spins.

The energy is ``-sum_ij J[i, j] s_i s_j - sum_i h[i] s_i - offset`` over all ordered pairs, with ``s = +1`` where the
bit is 1 and ``s = -1`` where it is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qat.opt.boolexpr import Var
from qat.opt.job_generator import CombinatorialJobGenerator

if TYPE_CHECKING:
    from qat.opt.combinatorial_problem import CombinatorialProblem
    from qat.opt.qubo import QUBO

__all__ = ["Ising", "checked_symmetric"]

Array = NDArray[np.float64]


class Ising(CombinatorialJobGenerator):
    """A problem in terms of spins.

    Args:
        J: symmetric couplings with zero diagonal, shape ``(n, n)``.
        h: fields, shape ``(n,)``.
        offset_i: constant, subtracted from the energy.

    Raises:
        ValueError: ``J`` is not a finite symmetric matrix with zero diagonal, or ``h`` does not fit it.

    >>> problem = Ising([[0, 1], [1, 0]], [0.5, -0.2])
    >>> problem.energy("11"), problem.energy("10")
    (-2.3, 1.3)
    """

    def __init__(self, J: ArrayLike, h: ArrayLike, offset_i: float = 0, **kwargs: Any) -> None:  # noqa: N803
        super().__init__(**kwargs)
        self._couplings = checked_symmetric("J", J)
        if np.diagonal(self._couplings).any():
            raise ValueError(f"J must have a zero diagonal, got {np.diagonal(self._couplings).tolist()}")
        self._fields = np.asarray(h, dtype=np.float64)
        if self._fields.shape != (len(self._couplings),):
            raise ValueError(f"h has shape {self._fields.shape}, J asks for {(len(self._couplings),)}")
        self.offset_i = offset_i
        self.nbqbits = len(self._fields)
        self.clauses = _clauses(self._couplings, self._fields)

    def get_j_h_and_offset(self) -> tuple[Array, Array, float]:
        """Couplings, fields and offset."""
        return self._couplings, self._fields, self.offset_i

    def energy(self, bits: str) -> float:
        """Energy of a bit string, offset included."""
        spins = np.array([1.0 if bit == "1" else -1.0 for bit in bits])
        return float(-spins @ self._couplings @ spins - self._fields @ spins - self.offset_i)

    def to_ising(self) -> Ising:
        """The problem itself."""
        return self

    def to_qubo(self) -> QUBO:
        """The same problem over bits: ``s = 2 x - 1``."""
        from qat.opt.qubo import QUBO

        matrix = 4 * self._couplings
        np.fill_diagonal(matrix, 2 * self._fields - 4 * self._couplings.sum(axis=1))
        return QUBO(matrix, float(self._couplings.sum() - self._fields.sum() + self.offset_i))

    def to_combinatorial_problem(self) -> CombinatorialProblem:
        """The same problem as weighted clauses; the offset is left out."""
        from qat.opt.combinatorial_problem import CombinatorialProblem

        problem = CombinatorialProblem()
        problem.new_vars(self.nbqbits)
        problem.clauses = list(self.clauses)
        return problem


def _clauses(couplings: Array, fields: Array) -> list[tuple[Any, float]]:
    """The energy, up to a constant, as weights of exclusive-ors and of variables."""
    pairs = [(Var(int(i)) ^ Var(int(j)), 4 * float(couplings[i, j])) for i, j in np.argwhere(np.triu(couplings, 1))]
    return pairs + [(Var(int(i)), -2 * float(fields[i])) for i in np.flatnonzero(fields)]


def checked_symmetric(name: str, values: ArrayLike) -> Array:
    """The values as a symmetric float matrix, shape ``(n, n)``.

    Raises:
        ValueError: if they are not a finite, square, symmetric matrix.
    """
    matrix = np.array(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be finite, got {matrix[~np.isfinite(matrix)][0]}")
    if not np.allclose(matrix, matrix.T):
        i, j = np.argwhere(~np.isclose(matrix, matrix.T))[0]
        raise ValueError(
            f"Please provide a symmetric {name} matrix: {name}[{i}, {j}] = {matrix[i, j]} but {name}[{j}, {i}] = "
            f"{matrix[j, i]}; ({name} + {name}.T) / 2 is the same problem"
        )
    return matrix
