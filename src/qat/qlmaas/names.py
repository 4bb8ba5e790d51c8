"""The names of the package ``qlmaas``: modules whose attributes are the services of a server."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from qat.qlmaas.connection import QLMaaSConnection, last_connection
from qat.qlmaas.errors import NoServerError, QLMaaSError, UnknownServiceError

__all__ = ["connected", "service_names"]


def connected() -> QLMaaSConnection:
    """The connection made last, or one made from the configuration.

    Raises:
        NoServerError: there is no server (an ImportError).
    """
    try:
        return last_connection()
    except QLMaaSError as error:
        raise NoServerError(f"qlmaas needs an access server: {error}", error.code) from error


def service_names(kind: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], Callable[[str], str]]:
    """``__getattr__``, ``__dir__`` and ``hint`` of the module with the services of a kind."""

    def get(name: str) -> Any:
        if name == "__all__":
            return listing()
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            service = connected().get_importable(name, kind)
        except UnknownServiceError as error:
            raise AttributeError(error.message, name=name) from None
        return _with_warning(service, kind)

    def listing() -> list[str]:
        return [view.name for view in connected().services(kind)]

    def hint(name: str) -> str:
        try:
            connected().get_importable(name, kind)
        except UnknownServiceError as error:
            return error.message
        return f"{kind} has {name}"

    return get, listing, hint


def _with_warning(service: Any, kind: str) -> Any:
    view = next(view for view in connected().services(kind) if view.name == service.__name__)
    if view.warning:
        warnings.warn(f"{view.name}: {view.warning}", UserWarning, stacklevel=4)
    return service
