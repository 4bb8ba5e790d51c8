"""Generators: what produces the jobs of an application and reads their results."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from qat.core.composition import EXPECTED, refuse
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.qpu import CommonQPU
from qat.core.services import OffloadedService
from qat.core.serving import Servable

if TYPE_CHECKING:
    from qat.core.wrappers.hardware_specs import HardwareSpecs

__all__ = ["AbstractGenerator", "CompositeBatchGenerator", "OffloadedGenerator"]


class AbstractGenerator(Servable, ABC):
    """Base of all generators. Define ``generate``, and ``post_process(result)`` to turn results into an answer.

    ``generator | plugins | qpu`` is an application; its ``execute(...)`` passes its arguments to ``generate``.

    >>> from qat.core import Job, Result
    >>> from qat.core.qpu import QPUHandler
    >>> class Sum(AbstractGenerator):
    ...     def generate(self, specs, count):
    ...         total = 0
    ...         for _ in range(count):
    ...             result = yield Job()
    ...             total += result.value
    ...         yield total
    >>> class Three(QPUHandler):
    ...     def submit_job(self, job):
    ...         return Result(value=3)
    >>> (Sum() | Three()).execute(4)
    12
    """

    _role = "generator"
    is_safe_to_retry: bool = True
    """Whether a server may run it again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept and ignore anything; subclasses need not call it."""

    @abstractmethod
    def generate(self, specs: HardwareSpecs, *args: Any, **kwargs: Any) -> Any:
        """Return a Job or Batch, or yield them one after the other and at last, if wanted, the answer.

        ``yield job`` gives back its Result, ``yield batch`` its BatchResult. Yielding anything else ends the
        application with it as the answer.

        Args:
            specs: specs of the stack that the jobs will run on.
            *args: arguments of the application's ``execute``.
            **kwargs: the same.
        """

    if TYPE_CHECKING:

        def post_process(self, result: Any) -> Any:
            """The answer of the application, made from the last result."""

    def __or__(self, other: Any) -> Any:
        from qat.core.application import Application

        if isinstance(other, AbstractPlugin):
            return CompositeBatchGenerator(self, other)
        if isinstance(other, CommonQPU):
            return Application(self, other)
        return refuse(self, other, EXPECTED["generator"])

    def __str__(self) -> str:
        return type(self).__name__


class OffloadedGenerator(OffloadedService):
    """Mark of generators that may run on a server."""


class CompositeBatchGenerator(AbstractGenerator):
    """A generator in front of plugins, still without a QPU: what ``generator | plugin`` gives.

    >>> from qat.core.empty import EmptyPlugin
    >>> from qat.generators import MaxCutGenerator
    >>> print(MaxCutGenerator() | EmptyPlugin())
    MaxCutGenerator | EmptyPlugin
    """

    def __init__(self, generator: AbstractGenerator, plugin: AbstractPlugin) -> None:
        super().__init__()
        self.generator = generator
        self.plugin = plugin

    def generate(self, specs: HardwareSpecs, *args: Any, **kwargs: Any) -> Any:
        """What the generator generates, before the plugins."""
        return self.generator.generate(self.plugin.get_specs(specs), *args, **kwargs)

    def __or__(self, other: Any) -> Any:
        if isinstance(other, AbstractPlugin):
            return CompositeBatchGenerator(self.generator, self.plugin | other)
        if isinstance(other, CommonQPU):
            return self.generator | (self.plugin | other)
        return super().__or__(other)

    def __str__(self) -> str:
        return f"{self.generator} | {self.plugin}"
