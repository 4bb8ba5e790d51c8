"""What ``import qat`` sets up: the service modules, and what the core leaves to the packages around it."""

from __future__ import annotations

__all__ = ["register_modules"]


def register_modules() -> None:
    """Make ``qat.qpus``, ``qat.plugins`` and ``qat.generators`` importable; calling it again does nothing more.

    Distributions that extend ``qat`` call it from a ``qat/__init__.py`` of their own.
    """
