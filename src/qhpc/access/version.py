"""Name and version of the server."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["SERVER"]


def _version() -> str:
    try:
        return version("openqat")
    except PackageNotFoundError:
        return "(not installed)"


SERVER = f"openqat {_version()}"
"""As ``/v1/version`` tells it."""
