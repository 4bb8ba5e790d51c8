"""Where drawings come from: the core knows only the name of a module, which is loaded at the first drawing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

_renderer: list[str] = []


def set_renderer(module: str) -> None:
    """Name the module that draws: it offers ``display(value, **options)`` and ``circuit_text(circuit, **options)``."""
    _renderer[:] = [module]


def renderer() -> ModuleType:
    """The module that draws.

    Raises:
        RuntimeError: none has been named.
    """
    if not _renderer:
        raise RuntimeError("Nothing can draw yet: call qat.core.display_hook.set_renderer('qat.display') first")
    return import_module(_renderer[0])
