"""Spins and integers: bit 1 is spin -1, and spin 0 is the most significant bit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def integer_to_spins(integer: int, n_spins: int) -> NDArray[np.float64]:
    """The spins, +1.0 or -1.0, of a state's integer; shape ``(n_spins,)``.

    Raises:
        ValueError: the integer is negative or has more bits than there are spins.

    >>> integer_to_spins(5, 3).tolist()
    [-1.0, 1.0, -1.0]
    """
    integer = int(integer)
    if not 0 <= integer < 1 << n_spins:
        raise ValueError(f"{integer} is not a state of {n_spins} spins: expected 0 to {(1 << n_spins) - 1}")
    bits = [integer >> place & 1 for place in range(n_spins - 1, -1, -1)]
    return 1.0 - 2.0 * np.array(bits, np.float64)


def spins_to_integer(solution_configuration: Iterable[float]) -> int:
    """The integer of a configuration of spins, which are +1 or -1.

    Raises:
        ValueError: a spin is neither.

    >>> spins_to_integer([-1, 1, -1])
    5
    """
    integer = 0
    for spin in solution_configuration:
        if spin not in (1, -1):
            raise ValueError(f"{spin!r} is not a spin: expected 1 or -1")
        integer = integer << 1 | int(spin == -1)
    return integer
