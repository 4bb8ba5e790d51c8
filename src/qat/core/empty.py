"""A plugin that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qat.core.plugins import AbstractPlugin

if TYPE_CHECKING:
    from qat.core.wrappers.hardware_specs import HardwareSpecs
    from qat.core.wrappers.job import Batch

__all__ = ["EmptyPlugin"]


class EmptyPlugin(AbstractPlugin):
    """Passes jobs and results on as they are.

    >>> print(EmptyPlugin() | EmptyPlugin())
    EmptyPlugin | EmptyPlugin
    """

    is_transparent = True

    def compile(self, batch: Batch, specs: HardwareSpecs) -> Batch:
        """The batch itself."""
        return batch
