"""The gate ``STATE_PREPARATION``: a unitary that turns |0...0> into a given state.

It is known by its name alone, in circuits, files and gate dictionaries; only simulators ask for its matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qat.kernels.engine import EngineError
from qat.kernels.gates import Matrix

__all__ = ["MAX_PREPARED_QUBITS", "STATE_PREPARATION", "PreparationError", "PreparationMatrix", "preparation"]

STATE_PREPARATION = "STATE_PREPARATION"
"""Name by which simulators know the gate; its only parameter is the vector of amplitudes."""

MAX_PREPARED_QUBITS = 10
"""Above this the matrix, of ``4**n`` entries, costs too much; a circuit of rotations does not."""

NORM_TOLERANCE = 1e-10
"""Largest deviation of the norm of the amplitudes from 1."""


class PreparationError(EngineError):
    """The amplitudes of a ``STATE_PREPARATION`` are no state of its qubits."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Gate {STATE_PREPARATION}: {reason}")


def preparation(name: str, arity: int, parameters: Sequence[type]) -> PreparationMatrix | None:
    """The matrix function of the gate of this name, arity and types of parameters, if it prepares a state.

    >>> preparation("STATE_PREPARATION", 2, [np.ndarray]).arity, preparation("WAIT", 2, [np.ndarray])
    (2, None)
    """
    return PreparationMatrix(arity) if name == STATE_PREPARATION and [*parameters] == [np.ndarray] else None


class PreparationMatrix:
    """The matrix function of the gate on ``arity`` qubits.

    Args:
        arity: number of qubits.

    >>> PreparationMatrix(1)(np.array([0.6, 0.8j]))[:, 0].tolist()
    [(0.6+0j), 0.8j]
    """

    __slots__ = ("arity",)

    def __init__(self, arity: int) -> None:
        self.arity = arity

    def __call__(self, amplitudes: Any) -> Matrix:
        """A unitary of shape ``(2**arity, 2**arity)`` whose first column is the amplitudes: a Householder reflection.

        Args:
            amplitudes: shape ``(2**arity,)`` or ``(2**arity, 1)``, of norm 1, qubit 0 most significant.

        Raises:
            PreparationError: there is another number of amplitudes, they are too many or not normalised.
        """
        state = np.asarray(amplitudes, np.complex128).ravel()
        self._check(state)
        phase = np.exp(1j * np.angle(state[0]))
        mirror = state / phase
        mirror[0] += 1.0
        mirror /= np.linalg.norm(mirror)
        matrix: Matrix = phase * (2 * np.outer(mirror, mirror.conj()) - np.eye(len(state)))
        matrix[:, 0] = state
        return matrix

    def _check(self, state: Matrix) -> None:
        if self.arity > MAX_PREPARED_QUBITS:
            raise PreparationError(
                f"{self.arity} qubits are too many, at most {MAX_PREPARED_QUBITS}: prepare the state with a circuit, "
                "qat.lang.models.KPTree(amplitudes).get_routine()"
            )
        if len(state) != 1 << self.arity:
            raise PreparationError(f"got {len(state)} amplitudes for {self.arity} qubits: give {1 << self.arity}")
        norm = float(np.linalg.norm(state))
        if not abs(norm - 1.0) <= NORM_TOLERANCE:
            raise PreparationError(f"the amplitudes have norm {norm:.12g}: divide them by it")

    def __reduce__(self) -> tuple[Any, ...]:
        return PreparationMatrix, (self.arity,)
