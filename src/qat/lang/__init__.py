"""The language: programs, routines, registers, gates, quantum types.

>>> from qat.lang import CNOT, H, Program
>>> prog = Program()
>>> qubits = prog.qalloc(2)
>>> _ = H(qubits[0]), CNOT(qubits)
>>> prog.to_circ().nbqbits
2
"""

from pkgutil import extend_path
from typing import TYPE_CHECKING

from qat.core.lazy import lazy_exports

if TYPE_CHECKING:
    from qat.lang.AQASM import CCNOT as CCNOT
    from qat.lang.AQASM import CNOT as CNOT
    from qat.lang.AQASM import CSIGN as CSIGN
    from qat.lang.AQASM import ISWAP as ISWAP
    from qat.lang.AQASM import PH as PH
    from qat.lang.AQASM import RX as RX
    from qat.lang.AQASM import RY as RY
    from qat.lang.AQASM import RZ as RZ
    from qat.lang.AQASM import SQRTSWAP as SQRTSWAP
    from qat.lang.AQASM import SWAP as SWAP
    from qat.lang.AQASM import AbstractGate as AbstractGate
    from qat.lang.AQASM import CustomGate as CustomGate
    from qat.lang.AQASM import H as H
    from qat.lang.AQASM import I as I
    from qat.lang.AQASM import Program as Program
    from qat.lang.AQASM import QBool as QBool
    from qat.lang.AQASM import QBoolArray as QBoolArray
    from qat.lang.AQASM import QInt as QInt
    from qat.lang.AQASM import QRoutine as QRoutine
    from qat.lang.AQASM import S as S
    from qat.lang.AQASM import T as T
    from qat.lang.AQASM import X as X
    from qat.lang.AQASM import Y as Y
    from qat.lang.AQASM import Z as Z
    from qat.lang.AQASM import build_gate as build_gate
    from qat.lang.AQASM.routines import compute as compute
    from qat.lang.AQASM.routines import uncompute as uncompute
    from qat.lang.AQASM.routines import uncompute_all as uncompute_all
    from qat.lang.decorator import qfunc as qfunc
    from qat.lang.decorator import qrout as qrout

__path__ = extend_path(__path__, __name__)

__all__ = [
    "CCNOT", "CNOT", "CSIGN", "ISWAP", "PH", "RX", "RY", "RZ", "SQRTSWAP", "SWAP", "AbstractGate", "CustomGate", "H",
    "I", "Program", "QBool", "QBoolArray", "QInt", "QRoutine", "S", "T", "X", "Y", "Z", "build_gate", "compute",
    "qfunc", "qrout", "uncompute", "uncompute_all",
]  # fmt: skip

_HOMES = {
    "qfunc": "qat.lang.decorator",
    "qrout": "qat.lang.decorator",
    "compute": "qat.lang.AQASM.routines",
    "uncompute": "qat.lang.AQASM.routines",
    "uncompute_all": "qat.lang.AQASM.routines",
}
_SUBMODULES = ("AQASM", "algorithms", "decorator", "linking", "models", "parser", "vendors")

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        **{name: _HOMES.get(name, "qat.lang.AQASM") for name in __all__},
        **{name: f"{__name__}.{name}" for name in _SUBMODULES},
    },
)
