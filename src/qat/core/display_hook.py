"""Where drawings come from: the core knows only the name of a module, which is loaded at the first drawing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

_renderer = "qat.display"


def set_renderer(module: str) -> None:
    """Name the module that draws.

    It offers ``display(value, **options)``, ``circuit_text(circuit, **options)``, ``html(value, **options)`` and
    ``is_notebook()``.
    """
    global _renderer
    _renderer = module


def renderer() -> ModuleType:
    """The module that draws, imported now.

    >>> renderer().__name__
    'qat.display'
    """
    return import_module(_renderer)
