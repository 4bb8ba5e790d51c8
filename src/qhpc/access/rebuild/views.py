"""What users are told about a service: role, documentation, parameters, origin."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any, Literal

from qat.comm.access.messages import Parameter, ServiceView
from qat.comm.recipe import ServiceKind
from qat.core.generator import AbstractGenerator
from qat.core.junction import Junction
from qat.core.qlmaas import warning_of
from qat.core.qpu.qpu import CommonQPU

__all__ = ["view_of"]

_KINDS: Mapping[Any, Literal["positional", "keyword", "variadic", "variadic-keyword"]] = {
    inspect.Parameter.POSITIONAL_ONLY: "positional",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.VAR_POSITIONAL: "variadic",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_KEYWORD: "variadic-keyword",
}
_SHOWN = 200


def view_of(kind: ServiceKind, name: str, cls: type) -> ServiceView:
    """What users are told about a service.

    >>> from qat.plugins import ScipyMinimizePlugin
    >>> view = view_of("qat.plugins", "ScipyMinimizePlugin", ScipyMinimizePlugin)
    >>> view.role, [parameter.name for parameter in view.parameters]
    ('junction', ['collective', 'binding_args', 'kwargs'])
    """
    return ServiceView(
        kind=kind,
        name=name,
        role=_role(cls),
        doc=inspect.getdoc(cls) or "",
        parameters=_parameters(cls),
        warning=warning_of(cls),
        origin=_origin(cls.__module__),
    )


def _role(cls: type) -> Literal["qpu", "plugin", "junction", "generator"]:
    if issubclass(cls, Junction):
        return "junction"
    if issubclass(cls, CommonQPU):
        return "qpu"
    return "generator" if issubclass(cls, AbstractGenerator) else "plugin"


def _parameters(cls: type) -> tuple[Parameter, ...]:
    try:
        parameters = inspect.signature(cls).parameters.values()
    except ValueError:
        return ()
    return tuple(
        Parameter(
            name=parameter.name,
            kind=_KINDS[parameter.kind],
            default=None if parameter.default is parameter.empty else repr(parameter.default)[:_SHOWN],
            annotation=None if parameter.annotation is parameter.empty else _annotation(parameter.annotation),
        )
        for parameter in parameters
    )


def _annotation(annotation: Any) -> str:
    return inspect.formatannotation(annotation).strip("'")[:_SHOWN]


def _origin(module: str) -> str | None:
    """Distribution and version of a module, when only one distribution has its topmost package."""
    names = set(_distributions().get(module.partition(".")[0], ()))
    if len(names) != 1:
        return None
    (name,) = names
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()
