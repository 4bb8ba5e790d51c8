"""Programs, registers, gates and quantum types.

>>> prog = Program()
>>> qubits = prog.qalloc(2)
>>> _ = H(qubits[0]), CNOT(qubits)
>>> list(prog.to_circ().iterate_simple())
[('H', [], [0]), ('CNOT', [], [0, 1])]
"""

from pkgutil import extend_path
from typing import TYPE_CHECKING

from qat.core.gate_set import WrongArgumentsNumber, WrongArgumentType
from qat.core.lazy import lazy_exports
from qat.lang.AQASM.gates import (
    CCNOT,
    CNOT,
    CSIGN,
    ISWAP,
    PH,
    RX,
    RY,
    RZ,
    SQRTSWAP,
    SWAP,
    AbstractGate,
    CustomGate,
    H,
    I,
    S,
    T,
    X,
    Y,
    Z,
)
from qat.lang.AQASM.misc import build_gate
from qat.lang.AQASM.program import Program
from qat.lang.AQASM.routines import QRoutine

if TYPE_CHECKING:
    from qat.lang.AQASM.qbool import QBool as QBool
    from qat.lang.AQASM.qbool import QBoolArray as QBoolArray
    from qat.lang.AQASM.qint import QInt as QInt

__path__ = extend_path(__path__, __name__)

__all__ = [
    "CCNOT", "CNOT", "CSIGN", "ISWAP", "PH", "RX", "RY", "RZ", "SQRTSWAP", "SWAP", "AbstractGate", "CustomGate", "H",
    "I", "Program", "QBool", "QBoolArray", "QInt", "QRoutine", "S", "T", "WrongArgumentType", "WrongArgumentsNumber",
    "X", "Y", "Z", "build_gate",
]  # fmt: skip

_SUBMODULES = (
    "aqasm_util", "arithmetic", "bits", "classarith", "gates", "math_util", "misc", "operations", "program", "qbool",
    "qftarith", "qint", "routines", "text",
)  # fmt: skip

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "QBool": "qat.lang.AQASM.qbool",
        "QBoolArray": "qat.lang.AQASM.qbool",
        "QInt": "qat.lang.AQASM.qint",
        **{name: f"{__name__}.{name}" for name in _SUBMODULES},
    },
)
