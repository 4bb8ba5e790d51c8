"""Means over shots that were run in parts. No input or output here."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Pool"]


class Pool:
    """A mean over shots and its standard error, from those of the parts, which come one by one.

    The standard error follows from the sums of squares within and between the parts,

        E**2 * N * (N - 1) = sum(E_i**2 * n_i * (n_i - 1)) + sum(n_i * abs(x_i - x)**2),

    and so is what would have been estimated from all shots at once, e.g. sqrt(p * (1 - p) / (N - 1)) for a frequency.

    Source: decomposition of the sum of squares, e.g. G. Seber, A. Lee, "Linear Regression Analysis", 2003, chapter 8.

    >>> pool = Pool()
    >>> pool.add(1.0, 0.0, 10)
    >>> pool.add(0.0, 0.0, 30)
    >>> pool.mean(), bool(np.isclose(pool.error(), np.sqrt(0.25 * 0.75 / 39)))
    (0.25, True)
    """

    def __init__(self) -> None:
        self._nb = 0
        self._sum: Any = 0.0
        self._squares: Any = 0.0
        self._within: Any = 0.0
        self._knows_error = True

    def add(self, mean: Any, error: Any, nb_shots: int) -> None:
        """A part.

        Args:
            mean: a number or an array of them, real or complex.
            error: as many standard errors; None if they are unknown, which does no harm for a single shot.
            nb_shots: of the part, positive.
        """
        self._nb += nb_shots
        self._sum = self._sum + nb_shots * mean
        self._squares = self._squares + nb_shots * np.abs(mean) ** 2
        if error is not None and nb_shots > 1:
            self._within = self._within + np.square(error) * (nb_shots * (nb_shots - 1))
        elif nb_shots > 1:
            self._knows_error = False

    def mean(self) -> Any:
        """The mean over all shots."""
        return self._sum / self._nb

    def error(self) -> Any:
        """Its standard error; None if it is unknown."""
        if not self._knows_error or self._nb < 2:
            return None
        between = np.maximum(self._squares - self._nb * np.abs(self.mean()) ** 2, 0.0)
        return np.sqrt((self._within + between) / (self._nb * (self._nb - 1)))
