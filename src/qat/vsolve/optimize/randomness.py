"""Where the minimisers take their random numbers from."""

from __future__ import annotations

import numpy as np

__all__ = ["generator"]


def generator(seed: int | np.random.Generator | None) -> np.random.Generator:
    """The generator itself, one with this seed, or one seeded by NumPy's global state.

    The last lets ``numpy.random.seed`` make a whole program repeatable.

    >>> np.random.seed(1)
    >>> first = generator(None).random()
    >>> np.random.seed(1)
    >>> first == generator(None).random() != generator(2).random()
    True
    """
    if seed is None:
        seed = int(np.random.randint(0, 2**63, dtype=np.int64))
    return np.random.default_rng(seed)
