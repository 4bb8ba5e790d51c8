"""QPUs: what executes quantum jobs, alone or at the end of a stack."""

from qat.core.qpu.qpu import CommonQPU, CompositeQPU, OffloadedQPU, QPUHandler, get_current_qpu

__all__ = ["CommonQPU", "CompositeQPU", "OffloadedQPU", "QPUHandler", "get_current_qpu"]
