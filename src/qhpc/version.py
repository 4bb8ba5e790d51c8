"""Name and version of this installation."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["OPENQAT"]


def _version() -> str:
    try:
        return version("openqat")
    except PackageNotFoundError:
        return "(not installed)"


OPENQAT = f"openqat {_version()}"
"""As ``/v1/version`` tells it, and as journals say who wrote them."""
