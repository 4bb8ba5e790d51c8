"""Number partitioning: split numbers in two sets with sums as close as possible.

Source: A. Lucas, "Ising formulations of many NP problems", Frontiers in Physics 2 (2014), section 2.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qat.opt.ising import Ising

__all__ = ["NumberPartitioning"]


class NumberPartitioning(Ising):
    """The energy is the square of the difference of the two sums.

    Args:
        array_of_numbers: the numbers, shape ``(n,)``.

    Raises:
        ValueError: the numbers are not a list.

    >>> problem = NumberPartitioning([1, 2, 3])
    >>> problem.energy("110"), problem.energy("111")
    (0.0, 36.0)
    """

    def __init__(self, array_of_numbers: ArrayLike, **kwargs: Any) -> None:
        numbers = np.asarray(array_of_numbers, dtype=np.float64)
        if numbers.ndim != 1 or not len(numbers):
            raise ValueError(f"a list of numbers is expected, got shape {numbers.shape}")
        couplings = -np.outer(numbers, numbers)
        np.fill_diagonal(couplings, 0)
        super().__init__(couplings, np.zeros(len(numbers)), -float(numbers @ numbers), **kwargs)
