"""What ``|`` refuses, said so that the reader can correct it."""

from __future__ import annotations

from typing import Any

__all__ = ["described", "refuse"]

_ORDER = "a stack reads: generator | plugins and junctions | QPU"


def refuse(left: Any, right: Any, expected: str) -> Any:
    """Answer of ``left.__or__(right)`` when they do not fit: left to ``right`` if it knows ``|``, else an error.

    Raises:
        TypeError: ``right`` has no ``__ror__``.
    """
    if not isinstance(right, type) and any("__ror__" in vars(cls) for cls in type(right).__mro__):
        return NotImplemented
    raise TypeError(f"cannot pipe {described(left)} to {described(right)}: {expected} ({_ORDER})")


def described(item: Any) -> str:
    """How a message names an operand: its role in a stack and its class."""
    role = getattr(type(item), "_role", None)
    name = item.__qualname__ if isinstance(item, type) else type(item).__name__
    if isinstance(item, type):
        return f"the class {name} (make an instance: {name}(...))"
    return f"the {role} {name}" if role else f"an object of type {name}"
