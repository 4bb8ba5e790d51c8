"""Native gates and gate sets of quantum computers, by maker."""

from pkgutil import extend_path

from qat.lang.vendors.aqt import RXX, aqt_gate_set
from qat.lang.vendors.ibm import ECR, RZZ, SX, ibm_gate_set
from qat.lang.vendors.ionq import PMS, ZZ, GPi, GPi2, ionq_gate_set
from qat.lang.vendors.iqm import PRX, iqm_gate_set
from qat.lang.vendors.quobly import K, quobly_gate_set

__path__ = extend_path(__path__, __name__)

__all__ = [
    "ECR", "PMS", "PRX", "RXX", "RZZ", "SX", "ZZ", "GPi", "GPi2", "K", "aqt_gate_set", "ibm_gate_set", "ionq_gate_set",
    "iqm_gate_set", "quobly_gate_set",
]  # fmt: skip
