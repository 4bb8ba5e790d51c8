"""What ``|`` refuses, said so that the reader can correct it."""

from __future__ import annotations

from typing import Any

__all__ = ["EXPECTED", "Pipeable", "described", "refusal", "refuse"]

_ORDER = "a stack reads: generator | plugins and junctions | QPU"

EXPECTED = {
    "QPU": "nothing can follow a QPU; put plugins in front of it",
    "plugin": "a plugin is piped to a plugin, a junction or a QPU",
    "junction": "a junction is piped to a plugin, a junction or a QPU",
    "generator": "a generator is piped to a plugin, a junction or a QPU",
    "application": "nothing can follow a QPU; put plugins in front of it",
}
"""What may stand to the right of each."""


class Pipeable:
    """What stands in a stack: tells whoever pipes a class to it that an instance is wanted."""

    def __ror__(self, left: Any) -> Any:
        if isinstance(left, type):
            raise TypeError(f"cannot pipe {described(left)} to {described(self)} ({_ORDER})")
        return NotImplemented


def refuse(left: Any, right: Any, expected: str) -> Any:
    """Answer of ``left.__or__(right)`` when they do not fit: left to ``right`` if it knows ``|``, else an error.

    Raises:
        TypeError: ``right`` has no ``__ror__`` of its own.
    """
    classes = [cls for cls in type(right).__mro__ if cls is not Pipeable]
    if not isinstance(right, type) and any("__ror__" in vars(cls) for cls in classes):
        return NotImplemented
    raise refusal(left, right, expected)


def refusal(left: Any, right: Any, expected: str) -> TypeError:
    """The error for ``left | right``.

    >>> print(refusal(1, 2, EXPECTED["QPU"]))
    cannot pipe an object of type int to an object of type int: nothing can follow a QPU; ...
    """
    return TypeError(f"cannot pipe {described(left)} to {described(right)}: {expected} ({_ORDER})")


def described(item: Any) -> str:
    """How a message names an operand: its role in a stack and its class."""
    role = getattr(type(item), "_role", None)
    name = item.__qualname__ if isinstance(item, type) else type(item).__name__
    if isinstance(item, type):
        return f"the class {name} (make an instance: {name}(...))"
    return f"the {role} {name}" if role else f"an object of type {name}"
