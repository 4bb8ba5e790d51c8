"""Distributions of qubits in a state, and random outcomes drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels.engine import Counts, State

_DENSE_DRAW_RATIO = 8
"""Draw per outcome (multinomial) up to this many outcomes per shot, per shot (inverse distribution) beyond."""


def probabilities(state: State, qubits: Sequence[int]) -> NDArray[np.float64]:
    """Distribution of ``qubits`` in their order, shape ``(2**len(qubits),)``, float64; see ``Engine.probabilities``.

    >>> probabilities(np.array([0, 1, 0, 0], complex), [1, 0])
    array([0., 0., 1., 0.])
    """
    weights: NDArray[np.float64] = (state.real**2 + state.imag**2).astype(np.float64, copy=False)
    nb_qubits = len(state).bit_length() - 1
    wanted = list(qubits)
    if wanted == list(range(nb_qubits)):
        return weights
    marginal = _sum_out(weights, nb_qubits, frozenset(wanted))
    return _reordered(marginal, wanted)


def _sum_out(weights: NDArray[np.float64], nb_qubits: int, kept: frozenset[int]) -> NDArray[np.float64]:
    runs = [(is_kept, 1 << len(list(run))) for is_kept, run in groupby(range(nb_qubits), kept.__contains__)]
    dropped = tuple(axis for axis, (is_kept, _) in enumerate(runs) if not is_kept)
    summed: NDArray[np.float64] = weights.reshape([size for _, size in runs]).sum(axis=dropped)
    return summed.reshape(-1)


def _reordered(marginal: NDArray[np.float64], qubits: list[int]) -> NDArray[np.float64]:
    """Exchange the bits of the index: from increasing qubits to the order of ``qubits``."""
    increasing = sorted(qubits)
    if qubits == increasing:
        return marginal
    axes = [increasing.index(qubit) for qubit in qubits]
    return marginal.reshape((2,) * len(qubits)).transpose(axes).reshape(-1)


def draw(distribution: NDArray[np.float64], nb_shots: int, rng: np.random.Generator) -> Counts:
    """Draw outcomes of a distribution, which need not be normalised. Cost O(len(distribution) + nb_shots).

    >>> draw(np.array([0.0, 1.0]), 5, np.random.default_rng(1))
    Counts(outcomes=array([1], dtype=uint64), counts=array([5]))
    """
    if len(distribution) <= _DENSE_DRAW_RATIO * nb_shots:
        possible = np.flatnonzero(distribution > 0)
        weights = distribution[possible]
        counts = rng.multinomial(nb_shots, weights / weights.sum())
        drawn = counts > 0
        return Counts(possible[drawn].astype(np.uint64), counts[drawn])
    return _draw_each(distribution, nb_shots, rng)


def _draw_each(distribution: NDArray[np.float64], nb_shots: int, rng: np.random.Generator) -> Counts:
    cumulated = np.cumsum(distribution)
    targets = np.sort(rng.random(nb_shots)) * cumulated[-1]
    positions = np.searchsorted(cumulated, targets, side="right")
    last = np.searchsorted(cumulated, cumulated[-1], side="left")
    outcomes, counts = np.unique(np.minimum(positions, last), return_counts=True)
    return Counts(outcomes.astype(np.uint64), counts.astype(np.int64))


def in_random_order(counts: Counts, rng: np.random.Generator) -> NDArray[np.uint64]:
    """The single shots behind some counts, shape ``(nb_shots,)``, as they might have come one after the other.

    >>> in_random_order(Counts(np.array([2, 3], np.uint64), np.array([1, 1])), np.random.default_rng(0)).tolist()
    [2, 3]
    """
    shots: NDArray[Any] = np.repeat(counts.outcomes, counts.counts)
    return rng.permutation(shots)
