"""What the laboratory refuses.

::

    QatError
    └── LabError             names the value, what was expected, and the line of the file if there is one
        └── BoundError       a result that cannot be: the simulation or a bound has a defect
"""

from __future__ import annotations

from qat.core.errors import QatError

__all__ = ["BoundError", "LabError"]


class LabError(QatError, ValueError):
    """Something that the laboratory cannot work with.

    Args:
        message: what was wrong, what was expected, what to do.
        source: the file it is in.
        line: the line in that file, from 1.

    >>> str(LabError("count is 0: give at least 1", "mix.toml", 3))
    'mix.toml, line 3: count is 0: give at least 1'
    """

    _fields = ("text", "source", "line")
    exit_name = "USAGE"

    def __init__(self, text: str, source: str | None = None, line: int | None = None) -> None:
        super().__init__(text)
        self.text, self.source, self.line = text, source, line

    def __str__(self) -> str:
        place = [*([self.source] if self.source else []), *([f"line {self.line}"] if self.line else [])]
        return f"{', '.join(place)}: {self.text}" if place else self.text


class BoundError(LabError):
    """A result beyond what any scheduler can reach."""

    exit_name = "ERROR"
