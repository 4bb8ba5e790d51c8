"""What remote plugins and generators hand back: results or more jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qat.core.records import Record

if TYPE_CHECKING:
    from qat.core.wrappers.job import Batch
    from qat.core.wrappers.result import BatchResult

__all__ = ["ParsedPostProcessedResult", "PostProcessedResult"]


class PostProcessedResult(Record):
    """What a remote plugin's ``post_process`` gave: results, or a batch to run again.

    >>> PostProcessedResult(results=None).batch is None
    True
    """

    fields = ("results", "batch")

    def __init__(self, results: BatchResult | None = None, batch: Batch | None = None) -> None:
        self.results = results
        self.batch = batch


class ParsedPostProcessedResult(Record):
    """What a remote generator gave: a final answer, results, or a batch to run.

    >>> ParsedPostProcessedResult(parsed_result=42).parsed_result
    42
    """

    fields = ("parsed_result", "batch_result", "batch")

    def __init__(
        self, parsed_result: Any = None, batch_result: BatchResult | None = None, batch: Batch | None = None
    ) -> None:
        self.parsed_result = parsed_result
        self.batch_result = batch_result
        self.batch = batch
