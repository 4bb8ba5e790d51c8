"""Marks of services: what a class says about where it may run."""

from __future__ import annotations

__all__ = ["OffloadedService"]


class OffloadedService:
    """A service that may also run on a server, next to the QPU. Published plugins inherit it beside their base.

    >>> from qat.core.empty import EmptyPlugin
    >>> from qat.core.plugins import OffloadedPlugin
    >>> class Heavy(EmptyPlugin, OffloadedPlugin): ...
    >>> isinstance(Heavy(), OffloadedService)
    True
    """
