"""The values of a computation chain (circuits, jobs, results, …) and the protocol that runs them.

>>> from qat.core import Observable, Term
>>> print(Observable(2, pauli_terms=[Term(0.5, "ZZ", [0, 1])]))
0.5 * (ZZ|[0, 1])
"""

from pkgutil import extend_path
from typing import TYPE_CHECKING

from qat.core.lazy import lazy_exports

if TYPE_CHECKING:
    from qat.core.enums import TopologyType as TopologyType
    from qat.core.gate_set import default_gate_set as default_gate_set
    from qat.core.variables import Variable as Variable
    from qat.core.wrappers import Batch as Batch
    from qat.core.wrappers import BatchResult as BatchResult
    from qat.core.wrappers import Circuit as Circuit
    from qat.core.wrappers import HardwareSpecs as HardwareSpecs
    from qat.core.wrappers import Job as Job
    from qat.core.wrappers import Observable as Observable
    from qat.core.wrappers import Parameter as Parameter
    from qat.core.wrappers import Result as Result
    from qat.core.wrappers import Sample as Sample
    from qat.core.wrappers import Schedule as Schedule
    from qat.core.wrappers import Term as Term
    from qat.core.wrappers import Topology as Topology

__path__ = extend_path(__path__, __name__)

_WRAPPERS = (
    "Batch", "BatchResult", "Circuit", "HardwareSpecs", "Job", "Observable", "Parameter", "Result", "Sample",
    "Schedule", "Term", "Topology",
)  # fmt: skip
_SUBMODULES = (
    "application", "assertion", "bits", "circuit_builder", "contexts", "exceptions_utils", "gate_set", "generator",
    "junction", "optimizer", "plugins", "qlmaas", "qpu", "quameleon", "simutil", "spins", "util", "variables",
    "wrappers",
)  # fmt: skip

__all__ = ["TopologyType", "Variable", "default_gate_set", *_WRAPPERS]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "TopologyType": "qat.core.enums",
        "Variable": "qat.core.variables",
        "default_gate_set": "qat.core.gate_set",
        **dict.fromkeys(_WRAPPERS, "qat.core.wrappers"),
        **{name: f"qat.core.{name}" for name in _SUBMODULES},
    },
)
