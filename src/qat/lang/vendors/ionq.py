"""Gates of IonQ's trapped-ion machines; matrices of shape ``(2**n, 2**n)``, angles in radians."""

from __future__ import annotations

import cmath
import math

import numpy as np
from numpy.typing import NDArray

from qat.core.gate_set import GateSet
from qat.lang.AQASM.gates import AbstractGate, Gate
from qat.lang.vendors.common_gates import family, prx_matrix_generator, zz_matrix_generator

__all__ = ["PMS", "ZZ", "GPi", "GPi2", "ionq_gate_set", "pms_matrix_generator"]


def _gpi_matrix_generator(phi: float) -> NDArray[np.complex128]:
    return np.array([[0, cmath.exp(-1j * phi)], [cmath.exp(1j * phi), 0]])


def _gpi2_matrix_generator(phi: float) -> NDArray[np.complex128]:
    return prx_matrix_generator(math.pi / 2, phi)


def pms_matrix_generator(phi_0: float, phi_1: float, theta: float) -> NDArray[np.complex128]:
    """The partially entangling Mølmer-Sørensen gate by ``theta``, about axes ``phi_0`` and ``phi_1`` in the XY plane.

    >>> bool(np.allclose(pms_matrix_generator(0.1, 0.2, 0.0), np.eye(4)))
    True
    """
    axes = np.kron(_gpi_matrix_generator(phi_0), _gpi_matrix_generator(phi_1))
    matrix: NDArray[np.complex128] = math.cos(theta / 2) * np.eye(4) - 1j * math.sin(theta / 2) * axes
    return matrix


GPi = AbstractGate("GPi", [float], arity=1, matrix_generator=_gpi_matrix_generator)
"""``GPi(phi)``: half a turn about the axis at angle ``phi`` in the XY plane, without phase."""

GPi2 = AbstractGate("GPi2", [float], arity=1, matrix_generator=_gpi2_matrix_generator)
"""``GPi2(phi)``: a quarter turn about the axis at angle ``phi`` in the XY plane."""

PMS = AbstractGate("PMS", [float, float, float], arity=2, matrix_generator=pms_matrix_generator)
"""``PMS(phi_0, phi_1, theta)``: the partially entangling Mølmer-Sørensen gate."""

ZZ = AbstractGate("ZZ", [], arity=2, matrix_generator=zz_matrix_generator)()
"""The ZZ rotation by a quarter turn."""

_FAMILIES: dict[str, tuple[AbstractGate | Gate, ...]] = {"forte": (GPi, GPi2, ZZ), "aria": (GPi, GPi2, PMS)}


def ionq_gate_set(target: str = "forte") -> GateSet:
    """The native gates of a family of IonQ's machines: ``forte`` or ``aria``.

    >>> list(ionq_gate_set("aria"))
    ['GPi', 'GPi2', 'PMS']
    """
    return family(target, "ionq", _FAMILIES)
