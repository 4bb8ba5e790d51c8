"""Products of large arrays in pieces that BLAS does on one thread.

A simulation is thousands of short products. Threads that wait for each other at every one of them make it slower, and
much slower when another program wants the processor too; pieces of this size also stay in the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels.engine import State
from qat.kernels.gates import Matrix

MAX_DOT_LENGTH = 1 << 13
"""Length of a piece of a scalar product."""
MAX_OPERATIONS = 1 << 13
"""Multiplications in a piece of a matrix product."""


def overlap(bra: NDArray[Any], ket: State) -> complex:
    """``sum(conj(bra) * ket)`` of vectors whose length is a power of two.

    >>> overlap(np.array([1j, 2]), np.array([1, 1]))
    (2-1j)
    """
    if len(bra) <= MAX_DOT_LENGTH:
        return complex(np.vdot(bra, ket))
    pieces = (vector.reshape(-1, MAX_DOT_LENGTH) for vector in (bra, ket))
    return complex(np.vecdot(*pieces).sum())


def overlaps(bras: State, kets: State) -> Matrix:
    """``sum(conj(bras[a]) * kets[b])`` for all pairs of rows; shapes ``(d, 2**k)``, answer ``(d, d)``."""
    dimension, length = bras.shape
    piece = min(length, max(MAX_OPERATIONS // dimension**2, 1))
    left = bras.conj().reshape(dimension, -1, piece).swapaxes(0, 1)
    right = kets.reshape(dimension, -1, piece).transpose(1, 2, 0)
    answer: Matrix = np.matmul(left, right).sum(axis=0)
    return answer


def on_middle_axis(matrix: Matrix, states: State, inner: int) -> State:
    """The matrix on the middle axis of ``states.reshape(-1, len(matrix), inner)``, as a new array of the same shape."""
    dimension = len(matrix)
    limit = max(MAX_OPERATIONS // dimension**2, 1)
    if inner == 1:
        piece = min(states.size // dimension, limit)
        product: State = np.matmul(states.reshape(-1, piece, dimension), matrix.T)
        return product.reshape(states.shape)
    if inner <= limit:
        product = np.matmul(matrix, states.reshape(-1, dimension, inner))
        return product.reshape(states.shape)
    shape = (-1, dimension, inner // limit, limit)
    answer = np.empty_like(states)
    np.matmul(matrix, states.reshape(shape).swapaxes(1, 2), out=answer.reshape(shape).swapaxes(1, 2))
    return answer


def weighted_sum(weights: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """``weights @ rows``, shapes ``(k,)`` and ``(k, m)``."""
    answer: NDArray[np.float64] = np.einsum("k,ki->i", weights, rows)
    return answer


def row_sums(rows: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``rows @ values``, shapes ``(k, m)`` and ``(m,)``, for rows no longer than ``MAX_DOT_LENGTH``."""
    answer: NDArray[np.float64] = np.vecdot(rows, values)
    return answer
