"""Applications: a generator on a stack, which executes as a whole."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any, Final

from qat.core.errors import ErrorType, GeneratorException
from qat.core.generator import AbstractGenerator, CompositeBatchGenerator
from qat.core.lazy import lazy_exports
from qat.core.qpu.qpu import CommonQPU
from qat.core.serving import Servable
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result

__all__ = ["Application"]


class Application(Servable):
    """A generator and the stack that runs its jobs: what ``generator | plugins | qpu`` gives.

    >>> from qat.core import Job, Result
    >>> from qat.core.qpu import QPUHandler
    >>> class Constant(QPUHandler):
    ...     def submit_job(self, job):
    ...         return Result(value=1.0)
    >>> class Single(AbstractGenerator):
    ...     def generate(self, specs):
    ...         return Job()
    ...     def post_process(self, result):
    ...         return result.value
    >>> Application(Single(), Constant()).execute()
    1.0
    """

    _role = "application"

    def __init__(self, generator: AbstractGenerator, qpu: CommonQPU) -> None:
        composite = isinstance(generator, CompositeBatchGenerator)
        self._generator: AbstractGenerator = generator.generator if composite else generator  # type: ignore[attr-defined]
        self._qpu: CommonQPU = (generator.plugin | qpu) if composite else qpu  # type: ignore[attr-defined]

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Generate jobs, run them and give the answer.

        Args:
            *args: passed to the generator's ``generate``.
            **kwargs: the same.

        Returns:
            What the generator yielded that is not jobs; otherwise what its ``post_process`` makes of the last
            result; otherwise the last result, as a BatchResult.

        Raises:
            GeneratorException: the generator generated nothing to run.
        """
        generated = self._generator.generate(self._qpu.get_specs(), *args, **kwargs)
        if isinstance(generated, Job | Batch):
            return self._finished(self._qpu.submit(generated))
        if isinstance(generated, Generator):
            with closing(generated):
                return self._converse(generated)
        cure = "end it with 'return job'"
        raise self._wrong(f"generate returned {generated!r:.80} instead of a Job or a Batch, and did not yield; {cure}")

    __call__ = execute

    def _converse(self, generated: Generator[Any, Any, Any]) -> Any:
        """Run what is yielded and send the results back, until something else is yielded or nothing more."""
        item, result = next(generated, _END), None
        while isinstance(item, Job | Batch):
            result = self._qpu.submit(item)
            item = _sent(generated, result)
        if result is None:
            raise self._wrong(f"generate first yielded {item} instead of a Job or a Batch")
        return self._finished(result) if item is _END else _batched(item)

    def _finished(self, result: Result | BatchResult) -> Any:
        if hasattr(self._generator, "post_process"):
            return self._generator.post_process(result)
        return _batched(result)

    def _wrong(self, message: str) -> GeneratorException:
        name = type(self._generator).__name__
        return GeneratorException(ErrorType.INVALID_ARGS, "qat.core.generator", f"{name}: {message}")

    def __or__(self, otherbox: Any) -> Any:
        below = self._qpu.__or__(otherbox)  # a junction takes another QPU, anything else refuses
        return below if below is NotImplemented else Application(self._generator, below)

    def __str__(self) -> str:
        return f"{self._generator} | {self._qpu}"


class _End:
    def __str__(self) -> str:
        return "nothing"


_END: Final = _End()
"""Stands for the end of what a generator yields."""


def _sent(generated: Generator[Any, Any, Any], result: Any) -> Any:
    """What the generator yields next, given a result."""
    try:
        return generated.send(result)
    except StopIteration:
        return _END


def _batched(answer: Any) -> Any:
    """An application answers with a BatchResult even for one job."""
    return BatchResult(results=[answer], meta_data={}) if isinstance(answer, Result) else answer


__getattr__, __dir__ = lazy_exports(__name__, {"RemoteApplication": "qat.served"})
