"""What happened to each task, and why, for people."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

__all__ = ["Line", "Story"]


class Line(NamedTuple):
    """Something that happened to a task or session at ``time_s``."""

    time_s: float
    about: str
    text: str


class Story:
    """The last lines of the story.

    Args:
        nb_lines: older ones are forgotten.

    >>> story = Story()
    >>> story.add(1.0, "t1", "came")
    >>> story.add(2.0, "t1", "runs on q")
    >>> [line.text for line in story.of("t1")]
    ['came', 'runs on q']
    """

    def __init__(self, nb_lines: int = 100_000) -> None:
        self._lines: deque[Line] = deque(maxlen=nb_lines)

    def add(self, time_s: float, about: str, text: str) -> None:
        """Something happened."""
        self._lines.append(Line(time_s, about, text))

    def of(self, about: str) -> list[Line]:
        """All that is remembered of a task, oldest first. Cost O(lines)."""
        return [line for line in self._lines if line.about == about]
