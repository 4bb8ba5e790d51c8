"""What a job writes, as lines of its log. No input or output here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qat.comm.access.messages import LogLine

__all__ = ["JobLog", "LogLimits", "Stream"]

Stream = Literal["stdout", "stderr"]
"""Where a job writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLimits:
    """How much of what a job writes is kept.

    Attributes:
        max_lines: so many lines; the rest is dropped, and a last line says so.
        max_bytes: so many bytes of all lines together.
        max_line_bytes: longer lines are cut into several.
    """

    max_lines: int = 10_000
    max_bytes: int = 1 << 20
    max_line_bytes: int = 4096


class JobLog:
    """Cuts the two streams of a job into numbered lines.

    >>> log = JobLog(LogLimits(max_lines=2))
    >>> log.feed("stdout", b"one\\ntw", 0.0)
    [LogLine(number=0, time_s=0.0, stream='stdout', text='one')]
    >>> [line.text for line in log.feed("stdout", b"o\\nthree\\nfour\\n", 0.0)]
    ['two', 'the job writes more than 2 lines or 1048576 bytes; the rest is dropped']
    >>> log.feed("stderr", b"five\\n", 0.0), log.end(0.0)
    ([], [])
    """

    def __init__(self, limits: LogLimits) -> None:
        self._limits = limits
        self._partial: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}
        self._nb_lines = self._nb_bytes = 0
        self._is_full = False

    def feed(self, stream: Stream, data: bytes, time_s: float) -> list[LogLine]:
        """The lines that are complete with these bytes."""
        if self._is_full:
            return []
        *complete, rest = (self._partial[stream] + data).split(b"\n")
        size = self._limits.max_line_bytes
        pieces = [piece for line in complete for piece in _cut(line, size)]
        while len(rest) > size:
            pieces.append(rest[:size])
            rest = rest[size:]
        self._partial[stream] = rest
        return self._lines(stream, pieces, time_s)

    def end(self, time_s: float) -> list[LogLine]:
        """What is left of lines without an end."""
        lines: list[LogLine] = []
        for stream, rest in self._partial.items():
            if rest:
                lines += self._lines(stream, [rest], time_s)
        self._partial = {"stdout": b"", "stderr": b""}
        return lines

    def _lines(self, stream: Stream, pieces: list[bytes], time_s: float) -> list[LogLine]:
        lines: list[LogLine] = []
        for piece in pieces:
            self._nb_bytes += len(piece)
            if self._nb_lines >= self._limits.max_lines or self._nb_bytes > self._limits.max_bytes:
                self._is_full = True
                self._partial = {"stdout": b"", "stderr": b""}
                return [*lines, self._last_line(time_s)]
            text = piece.rstrip(b"\r").decode(errors="replace")
            lines.append(LogLine(number=self._nb_lines, time_s=time_s, stream=stream, text=text))
            self._nb_lines += 1
        return lines

    def _last_line(self, time_s: float) -> LogLine:
        limits = self._limits
        text = f"the job writes more than {limits.max_lines} lines or {limits.max_bytes} bytes; the rest is dropped"
        return LogLine(number=self._nb_lines, time_s=time_s, stream="server", text=text)


def _cut(line: bytes, size: int) -> list[bytes]:
    return [line[start : start + size] for start in range(0, len(line), size)] or [b""]
