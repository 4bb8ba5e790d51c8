"""Gates of Quobly's silicon-spin machines."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from qat.core.gate_set import GateSet
from qat.lang.AQASM.gates import AbstractGate
from qat.lang.vendors.common_gates import gate_set_of, prx_matrix_generator
from qat.lang.vendors.ionq import ZZ

__all__ = ["ZZ", "K", "quobly_gate_set"]


def _k_matrix_generator(phi: float) -> NDArray[np.complex128]:
    return prx_matrix_generator(math.pi / 2, phi)


K = AbstractGate("K", [float], arity=1, matrix_generator=_k_matrix_generator)
"""``K(phi)``: a quarter turn about the axis at angle ``phi`` in the XY plane."""


def quobly_gate_set() -> GateSet:
    """The native gates of Quobly's machines.

    >>> list(quobly_gate_set())
    ['K', 'ZZ', 'RZ']
    """
    return gate_set_of(K, ZZ, "RZ")
