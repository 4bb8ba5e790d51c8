"""Ising problems as observables hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class IsingProblem:
    """``H = - s @ J @ s - h @ s - offset`` over spins ``s`` of ±1, spin ``i`` being Z on qubit ``i``.

    Args:
        j_coupling_matrix: couplings ``J``, shape ``(n, n)``, symmetric with zero diagonal.
        magnetic_field_h: fields ``h``, shape ``(n,)``.
        offset_i: constant energy.

    Raises:
        ValueError: the shapes do not fit.

    >>> problem = IsingProblem([[0, 1], [1, 0]], [0.5, 0])
    >>> problem.get_j_h_and_offset()[1].tolist()
    [0.5, 0.0]
    """

    def __init__(self, j_coupling_matrix: Any, magnetic_field_h: Any, offset_i: float = 0.0) -> None:
        self.j_coupling_matrix: Floats = np.array(j_coupling_matrix, dtype=np.float64)
        self.magnetic_field_h: Floats = np.array(magnetic_field_h, dtype=np.float64)
        self.offset_i = float(offset_i)
        size = self.magnetic_field_h.shape
        if len(size) != 1 or self.j_coupling_matrix.shape != size * 2:
            raise ValueError(
                f"J has shape {self.j_coupling_matrix.shape} and h has shape {size}: expected (n, n) and (n,)"
            )

    def get_j_h_and_offset(self) -> tuple[Floats, Floats, float]:
        """Couplings, fields and offset."""
        return self.j_coupling_matrix, self.magnetic_field_h, self.offset_i

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IsingProblem) and same_problem(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        j, h, offset = self.get_j_h_and_offset()
        return f"IsingProblem({j.tolist()}, {h.tolist()}, {offset})"


def as_ising(value: Any) -> Any:
    """An Ising problem out of ``(J, h)``, ``(J, h, offset)`` or an object with ``get_j_h_and_offset``.

    Raises:
        TypeError: it is none of these.
    """
    if hasattr(value, "get_j_h_and_offset"):
        return value
    if isinstance(value, tuple | list) and len(value) in (2, 3):
        return IsingProblem(*value)
    raise TypeError(f"{value!r} is not an Ising problem: give (J, h), (J, h, offset), or an Ising object of qat.opt")


def same_problem(left: Any, right: Any) -> bool:
    """Whether two Ising problems have equal numbers."""
    pairs = zip(left.get_j_h_and_offset(), right.get_j_h_and_offset(), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def ising_terms(problem: Any) -> tuple[list[tuple[float, str, tuple[int, ...]]], float]:
    """The problem as Pauli terms and a constant.

    >>> ising_terms(IsingProblem([[0, 1], [1, 0]], [0.5, 0], 3))
    ([(-0.5, 'Z', (0,)), (-2.0, 'ZZ', (0, 1))], -3.0)
    """
    j, h, offset = problem.get_j_h_and_offset()
    j, h = np.asarray(j, np.float64), np.asarray(h, np.float64)
    pairs = np.triu(j + j.T, 1)
    fields = [(-float(h[i]), "Z", (i,)) for i in np.flatnonzero(h).tolist()]
    couplings = [(-float(pairs[i, k]), "ZZ", (i, k)) for i, k in np.argwhere(pairs).tolist()]
    return [*fields, *couplings], -float(offset) - float(np.trace(j))
