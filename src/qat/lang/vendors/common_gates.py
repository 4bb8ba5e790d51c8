"""Matrices of gates that several machines have; shape ``(2**n, 2**n)`` for ``n`` qubits, the first qubit the most
significant bit of their indices; angles in radians.

Sources: the makers' public documentation of their native gates (AQT, IBM Quantum, IonQ, IQM, Quobly).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qat.core.gate_set import GateSet, GateSignature, default_gate_set
from qat.lang.AQASM.gates import AbstractGate, Gate

Matrix = NDArray[np.complex128]

__all__ = [
    "ecr_matrix_generator", "gate_set_of", "prx_matrix_generator", "rxx_matrix_generator", "rzz_matrix_generator",
    "sqrt_x_matrix_generator", "zz_matrix_generator",
]  # fmt: skip


def prx_matrix_generator(theta: float, phi: float) -> Matrix:
    """Rotation by ``theta`` about the axis at angle ``phi`` in the XY plane.

    >>> prx_matrix_generator(math.pi, 0.0).round(9).tolist()
    [[0j, -1j], [-1j, 0j]]
    """
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return np.array([[cos, -1j * cmath.exp(-1j * phi) * sin], [-1j * cmath.exp(1j * phi) * sin, cos]])


def rxx_matrix_generator(theta: float) -> Matrix:
    """``exp(-1j * theta * XX / 2)``.

    >>> bool(np.allclose(rxx_matrix_generator(2 * math.pi), -np.eye(4)))
    True
    """
    return math.cos(theta / 2) * np.eye(4) - 1j * math.sin(theta / 2) * np.fliplr(np.eye(4))


def rzz_matrix_generator(theta: float) -> Matrix:
    """``exp(-1j * theta * ZZ / 2)``.

    >>> bool(np.allclose(rzz_matrix_generator(2 * math.pi), -np.eye(4)))
    True
    """
    return np.diag(np.exp(-0.5j * theta * np.array([1, -1, -1, 1])))


def zz_matrix_generator() -> Matrix:
    """The ZZ rotation by a quarter turn, ``diag(1, 1j, 1j, 1)``.

    >>> bool(np.allclose(zz_matrix_generator(), np.exp(0.25j * math.pi) * rzz_matrix_generator(math.pi / 2)))
    True
    """
    return np.diag(np.array([1, 1j, 1j, 1]))


def sqrt_x_matrix_generator() -> Matrix:
    """Square root of X.

    >>> (sqrt_x_matrix_generator() @ sqrt_x_matrix_generator()).real.tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]], dtype=np.complex128) / 2


def ecr_matrix_generator() -> Matrix:
    """The echoed cross-resonance gate ``(XI - YX) / sqrt(2)``.

    >>> bool(np.allclose(ecr_matrix_generator() @ ecr_matrix_generator(), np.eye(4)))
    True
    """
    rows = [[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]
    return np.array(rows, dtype=np.complex128) / math.sqrt(2)


def gate_set_of(*gates: AbstractGate | Gate | str) -> GateSet:
    """A gate set of own gates and, by name, predefined ones.

    >>> list(gate_set_of("X", "RZ"))
    ['X', 'RZ']
    """
    predefined: Mapping[str, GateSignature] = default_gate_set().gate_signatures
    gate_set = GateSet()
    for gate in gates:
        signature = (
            predefined[gate] if isinstance(gate, str) else gate if isinstance(gate, AbstractGate) else gate.signature
        )
        assert signature is not None
        gate_set.add_signature(signature)
    return gate_set


def family(name: str, maker: str, families: Mapping[str, Sequence[AbstractGate | Gate | str]]) -> GateSet:
    """The gate set of a processor family.

    Raises:
        ValueError: the maker has no such family here.
    """
    if name not in families:
        raise ValueError(f"Unsupported target {maker} processor: {name}; use one of {', '.join(families)}")
    return gate_set_of(*families[name])
