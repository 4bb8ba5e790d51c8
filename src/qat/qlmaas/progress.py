"""How far a job is, drawn as one line that changes: in a terminal, or in a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from html import escape
from typing import Any, Protocol, TextIO

from qat.comm.access.messages import FINAL_STATES, JobView, Progress
from qat.qlmaas.following import News

__all__ = ["Display", "NotebookLine", "ProgressLine", "TerminalLine", "display_here"]

BAR_CHARACTERS = 24


class Display(Protocol):
    """Shows one line in the place of the last."""

    def show(self, line: ProgressLine) -> None:
        """Draw the line as it is now."""

    def close(self) -> None:
        """Leave the last line where it is."""


class ProgressLine:
    """What is known about a job, as a line; give it the news as they come.

    Args:
        clock: seconds since 1970.

    >>> line = ProgressLine(lambda: 12.0)
    >>> line.take(JobView(id="j1", state="running", owner="me", stack="ScipyMinimizePlugin | LinAlg", started_s=2.0))
    >>> line.take(Progress(iteration=42, value=-1.1, best_value=-1.137, fraction=0.5))
    >>> print(line.text())
    ScipyMinimizePlugin | LinAlg  running  ############............  50 %  step 42  value -1.1  best -1.137  10 s
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.job: JobView | None = None
        self.progress: Progress | None = None

    def take(self, news: News) -> None:
        """Take a piece of news."""
        if isinstance(news, JobView):
            self.job = news
            self.progress = news.progress or self.progress
        elif isinstance(news, Progress):
            self.progress = news

    @property
    def fraction(self) -> float | None:
        """The part of the work that is done, 0 to 1; None when nobody knows."""
        fraction = None if self.progress is None else self.progress.fraction
        return None if fraction is None else min(1.0, max(0.0, fraction))

    def parts(self) -> list[str]:
        """What there is to say, the most important first."""
        job, progress = self.job, self.progress
        if job is None:
            return ["connecting"]
        parts = [job.stack, job.state]
        if job.queue_position is not None:
            parts.append(f"{job.queue_position} before it")
        if progress is not None:
            parts += [*self._bar(), *([f"step {progress.iteration}"] if progress.iteration else [])]
            values = (("value", progress.value), ("best", progress.best_value))
            parts += [f"{name} {value:.6g}" for name, value in values if value is not None]
        if job.started_s is not None:
            parts.append(f"{max(0.0, (job.ended_s or self._clock()) - job.started_s):.0f} s")
        return parts

    def text(self) -> str:
        """The line."""
        return "  ".join(self.parts())

    def html(self) -> str:
        """The line for a notebook."""
        fraction = self.fraction
        bar = "" if fraction is None else f'<progress value="{fraction:.3f}" max="1"></progress> '
        return f"<div>{bar}<code>{escape(self.text())}</code></div>"

    def _bar(self) -> list[str]:
        if self.fraction is None:
            return []
        done = round(BAR_CHARACTERS * self.fraction)
        return ["#" * done + "." * (BAR_CHARACTERS - done), f"{self.fraction:.0%}".replace("%", " %")]


class TerminalLine:
    """Draws on a terminal, over what it drew last; elsewhere, a line for each new state.

    Args:
        stream: where to; standard error by default, so that results can be piped.
        clock: seconds; no more than ten lines are drawn in one.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._drawn_at = float("-inf")
        self._state: str | None = None
        self._width = 0

    def show(self, line: ProgressLine) -> None:
        """Draw the line."""
        state = None if line.job is None else line.job.state
        is_new, self._state = state != self._state, state
        if not self._stream.isatty():
            if is_new:
                print(line.text(), file=self._stream)
            return
        if is_new or state in FINAL_STATES or self._clock() > self._drawn_at + 0.1:
            self._draw(line.text())

    def close(self) -> None:
        """End the line."""
        if self._width:
            print(file=self._stream)

    def _draw(self, text: str) -> None:
        from shutil import get_terminal_size

        text = text[: get_terminal_size().columns - 1]
        print(f"\r{text:<{self._width}}", end="", file=self._stream, flush=True)
        self._width, self._drawn_at = len(text), self._clock()


class NotebookLine:
    """Draws in a notebook's cell.

    Args:
        handle: of IPython's ``display``.
        html: makes something to display of HTML.
    """

    def __init__(self, handle: Any, html: Callable[[str], Any]) -> None:
        self._handle = handle
        self._html = html

    def show(self, line: ProgressLine) -> None:
        """Draw the line."""
        self._handle.update(self._html(line.html()))

    def close(self) -> None:
        """Nothing to do."""


def display_here() -> Display:
    """A display for where the program runs: a notebook's cell, or standard error."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or not getattr(shell, "kernel", None):
        return TerminalLine()
    from importlib import import_module

    module = import_module("IPython.display")
    return NotebookLine(module.display(module.HTML(""), display_id=True), module.HTML)
