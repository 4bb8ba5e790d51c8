"""Keeps the table of duties that ``job_submit.lua`` reads: what jobs were measured to need; the next ones ask for it.

Nobody but the broker's user can write it: whoever could would say what the jobs of others ask for.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from qhpc.broker.needed_duty import DutyBook, revised
from qhpc.broker.usage_rows import SessionRow, SliceRow
from qhpc.slurm.duty_table import DutyKey, NoDutyTable, table_in, table_text

__all__ = ["DutyKeeper"]

_log = logging.getLogger(__name__)


class DutyKeeper:
    """The table in a file.

    Args:
        path: of the file; what it says is gone on with, if it says something.
        history: sessions that were closed until now, in that order; of whom there are none, nothing is said any more.

    Attributes:
        trouble: why it cannot be written; empty if it can.
    """

    def __init__(self, path: Path, history: Iterable[SessionRow] = ()) -> None:
        self._path, self._book = path, DutyBook()
        self.count_rows(history)
        said = _known(path)
        self._units = {key: units for key, units in said.items() if self._book.knows(key)}
        self._unwritten: str | None = None if self._units and self._units == said else table_text(self._units)
        self.trouble = ""

    @property
    def units(self) -> dict[DutyKey, int]:
        """What jobs ask for."""
        return dict(self._units)

    def count_rows(self, rows: Iterable[SliceRow | SessionRow]) -> None:
        """Sessions that were closed, in that order; those outside of Slurm tell nothing."""
        self._book.count_rows(row for row in rows if isinstance(row, SessionRow) and row.slurm_job is not None)

    def is_due(self) -> bool:
        """Whether there is something to write."""
        units = revised(self._units, self._book.news())
        if units != self._units:
            self._units, self._unwritten = units, table_text(units)
        return self._unwritten is not None

    def write(self) -> None:
        """Write the table; if that fails it is said in the log, once, and is still due."""
        text = self._unwritten
        if text is None:
            return
        try:
            _write(self._path, text)
        except OSError as error:
            self._complain(f"{error}; jobs go on asking for what they did")
            return
        self._complain("")
        if self._unwritten is text:
            self._unwritten = None

    def _complain(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            _log.error("the table of duties cannot be written: %s", trouble)
        self.trouble = trouble


def _known(path: Path) -> dict[DutyKey, int]:
    try:
        return table_in(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, NoDutyTable) as error:
        _log.warning("the table of duties %s is begun anew: %s", path, error)
        return {}


def _write(path: Path, text: str) -> None:
    """Give a file all of its content at once; everybody can read it, and nobody else write it.

    Raises:
        PermissionError: others could put a file of theirs in its place.
    """
    mode = path.parent.stat().st_mode
    if mode & 0o022:
        raise PermissionError(f"others may write into {path.parent}: chmod go-w {path.parent}")
    new = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        new.unlink()
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(text)
    new.replace(path)
