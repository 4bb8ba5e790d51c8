"""Which QPU and plugins are in force where: ``with qpu:``, ``with plugin:``, and the default QPU.

``job.run()``, ``circuit.run()`` and called functions submit to ``stack_for(None)``: the QPU of the innermost
``with``, or the default QPU, below the plugins of all ``with`` blocks around, the outermost first. The state lives in
context variables, so threads and asynchronous tasks do not see each other's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from qat.core.composition import Pipeable

if TYPE_CHECKING:
    from typing import Self

    from qat.core.qpu.qpu import CommonQPU

__all__ = ["ServiceContext", "current_plugin", "current_qpu", "set_default_qpu", "stack_for"]

Services = tuple["ServiceContext", ...]

QPUS: ContextVar[Services] = ContextVar("qat_qpus", default=())
PLUGINS: ContextVar[Services] = ContextVar("qat_plugins", default=())


class ServiceContext(Pipeable):
    """A service that is the default, or wraps the default, inside ``with service:``."""

    def _context(self) -> ContextVar[Services]:
        """Where this service goes when it is entered."""
        return QPUS

    def _over(self, qpu: CommonQPU) -> CommonQPU:
        """The stack of this service on a QPU, leaving this service as it is."""
        raise TypeError(f"{self} cannot be placed in front of {qpu}")

    def __enter__(self) -> Self:
        context = self._context()
        context.set((*context.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        for context in (QPUS, PLUGINS):
            entered = context.get()
            if entered and entered[-1] is self:
                context.set(entered[:-1])
                return


def current_qpu() -> Any:
    """The QPU of the innermost ``with qpu:``, or None."""
    entered = QPUS.get()
    return entered[-1] if entered else None


def current_plugin() -> Any:
    """The plugin of the innermost ``with plugin:``, or None."""
    entered = PLUGINS.get()
    return entered[-1] if entered else None


def _no_default_qpu() -> CommonQPU:
    raise RuntimeError("no QPU to run on: pass one, or use 'with qpu:'")


_default_qpu: Callable[[], CommonQPU] = _no_default_qpu


def set_default_qpu(factory: Callable[[], CommonQPU]) -> None:
    """Set what makes the QPU to run on where no other is in force."""
    global _default_qpu
    _default_qpu = factory


def stack_for(qpu: CommonQPU | None = None) -> CommonQPU:
    """What to submit to: ``qpu``, or the QPU in force, below the plugins in force.

    >>> from qat.core.plugins import AbstractPlugin
    >>> from qat.core.qpu import QPUHandler
    >>> class Mine(QPUHandler):
    ...     def submit_job(self, job): ...
    >>> class Around(AbstractPlugin):
    ...     def compile(self, batch, specs): return batch
    >>> with Mine(), Around():
    ...     print(stack_for())
    Around | Mine
    """
    stack = qpu if qpu is not None else current_qpu() or _default_qpu()
    for plugin in reversed(PLUGINS.get()):
        stack = plugin._over(stack)
    return stack
