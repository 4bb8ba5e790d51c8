"""Which slices a driver has begun, on disk before the QPU is asked, so that the driver that comes after it knows.

Lines of JSON are added to a file beside the driver's socket: ``["begun", KEY, NUMBER]`` before a slice runs, and
``["told", KEY, NUMBER]`` when the broker has its end on disk. They survive whatever kills the process. They are not
forced onto the disk: after the death of the machine, which another boot tells, the record is not believed to be
complete, and any slice that the broker had given may have run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

__all__ = ["BegunRecord", "Past"]

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MAX_BYTES = 1 << 20
_MAX_FORMER = 16

Slice = tuple[str, int]


class Past(NamedTuple):
    """What the drivers before have left.

    Attributes:
        begun: slices that they had begun, and of whose end the broker may not know.
        former: their incarnations, as far as all that they had begun is known.
    """

    begun: tuple[Slice, ...] = ()
    former: tuple[str, ...] = ()


class BegunRecord:
    """The record of a driver, which goes on with that of those before it.

    Args:
        path: of the file; made if there is none, private to the user.
        incarnation: the driver's.

    Attributes:
        past: what those before have left.

    Raises:
        OSError: it cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = BegunRecord(Path(folder, "q.begun"), "i1")
    ...     first.begins("ada:vqe/t", 1)
    ...     first.begins("ada:vqe/u", 1)
    ...     first.told("ada:vqe/t", 1)
    ...     BegunRecord(Path(folder, "q.begun"), "i2").past
    Past(begun=(('ada:vqe/u', 1),), former=('i1',))
    """

    def __init__(self, path: Path, incarnation: str) -> None:
        self._path, self._lock = path, Lock()
        self._boot = _boot()
        self.past = _past(path, self._boot)
        self._drivers = (*self.past.former[-_MAX_FORMER:], incarnation)
        self._file, self._size = -1, 0
        self._open = dict.fromkeys(self.past.begun)
        self._rewrite()

    def begins(self, key: str, number: int) -> None:
        """A slice is about to run.

        Raises:
            OSError: this cannot be written: it must not run.
        """
        with self._lock:
            self._add(["begun", key, number])
            self._open[key, number] = None

    def told(self, key: str, number: int) -> None:
        """The broker has the end of a slice on disk."""
        with self._lock:
            if (key, number) not in self._open:
                return
            del self._open[key, number]
            with suppress(OSError):  # then the next driver tells of it once more
                self._rewrite() if self._size > _MAX_BYTES else self._add(["told", key, number])

    def _add(self, line: Sequence[str | int]) -> None:
        data = _encoded([line])
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size = os.lseek(self._file, 0, os.SEEK_END)

    def _rewrite(self) -> None:
        """A new file that begins with what is known; the old one stays if that fails."""
        lines = [("boot", self._boot), *(("driver", name) for name in self._drivers)]
        data = _encoded([*lines, *(("begun", key, number) for key, number in self._open)])
        new = self._path.with_name(f".{self._path.name}.new")
        file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            left = data
            while left:
                left = left[os.write(file, left) :]
            new.replace(self._path)
        except OSError:
            os.close(file)
            raise
        former, self._file, self._size = self._file, file, len(data)
        if former >= 0:
            os.close(former)


def _encoded(lines: Iterable[Sequence[str | int]]) -> bytes:
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def _boot() -> str:
    """What tells one boot of this machine from another."""
    return _BOOT.read_text("ascii").strip()


def _past(path: Path, boot: str) -> Past:
    """What a record says; nothing is known for sure if it is not of this boot, or damaged."""
    begun: dict[Slice, None] = {}
    former: list[str] = []
    is_sure = False
    for line in _lines(path):
        match line:
            case ["boot", str(name)]:
                is_sure = name == boot
            case ["driver", str(name)]:
                former.append(name)
            case ["begun", str(key), int(number)]:
                begun[key, number] = None
            case ["told", str(key), int(number)]:
                begun.pop((key, number), None)
            case _:
                is_sure = False
                break
    return Past(tuple(begun), tuple(former) if is_sure else ())


def _lines(path: Path) -> Iterable[object]:
    """The lines; one that is no JSON is None. What follows the last end of a line was never said."""
    try:
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return
    for line in text.split("\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            yield None
