"""Gates of IQM's superconducting machines."""

from __future__ import annotations

from qat.core.gate_set import GateSet
from qat.lang.AQASM.gates import AbstractGate
from qat.lang.vendors.common_gates import gate_set_of, prx_matrix_generator

__all__ = ["PRX", "iqm_gate_set"]

PRX = AbstractGate("PRX", [float, float], arity=1, matrix_generator=prx_matrix_generator)
"""``PRX(theta, phi)``: rotation by ``theta`` about the axis at angle ``phi`` in the XY plane."""


def iqm_gate_set() -> GateSet:
    """The native gates of IQM's machines.

    >>> list(iqm_gate_set())
    ['PRX', 'RZ', 'CSIGN']
    """
    return gate_set_of(PRX, "RZ", "CSIGN")
