"""Distributions of qubits in a state, and random outcomes drawn from them, compiled.

The functions are those of :mod:`qat.kernels.sampling`. A seed gives the same outcomes whatever the number of threads
and the instruction set, except for a shot that falls within rounding (1e-15) of the border between two outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qat.kernels import _native, sampling
from qat.kernels.engine import Counts, State

_FEW_OUTCOMES_RATIO = 1 / 16
"""Up to this many outcomes per shot each outcome's count is drawn by itself, which takes about 0.1 µs."""


def probabilities(state: State, qubits: Sequence[int]) -> NDArray[np.float64]:
    """Distribution of ``qubits`` in their order, shape ``(2**len(qubits),)``; see ``Engine.probabilities``.

    >>> probabilities(np.array([0, 1, 0, 0], complex), [1, 0])
    array([0., 0., 1., 0.])
    """
    nb_qubits = len(state).bit_length() - 1
    answer: NDArray[np.float64] = _native.probabilities(state, [nb_qubits - 1 - qubit for qubit in qubits])
    return answer


def sample(state: State, qubits: Sequence[int], nb_shots: int, rng: np.random.Generator) -> Counts:
    """Draw ``nb_shots`` outcomes of ``qubits``; see ``Engine.sample``."""
    nb_qubits = len(state).bit_length() - 1
    if 1 << len(qubits) <= nb_shots * _FEW_OUTCOMES_RATIO:
        return sampling.draw(probabilities(state, qubits), nb_shots, rng)
    seed = int(rng.integers(1 << 63))
    is_whole = list(qubits) == list(range(nb_qubits))
    source = state if is_whole else probabilities(state, qubits)
    return Counts(*_native.draw(source, nb_shots, seed))
