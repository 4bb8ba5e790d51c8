"""What a post-processing answers, in one object: results, jobs to run again, or a parsed answer."""

from __future__ import annotations

from typing import Any

__all__ = ["ParsedPostProcessedResult", "PostProcessedResult"]


class PostProcessedResult:
    """Answer of a plugin's post-processing: results, or a batch to run again.

    >>> PostProcessedResult(results="r")
    PostProcessedResult(results='r', batch=None)
    """

    def __init__(self, results: Any = None, batch: Any = None) -> None:
        self.results = results
        self.batch = batch

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


class ParsedPostProcessedResult:
    """Answer of a generator's post-processing: a parsed answer, results, or a batch to run again.

    >>> ParsedPostProcessedResult(parsed_result=3).parsed_result
    3
    """

    def __init__(self, parsed_result: Any = None, batch_result: Any = None, batch: Any = None) -> None:
        self.parsed_result = parsed_result
        self.batch_result = batch_result
        self.batch = batch

    __eq__ = PostProcessedResult.__eq__
    __hash__ = None  # type: ignore[assignment]
    __repr__ = PostProcessedResult.__repr__
