"""Packages whose names are loaded at first use, so that importing a package costs nothing but a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules
from typing import Any

__all__ = ["lazy_exports"]


def lazy_exports(package: str, exports: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a package that exports ``{name: module}``; a module exports itself.

    >>> getter, listing = lazy_exports("qat.core", {"ErrorType": "qat.core.enums", "enums": "qat.core.enums"})
    >>> getter("ErrorType").ABORT, getter("enums").__name__
    (1, 'qat.core.enums')
    """

    def get(name: str) -> Any:
        if name not in exports:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(exports[name])
        value = module if exports[name] == f"{package}.{name}" else getattr(module, name)
        setattr(modules[package], name, value)
        return value

    def listing() -> list[str]:
        return sorted({*vars(modules[package]), *exports})

    return get, listing
