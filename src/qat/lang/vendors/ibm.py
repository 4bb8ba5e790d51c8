"""Gates of IBM's superconducting machines."""

from __future__ import annotations

from qat.core.gate_set import GateSet
from qat.lang.AQASM.gates import AbstractGate
from qat.lang.vendors.common_gates import (
    ecr_matrix_generator,
    family,
    rzz_matrix_generator,
    sqrt_x_matrix_generator,
)

__all__ = ["ECR", "RZZ", "SX", "ibm_gate_set"]

ECR = AbstractGate("ECR", [], arity=2, matrix_generator=ecr_matrix_generator)()
"""The echoed cross-resonance gate."""

RZZ = AbstractGate("RZZ", [float], arity=2, matrix_generator=rzz_matrix_generator)
"""``RZZ(theta) = exp(-1j * theta * ZZ / 2)``."""

SX = AbstractGate("SX", [], arity=1, matrix_generator=sqrt_x_matrix_generator)()
"""Square root of X."""

_FAMILIES = {
    "nighthawk": ("CSIGN", "I", "RX", "RZ", SX, "X"),
    "heron": ("CSIGN", "I", "RX", "RZ", RZZ, SX, "X"),
    "eagle": (ECR, "I", "RZ", SX, "X"),
    "falcon": ("CNOT", "I", "RZ", SX, "X"),
}


def ibm_gate_set(target: str = "nighthawk") -> GateSet:
    """The native gates of a family of IBM's machines: ``nighthawk``, ``heron``, ``eagle`` or ``falcon``.

    >>> list(ibm_gate_set("eagle"))
    ['ECR', 'I', 'RZ', 'SX', 'X']
    """
    return family(target, "ibm", _FAMILIES)
