"""Objects of packages around the core that travel as their fields, e.g. combinatorial problems and their solutions.

Which packages have such objects is said by ``qat.modules``. A package's module of formats is imported when one of its
objects is sent or arrives; a name that arrives is only ever looked up in those tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["RecordFormat", "format_named", "format_of", "set_record_modules"]


class RecordFormat(NamedTuple):
    """How objects of one class travel.

    Attributes:
        cls: the class, without its subclasses.
        fields: gives the fields of an object: what travels as an argument, by name.
        make: gives the object that has these fields; raises ValueError, TypeError or KeyError when there is none.
    """

    cls: type
    fields: Callable[[Any], Mapping[str, Any]]
    make: Callable[[Mapping[str, Any]], Any]


_modules: dict[str, str] = {}


def set_record_modules(modules: Mapping[str, str]) -> None:
    """Say which packages have such objects: by package, the module with its table ``FORMATS`` (by class name)."""
    _modules.clear()
    _modules.update(modules)


def format_of(value: object) -> tuple[str, RecordFormat] | None:
    """The name and the format of an object that travels as its fields; None for others.

    >>> from qat.opt import NumberPartitioning
    >>> name, record = format_of(NumberPartitioning([1, 2]))
    >>> name, sorted(record.fields(NumberPartitioning([1, 2])))
    ('qat.opt:NumberPartitioning', ['fields', 'matrix', 'offset', 'others'])
    """
    cls = type(value)
    for package in _modules:
        if cls.__module__.startswith(f"{package}."):
            record = _formats(package).get(cls.__name__)
            return None if record is None or record.cls is not cls else (f"{package}:{cls.__name__}", record)
    return None


def format_named(name: str) -> RecordFormat | None:
    """The format of this name; None if there is none here."""
    package, _, cls = name.partition(":")
    return _formats(package).get(cls) if package in _modules else None


def _formats(package: str) -> Mapping[str, RecordFormat]:
    formats: Mapping[str, RecordFormat] = import_module(_modules[package]).FORMATS
    return formats
