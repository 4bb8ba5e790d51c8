"""The published address of batches."""

from qat.core.wrappers.job import Batch

__all__ = ["Batch"]
