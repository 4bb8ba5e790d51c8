"""Gates of AQT's trapped-ion machines."""

from __future__ import annotations

from qat.core.gate_set import GateSet
from qat.lang.AQASM.gates import AbstractGate
from qat.lang.vendors.common_gates import family, rxx_matrix_generator
from qat.lang.vendors.iqm import PRX

__all__ = ["PRX", "RXX", "aqt_gate_set"]

RXX = AbstractGate("RXX", [float], arity=2, matrix_generator=rxx_matrix_generator)
"""``RXX(theta) = exp(-1j * theta * XX / 2)``."""

_FAMILIES = {"marmot": ("RZ", PRX, RXX)}


def aqt_gate_set(target: str = "marmot") -> GateSet:
    """The native gates of a family of AQT's machines: ``marmot``.

    >>> list(aqt_gate_set())
    ['RZ', 'PRX', 'RXX']
    """
    return family(target, "aqt", _FAMILIES)
