"""What a service says about its remote twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["qlmaas_warning", "warning_of"]

Service = TypeVar("Service")

_ATTRIBUTE = "_qlmaas_warning"


def qlmaas_warning(warning_message: str) -> Callable[[Service], Service]:
    """Mark a service, so that importing it from ``qlmaas`` warns.

    Args:
        warning_message: what the warning says.

    >>> @qlmaas_warning("this QPU is being calibrated")
    ... class Old: ...
    >>> warning_of(Old)
    'this QPU is being calibrated'
    """

    def mark(service: Service) -> Service:
        setattr(service, _ATTRIBUTE, warning_message)
        return service

    return mark


def warning_of(service: object) -> str | None:
    """The warning that a service is marked with, or None."""
    return getattr(service, _ATTRIBUTE, None)
