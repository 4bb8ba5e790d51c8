"""How fast this machine copies, as the floor under every state-vector simulation."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

COPIES = 5


@lru_cache(maxsize=1)
def _array(nb_bytes: int) -> np.ndarray:
    return np.ones(nb_bytes // 8)


def copy_bandwidth(nb_bytes: int, nb_threads: int) -> float:
    """Bytes read and written a second when one half of ``nb_bytes`` is copied to the other; best of a few.

    Args:
        nb_bytes: size of the whole working set, which decides which caches take part: the state's size, so that the
            floor is that of the state's own passes.
        nb_threads: each copies its share.
    """
    array = _array(nb_bytes)
    half = len(array) // 2
    shares = list(zip(np.array_split(array[:half], nb_threads), np.array_split(array[half:], nb_threads), strict=True))
    with ThreadPoolExecutor(nb_threads) as pool:
        seconds = min(_seconds(pool, shares) for _ in range(COPIES))
    return 2 * 8 * half / seconds


def _seconds(pool: ThreadPoolExecutor, shares: list[tuple[np.ndarray, np.ndarray]]) -> float:
    start = time.perf_counter()
    if len(shares) == 1:
        np.copyto(*shares[0])
    else:
        list(pool.map(lambda share: np.copyto(*share), shares))
    return time.perf_counter() - start


def floor_s(nb_passes: int, nb_amplitudes: int, bandwidth: float, *, nb_bytes: int = 16) -> float:
    """Least duration of passes that read and write every amplitude once.

    >>> floor_s(3, 1 << 20, 32e9 * 1.048576)
    0.003
    """
    return nb_passes * 2 * nb_bytes * nb_amplitudes / bandwidth
