"""The values a program works with. Each lives in the module of its name; all can be imported from here."""

from typing import TYPE_CHECKING

from qat.core.lazy import lazy_exports

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit as Circuit
    from qat.core.wrappers.hardware_specs import HardwareSpecs as HardwareSpecs
    from qat.core.wrappers.hardware_specs import Topology as Topology
    from qat.core.wrappers.job import Batch as Batch
    from qat.core.wrappers.job import Job as Job
    from qat.core.wrappers.observable import Observable as Observable
    from qat.core.wrappers.observable import Term as Term
    from qat.core.wrappers.result import BatchResult as BatchResult
    from qat.core.wrappers.result import Result as Result
    from qat.core.wrappers.result import Sample as Sample
    from qat.core.wrappers.schedule import Parameter as Parameter
    from qat.core.wrappers.schedule import Schedule as Schedule

_EXPORTS = {
    "Batch": "job",
    "BatchResult": "result",
    "Circuit": "circuit",
    "HardwareSpecs": "hardware_specs",
    "Job": "job",
    "Observable": "observable",
    "Parameter": "schedule",
    "Result": "result",
    "Sample": "result",
    "Schedule": "schedule",
    "Term": "observable",
    "Topology": "hardware_specs",
}

__all__ = [*_EXPORTS]

__getattr__, __dir__ = lazy_exports(__name__, {name: f"{__name__}.{module}" for name, module in _EXPORTS.items()})
