"""Plugins: what works on jobs before, and on results after, a QPU executes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from qat.core.composition import EXPECTED, described, refuse
from qat.core.contexts import PLUGINS, ServiceContext, Services, current_plugin
from qat.core.services import OffloadedService
from qat.core.serving import Servable

if TYPE_CHECKING:
    from qat.core.qpu.qpu import CommonQPU
    from qat.core.wrappers.hardware_specs import HardwareSpecs
    from qat.core.wrappers.job import Batch
    from qat.core.wrappers.result import BatchResult

__all__ = ["AbstractPlugin", "CompositePlugin", "OffloadedPlugin", "contains_plugin", "get_current_plugin"]


class AbstractPlugin(ServiceContext, Servable, ABC):
    """Base of all plugins. Define ``compile``, and ``post_process`` if results are to be changed too.

    ``post_process(batch_result)`` returns a BatchResult, or a Batch which is then run by the stages below and whose
    results are given to ``post_process`` again.

    >>> from qat.core import Batch, Job, Result
    >>> from qat.core.qpu import QPUHandler
    >>> class Twice(AbstractPlugin):
    ...     def compile(self, batch, specs):
    ...         return Batch([job for job in batch.jobs for _ in range(2)])
    ...     def post_process(self, batch_result):
    ...         batch_result.results = batch_result.results[::2]
    ...         return batch_result
    >>> class Constant(QPUHandler):
    ...     def submit_job(self, job):
    ...         return Result(value=1.0)
    >>> stack = Twice() | Constant()
    >>> print(stack)
    Twice | Constant
    >>> stack.submit(Job()).value
    1.0
    """

    _role = "plugin"
    is_transparent: bool = False
    """Whether values of jobs are the same without this plugin, so that exact gradients may be computed below it."""

    is_safe_to_retry: bool = True
    """Whether a server may run it again on the same jobs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept and ignore anything; subclasses need not call it."""

    @abstractmethod
    def compile(self, batch: Batch, specs: HardwareSpecs) -> Batch:
        """The batch to send below, changed in place or new.

        Args:
            batch: the jobs; ``batch.meta_data`` is what was submitted with them.
            specs: specs of what lies below this plugin, or None when a plugin above resubmits.
        """

    if TYPE_CHECKING:

        def post_process(self, batch_result: BatchResult) -> BatchResult | Batch:
            """Results to return above, or a Batch to run below once more."""

    def do_post_processing(self) -> bool:
        """Whether ``post_process`` is defined."""
        return hasattr(self, "post_process")

    def get_specs(self, specs: HardwareSpecs) -> HardwareSpecs:
        """Specs to show above, given those of what lies below. By default the same."""
        return specs

    def wrapper_post_process(self, results: BatchResult) -> Any:
        """``post_process`` with its two kinds of answer in one object, ``PostProcessedResult(results, batch)``."""
        from qat.core.mixed_results import PostProcessedResult
        from qat.core.wrappers.job import Batch

        answer = self.post_process(results) if self.do_post_processing() else results
        if isinstance(answer, Batch):
            return PostProcessedResult(batch=answer)
        return PostProcessedResult(results=answer)

    def __or__(self, plugin2: Any) -> Any:
        from qat.core.qpu.qpu import CommonQPU, CompositeQPU

        if isinstance(plugin2, CommonQPU):
            return CompositeQPU(self, plugin2)
        if isinstance(plugin2, AbstractPlugin):
            return CompositePlugin(self, plugin2)
        return refuse(self, plugin2, EXPECTED["plugin"])

    def __str__(self) -> str:
        return type(self).__name__

    def _context(self) -> ContextVar[Services]:
        return PLUGINS

    def _over(self, qpu: CommonQPU) -> CommonQPU:
        stack: CommonQPU = self | qpu
        return stack


class OffloadedPlugin(OffloadedService):
    """Mark of plugins that may run on a server."""


class CompositePlugin(AbstractPlugin):
    """Plugins in a row, outermost first: what ``plugin | plugin`` gives.

    >>> from qat.core.empty import EmptyPlugin
    >>> len(CompositePlugin(EmptyPlugin(), EmptyPlugin() | EmptyPlugin()).plugins)
    3
    """

    def __init__(self, *plugins: AbstractPlugin) -> None:
        super().__init__()
        self.plugins: tuple[AbstractPlugin, ...] = flattened(plugins)

    def compile(self, batch: Batch, specs: HardwareSpecs) -> Batch:
        """The batch through every plugin."""
        from qat.core.pipeline import as_batch, compile_down

        return compile_down(self.plugins, as_batch(batch), specs)

    def post_process(self, batch_result: BatchResult) -> BatchResult | Batch:
        """The results through every plugin from the last to the first; a resubmission stops it and is returned."""
        answer: Any = batch_result
        for plugin in reversed(self.plugins):
            if plugin.do_post_processing():
                answer = plugin.post_process(answer)
                if not hasattr(answer, "results"):
                    break
        return answer  # type: ignore[no-any-return]

    def do_post_processing(self) -> bool:
        """Whether any of the plugins does."""
        return any(plugin.do_post_processing() for plugin in self.plugins)

    def get_specs(self, specs: HardwareSpecs) -> HardwareSpecs:
        """The specs as changed by every plugin."""
        for plugin in reversed(self.plugins):
            specs = plugin.get_specs(specs)
        return specs

    def _parts(self) -> tuple[Any, ...]:
        return self.plugins

    def push_plugin(self, plugin: AbstractPlugin) -> None:
        """Put a plugin in front. Prefer ``plugin | stack``."""
        self.plugins = flattened((plugin, *self.plugins))

    def __str__(self) -> str:
        return " | ".join(str(plugin) for plugin in self.plugins)


def flattened(plugins: Sequence[AbstractPlugin]) -> tuple[AbstractPlugin, ...]:
    """Plugins with those inside plain composites brought to the same level.

    Raises:
        TypeError: one is not a plugin.
    """
    flat: list[AbstractPlugin] = []
    for plugin in plugins:
        if not isinstance(plugin, AbstractPlugin):
            raise TypeError(f"expected plugins, got {described(plugin)}; pipe junctions and QPUs with |")
        flat.extend(plugin.plugins if type(plugin) is CompositePlugin else (plugin,))
    return tuple(flat)


def contains_plugin(plugin: Any, cls: type) -> bool:
    """Whether a plugin, or a plugin of a stack, is an instance of a class.

    >>> from qat.core.empty import EmptyPlugin
    >>> contains_plugin(EmptyPlugin() | EmptyPlugin(), EmptyPlugin)
    True
    """
    if isinstance(plugin, cls):
        return True
    return any(contains_plugin(part, cls) for part in getattr(plugin, "_parts", tuple)())


def get_current_plugin() -> Any:
    """The plugin of the innermost ``with plugin:``, or None.

    >>> from qat.core.empty import EmptyPlugin
    >>> with EmptyPlugin():
    ...     print(get_current_plugin())
    EmptyPlugin
    """
    return current_plugin()
