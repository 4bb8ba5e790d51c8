"""Matrices that a user's function makes, in the form in which the gate table wants them."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from importlib import import_module
from typing import Any

import numpy as np

from qat.kernels.gates import Matrix
from qat.lang.AQASM.math_util import InvalidDimensions

__all__ = ["GeneratedMatrix", "token"]

_PROCESS = os.urandom(8).hex()


class GeneratedMatrix:
    """The matrix function of a gate on ``arity`` qubits, from a function that makes one matrix at a time.

    It accepts arrays of parameters, checks the shape of what the function makes, and can be pickled: a function that
    another process could not import is then left out, as it is when a circuit is written to a file.

    >>> GeneratedMatrix("PHASE", 1, lambda angle: np.diag([1, np.exp(1j * angle)]))(np.zeros(3)).shape
    (3, 2, 2)
    """

    __slots__ = ("arity", "generator", "name")

    def __init__(self, name: str, arity: int, generator: Callable[..., Any]) -> None:
        self.name = name
        self.arity = arity
        self.generator = generator

    def __call__(self, *parameters: Any) -> Matrix:
        """The matrix, shape ``(d, d)``, or ``(k, d, d)`` when a parameter is an array of shape ``(k,)``.

        Raises:
            InvalidDimensions: the function made something of another shape.
        """
        if not any(isinstance(value, np.ndarray) and value.ndim == 1 for value in parameters):
            return self._single(*parameters)
        columns = np.broadcast_arrays(*parameters)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return np.stack([self._single(*row) for row in rows])

    def _single(self, *parameters: Any) -> Matrix:
        matrix = np.asarray(self.generator(*parameters), dtype=np.complex128)
        if self.arity and matrix.shape != (2**self.arity, 2**self.arity):
            raise InvalidDimensions(matrix, self.name, self.arity)
        return matrix

    def __reduce__(self) -> Any:
        if _is_importable(self.generator):
            return GeneratedMatrix, (self.name, self.arity, self.generator)
        return _no_matrix, ()


def _no_matrix() -> None:
    return None


def _is_importable(function: Any) -> bool:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "<")
    if module is None or "<" in name:
        return False
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is function


def token(function: Callable[..., Any] | None) -> Hashable:
    """What tells one function from another, here and in files.

    >>> token(None), token(len)
    (None, ('builtins', 'len'))
    """
    if function is None:
        return None
    if _is_importable(function):
        return function.__module__, function.__qualname__
    return _PROCESS, id(function)
