"""QPUs: what executes quantum jobs, alone or at the end of a stack."""

from qat.core.lazy import lazy_exports
from qat.core.qpu.qpu import CommonQPU, CompositeQPU, OffloadedQPU, QPUHandler, get_current_qpu

__all__ = ["CommonQPU", "CompositeQPU", "OffloadedQPU", "QPUHandler", "get_current_qpu"]

__getattr__, __dir__ = lazy_exports(__name__, {"RemoteQPU": "qat.served"})
