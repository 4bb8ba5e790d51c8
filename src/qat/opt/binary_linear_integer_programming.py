"""Binary linear integer programming: maximise ``c @ x`` over bits ``x`` with ``S @ x = b``.

Source: A. Lucas, "Ising formulations of many NP problems", Frontiers in Physics 2 (2014), section 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qat.opt.qubo import QUBO

__all__ = ["BILP"]


class BILP(QUBO):
    """``A * |S @ x - b|**2 - B * c @ x``.

    Args:
        c: gains, shape ``(n,)``.
        S: constraints, shape ``(m, n)``.
        b: right-hand sides, shape ``(m,)``.
        A: weight of the constraints, positive; large against ``B``.
        B: weight of the gains, positive.

    Raises:
        ValueError: the shapes do not fit.

    >>> problem = BILP([0, 1, 1], [[1, 0, 1]], [1], 10)
    >>> problem.energy("011"), problem.energy("110"), problem.energy("101")
    (-2.0, -1.0, 9.0)
    """

    def __init__(self, c: ArrayLike, S: ArrayLike, b: ArrayLike, A: float, B: float = 1, **kwargs: Any) -> None:  # noqa: N803
        gains, constraints, sides = (np.asarray(values, dtype=np.float64) for values in (c, S, b))
        if constraints.shape != (len(sides), len(gains)):
            raise ValueError(f"S has shape {constraints.shape}, c and b ask for {(len(sides), len(gains))}")
        matrix = -A * constraints.T @ constraints + np.diag(B * gains + 2 * A * constraints.T @ sides)
        super().__init__(matrix, -A * float(sides @ sides), **kwargs)
