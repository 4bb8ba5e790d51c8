"""The driver's own record of what its QPU ran, for drills: it is held against the accounts of the broker."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["LoggedSlice", "SliceLog", "logged_slices"]


class LoggedSlice(NamedTuple):
    """A line of the record.

    Attributes:
        key: of the task, with its session.
        number: of the slice.
        pid: process of the driver.
        what: ``begun``, ``ended`` or ``broken``.
    """

    key: str
    number: int
    pid: int
    what: str


class SliceLog:
    """Writes a line when a slice begins and one when it ends; each is in the file when ``write`` returns.

    Args:
        path: of the file, which grows; without one nothing is written.
    """

    def __init__(self, path: str | None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = None if path is None else os.open(path, flags, 0o600)

    def write(self, key: str, number: int, what: str) -> None:
        """Add a line.

        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     SliceLog(file.name).write("ada:vqe/t", 1, "begun")
        ...     [(line.key, line.number, line.what) for line in logged_slices(Path(file.name))]
        [('ada:vqe/t', 1, 'begun')]
        """
        if self._file is not None:
            os.write(self._file, json.dumps(LoggedSlice(key, number, os.getpid(), what)).encode() + b"\n")


def logged_slices(path: Path) -> list[LoggedSlice]:
    """The lines of a record, in their order; none if there is no file."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [LoggedSlice(*json.loads(line)) for line in lines]
