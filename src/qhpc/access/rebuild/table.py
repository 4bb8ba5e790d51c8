"""The services that users may use: an allow-list over what is installed."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from typing import Any, get_args

from qat.comm.recipe import ServiceKind
from qat.core.generator import AbstractGenerator
from qat.core.junction import Junction
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.qpu import CommonQPU
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.rebuild.policy import ServicePolicy

__all__ = ["ServiceTable"]

_log = logging.getLogger(__name__)

_BASES: dict[str, tuple[type, ...]] = {
    "qat.qpus": (CommonQPU,),
    "qat.plugins": (AbstractPlugin, Junction),
    "qat.generators": (AbstractGenerator,),
}
_REACHES_OUT = ("qat.served",)
"""Modules of services that connect to an address of the user's choice; a server does that for nobody."""


class ServiceTable:
    """Looks services up among those that are installed here and allowed.

    Args:
        policy: which are allowed.

    >>> ServiceTable().find("qat.qpus", "LinAlg")
    <class 'qat.qpus.linalg.LinAlg'>
    """

    def __init__(self, policy: ServicePolicy | None = None) -> None:
        self._policy = policy or ServicePolicy()
        self._found: dict[tuple[str, str], type] = {}

    def find(self, kind: ServiceKind, name: str) -> type:
        """The class of a service.

        Only names that installed packages publish as services lead anywhere; nothing is imported by name.

        Raises:
            InvalidSubmission: there is no such service, or it may not be used.
        """
        service = self._found.get((kind, name))
        if service is None:
            service = self._found[kind, name] = self._checked(kind, name)
        return service

    def __iter__(self) -> Iterator[tuple[ServiceKind, str, type]]:
        """All services that may be used: module, name and class."""
        for kind in get_args(ServiceKind):
            for name in dir(import_module(kind)):
                service = self._service(kind, name)
                if service is not None:
                    yield kind, name, service

    @cached_property
    def _addresses(self) -> tuple[str, ...]:
        return tuple(f"{kind}:{name}" for kind, name, _ in self)

    def _checked(self, kind: ServiceKind, name: str) -> type:
        service = self._service(kind, name)
        if service is None:
            near = self._near(kind, name)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(self._addresses)}"
            raise InvalidSubmission("unknown-service", f"there is no service {kind}:{name[:80]} here; {hint}", near)
        return service

    def _service(self, kind: ServiceKind, name: str) -> type | None:
        """The class, if it is one that can be made and may be used."""
        if not name.isidentifier() or not self._policy.is_allowed(f"{kind}:{name}"):
            return None
        try:
            service: Any = getattr(import_module(kind), name)
        except AttributeError:
            return None
        except Exception as error:  # a broken module of another package takes its own services with it, no others
            _log.warning("%s:%s cannot be imported: %s: %s", kind, name, type(error).__name__, error)
            return None
        is_usable = isinstance(service, type) and issubclass(service, _BASES[kind]) and not inspect.isabstract(service)
        return service if is_usable and not service.__module__.startswith(_REACHES_OUT) else None

    def _near(self, kind: str, name: str) -> list[str]:
        wanted = f"{kind}:{name}"
        elsewhere = [address for address in self._addresses if address.partition(":")[2].lower() == name.lower()]
        near = get_close_matches(wanted, self._addresses, n=3, cutoff=0.75)
        return list(dict.fromkeys((*elsewhere, *near)))[:3]
