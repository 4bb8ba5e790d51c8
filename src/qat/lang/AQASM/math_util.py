"""Checks on the matrices that users give."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.lang.AQASM.aqasm_util import PyAQASMException

__all__ = [
    "UNITARITY_TOLERANCE",
    "InvalidDimensions",
    "InvalidUnitaryMatrix",
    "check_unitarity",
    "get_arity",
]

UNITARITY_TOLERANCE = 1e-6
"""Largest deviation of an entry of ``matrix @ matrix.conj().T`` from the identity."""


class InvalidDimensions(PyAQASMException):
    """A matrix which is not a gate's because of its shape."""

    def __init__(self, matr: Any, name: str = "a gate", arity: int | None = None) -> None:
        rows = "2, 4, 8, … rows, 2**n for n qubits" if arity is None else f"{2**arity} rows, its arity being {arity}"
        super().__init__(f"A matrix of shape {np.shape(matr)} cannot be {name}'s: give a square matrix of {rows}.")


class InvalidUnitaryMatrix(PyAQASMException):
    """A matrix which is not a gate's because it is not unitary."""

    def __init__(self, mat: Any, deviation: float = float("nan")) -> None:
        super().__init__(
            f"A matrix of shape {np.shape(mat)} is not unitary: its product with its conjugate transpose differs from "
            f"the identity by {deviation:.3g}, allowed is {UNITARITY_TOLERANCE:g}; normalise it or give more digits."
        )


def get_arity(matr: Any) -> int:
    """Number of qubits of a gate with matrix ``matr``.

    Raises:
        InvalidDimensions: if it is not square with ``2**n`` rows, n at least 1.

    >>> get_arity(np.eye(8))
    3
    """
    shape = np.shape(matr)
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2 or shape[0] & (shape[0] - 1):
        raise InvalidDimensions(matr)
    return int(shape[0]).bit_length() - 1


def check_unitarity(matr: Any) -> None:
    """Check that a square matrix is unitary to ``UNITARITY_TOLERANCE``.

    Raises:
        InvalidUnitaryMatrix: if it is not, or holds NaN or infinity.

    >>> check_unitarity(np.array([[0, 1], [1, 0]]))
    """
    matrix: NDArray[np.complex128] = np.asarray(matr, dtype=np.complex128)
    deviation = float("inf")
    if np.isfinite(matrix).all():
        deviation = _deviation(matrix)
    if not deviation <= UNITARITY_TOLERANCE:
        raise InvalidUnitaryMatrix(matr, deviation)


_LARGE = 512
_NB_PROBES = 8


def _deviation(matrix: NDArray[np.complex128]) -> float:
    """Largest entry of ``matrix @ matrix.conj().T - 1``; of a large matrix an estimate, from random vectors."""
    size = len(matrix)
    if size <= _LARGE:
        return float(np.abs(matrix @ matrix.conj().T - np.eye(size)).max())
    probes = np.random.default_rng(0).choice([1.0, -1.0], (size, _NB_PROBES))
    return float(np.abs(matrix @ (matrix.conj().T @ probes) - probes).max())
