"""Jobs, results and their batches. The classes are those of ``qat.core``: one class, two addresses."""

from qat.core.enums import ProcessingType
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import (
    BatchResult,
    IntermediateMeasurement,
    ParsedPostProcessedResult,
    PostProcessedResult,
    Result,
    Sample,
)
from qat.core.wrappers.schedule import Schedule

__all__ = [
    "Batch",
    "BatchResult",
    "IntermediateMeasurement",
    "Job",
    "ParsedPostProcessedResult",
    "PostProcessedResult",
    "ProcessingType",
    "Result",
    "Sample",
    "Schedule",
]
