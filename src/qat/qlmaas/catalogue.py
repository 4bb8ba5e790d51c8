"""The services that a server offers, as the client knows them: looked up by name, with signatures and documentation."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, NamedTuple

from qat.comm.access.messages import Parameter as ParameterView
from qat.comm.access.messages import ServiceView
from qat.comm.recipe import KINDS
from qat.qlmaas.errors import UnknownServiceError

__all__ = ["Catalogue", "check_arguments", "signature_of"]

Fetch = Callable[[str | None], tuple[str | None, list[ServiceView] | None]]
"""Asks the server for the catalogue, given the version that is known here."""


class Catalogue:
    """The services of a server, asked for when they are first needed, and again when a name is unknown.

    Args:
        fetch: asks the server.

    >>> catalogue = Catalogue(lambda version: ("1", [ServiceView(kind="qat.qpus", name="LinAlg", role="qpu")]))
    >>> catalogue.find("qat.qpus:LinAlg").role, catalogue.names("qat.qpus")
    ('qpu', ['LinAlg'])
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._version: str | None = None
        self._views: dict[str, ServiceView] | None = None

    def refresh(self) -> None:
        """Ask the server, which answers with nothing if nothing has changed."""
        self._version, views = self._fetch(self._version)
        if views is not None:
            self._views = {f"{view.kind}:{view.name}": view for view in views}

    def views(self, kind: str | None = None) -> list[ServiceView]:
        """All services, or those of a kind, sorted by name."""
        found = [view for view in self._known().values() if kind in (None, view.kind)]
        return sorted(found, key=lambda view: (view.kind, view.name))

    def names(self, kind: str) -> list[str]:
        """The names of the services of a kind."""
        return [view.name for view in self.views(kind)]

    def find(self, name: str, kind: str | None = None) -> ServiceView:
        """The service of a name such as ``qat.qpus:LinAlg``; without its module if ``kind`` says it.

        Raises:
            UnknownServiceError: the server has none; the message lists near names.
        """
        address = name if ":" in name or kind is None else f"{kind}:{name}"
        if address not in self._known():
            self.refresh()
        view = self._known().get(address)
        if view is None or kind not in (None, view.kind):
            raise UnknownServiceError(self._missing(address, kind), "unknown-service")
        return view

    def _known(self) -> dict[str, ServiceView]:
        if self._views is None:
            self.refresh()
        return self._views or {}

    def _missing(self, address: str, kind: str | None) -> str:
        from difflib import get_close_matches

        name = address.rpartition(":")[2]
        known = [view.name for view in self.views(kind)]
        near = get_close_matches(name, known, n=3, cutoff=0.5) or [n for n in known if n.lower() == name.lower()]
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known) or 'none'}"
        module = address.rpartition(":")[0] or kind
        if module not in KINDS:
            hint = f"write its module and its name, as in qat.qpus:LinAlg; {hint}"
        return f"the server offers no service {address!r}; {hint}"


class _Text(NamedTuple):
    """A default value of which only its text is known here."""

    text: str

    def __repr__(self) -> str:
        return self.text


_KINDS = {
    "positional": Parameter.POSITIONAL_OR_KEYWORD,
    "keyword": Parameter.KEYWORD_ONLY,
    "variadic": Parameter.VAR_POSITIONAL,
    "variadic-keyword": Parameter.VAR_KEYWORD,
}


def signature_of(view: ServiceView) -> Signature:
    """The signature of a service's constructor.

    >>> parameter = ParameterView(name="seed", kind="positional", default="None", annotation="int | None")
    >>> signature_of(ServiceView(kind="qat.qpus", name="LinAlg", role="qpu", parameters=(parameter,)))
    <Signature (seed: int | None = None)>
    """
    return Signature([_parameter(parameter) for parameter in view.parameters])


def _parameter(view: ParameterView) -> Parameter:
    default: Any = Parameter.empty if view.default is None else _Text(view.default)
    annotation: Any = Parameter.empty if view.annotation is None else _Text(view.annotation)
    return Parameter(view.name, _KINDS[view.kind], default=default, annotation=annotation)


def check_arguments(view: ServiceView, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Check arguments against the signature of a service.

    Raises:
        TypeError: they do not fit; the message has the signature.
    """
    signature = signature_of(view)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{view.name}: {error}; its signature is {view.name}{signature}") from None
