"""The broker's memory: every event that the machine was given, and what else it needs, on disk.

What the broker knows is a function of these records, so the journal is all that it needs after a crash. One thread
writes: whatever was appended while it waited for the disk goes out together with the next write, so that a burst of
events costs few of them. A record is safe when ``safe(number)`` says so; the broker decides at once, in memory, and
lets only wait what must not be said before. A journal that has grown long is ``rewritten`` by a short one that leads
to the same.

The first record says the format of the others, and who wrote them. It is 1 more whenever what records hold changes.
Journals of former formats are read, and rewritten in this one before anything is added.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread

import msgspec

from qhpc.broker.facts import Record
from qhpc.broker.records import record, records_in
from qhpc.version import OPENQAT

__all__ = ["FORMAT", "DamagedJournal", "Journal", "JournalError", "JournalTooNew"]

_log = logging.getLogger(__name__)

FORMAT = 5
"""Of the journals that are written.

1: as it was first. 2: sessions know how long they had waited at which nodes, snapshots what policies know of the past.
3: sessions know which run of their Slurm job they belong to. 4: and the name of what they run.
5: where alpha was moved to.
"""
_HEADER = f"qhpc-journal-{FORMAT} {OPENQAT}".encode()
_HEADER_TEXT = re.compile(rb"qhpc-journal-(\d{1,9})(?: (.*))?", re.DOTALL)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


class JournalError(OSError):
    """The journal cannot be written any more: nothing may be done that it does not know.

    Free the disk or mend the file system, and start the broker again.
    """


class DamagedJournal(ValueError):  # noqa: N818 (says what it is)
    """The file is no journal, or was changed: move it away, and start with what the QPUs and jobs say."""


class JournalTooNew(ValueError):  # noqa: N818 (says what it is)
    """A later version has written the journal: start that one, which goes on where it was."""


class Journal:
    """A file of records.

    Args:
        path: the file; made if there is none, private to the user.
        on_safe: called with the number of records that are safe now, in the writing thread.

    Attributes:
        past: what was in the file.
        nb_bytes: how long it is.

    Raises:
        DamagedJournal: the file is not a journal, or is damaged elsewhere than at its end.
        JournalTooNew: a later version has written it, in a format that is not known here.

    >>> import tempfile
    >>> from qhpc.scheduling.events import TimePassed
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Journal(Path(folder, "journal")) as journal:
    ...         journal.wait(journal.append(TimePassed(1.0), TimePassed(2.0)), timeout_s=10.0)
    ...     with Journal(Path(folder, "journal")) as again:
    ...         again.past
    [TimePassed(time_s=1.0), TimePassed(time_s=2.0)]
    """

    def __init__(self, path: Path, on_safe: Callable[[int], None] | None = None) -> None:
        self._path, self._on_safe = path, on_safe
        self.nb_bytes = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self.past: Sequence[Record] = self._recover()
        except BaseException:
            os.close(self._file)
            raise
        self._condition = Condition()
        self._pending: list[bytes] = []
        self._rewriting: tuple[int, Sequence[Record]] | None = None
        self._nb_appended = self._nb_safe = len(self.past)
        self._failure: OSError | None = None
        self._is_closing = False
        self._writer = Thread(target=self._write, name="journal", daemon=True)
        self._writer.start()

    def append(self, *records: Record) -> int:
        """Have records written, and tell the number that ``safe`` and ``wait`` know the last of them by.

        Raises:
            JournalError: a former write failed, or the journal is closed.
        """
        encoded = [record(_encode(each)) for each in records]
        with self._condition:
            self._check()
            self._pending += encoded
            self._nb_appended += len(encoded)
            self._condition.notify_all()
            return self._nb_appended

    def rewrite(self, records: Sequence[Record]) -> None:
        """Have a short journal take the place of all that was appended until now.

        The numbers of records go on. If the short one cannot be written, the long one stays.
        """
        with self._condition:
            self._check()
            self._rewriting = (len(self._pending), records)
            self._condition.notify_all()

    def safe(self, number: int) -> bool:
        """Whether the record of this number, and all before it, are on disk."""
        return self._nb_safe >= number

    def wait(self, number: int, timeout_s: float) -> None:
        """Wait until ``safe(number)``.

        Raises:
            JournalError: they cannot be written.
            TimeoutError: the disk takes longer than ``timeout_s``.
        """
        with self._condition:
            if not self._condition.wait_for(lambda: self.safe(number) or self._failure, timeout_s):
                raise TimeoutError(f"{self._path}: record {number} was not on disk after {timeout_s:g} s")
            if not self.safe(number):
                self._check()

    def close(self) -> None:
        """Write what is left, and close the file."""
        with self._condition:
            self._is_closing = True
            self._condition.notify_all()
        self._writer.join()
        with suppress(OSError):
            os.close(self._file)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _recover(self) -> Sequence[Record]:
        """The records in the file; a torn end is cut off, for the writer had told nobody that it was safe."""
        found = records_in(self._path.read_bytes())
        number = self._format_in(found.payloads[0]) if found.payloads else FORMAT
        if found.is_damaged:
            raise DamagedJournal(f"{self._path} was changed: move it away")
        os.ftruncate(self._file, found.nb_bytes)
        self.nb_bytes = os.lseek(self._file, 0, os.SEEK_END)
        if not found.payloads:
            self._put(record(_HEADER))
            _flush_folder(self._path.parent)
        try:
            past = [_decode(payload) for payload in found.payloads[1:]]
        except msgspec.MsgspecError as error:
            raise DamagedJournal(f"{self._path} has a record that cannot be read: {error}") from error
        if number != FORMAT:
            self._replace(past)
        return past

    def _format_in(self, header: bytes) -> int:
        """What the first record says of the others."""
        said = _HEADER_TEXT.fullmatch(header)
        if said is None:
            raise DamagedJournal(f"{self._path} is no journal of a broker: move it away")
        number = int(said[1])
        if number > FORMAT:
            writer = (said[2] or b"a later version").decode("utf-8", "replace")
            raise JournalTooNew(
                f"{self._path} was written by {writer} in format {number}, and this is {OPENQAT}, which reads formats "
                f"up to {FORMAT}: start the broker of {writer}, or end its jobs and move the journal away"
            )
        return number

    def _write(self) -> None:
        """The thread: all that is there goes out in one write."""
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._pending or self._rewriting is not None or self._is_closing)
                pending, self._pending = self._pending, []
                rewriting, self._rewriting = self._rewriting, None
                number = self._nb_appended
            if not pending and rewriting is None:
                return
            try:
                if rewriting is not None:
                    nb_before, records = rewriting
                    self._put(b"".join(pending[:nb_before]))
                    self._shorten(records)
                    pending = pending[nb_before:]
                self._put(b"".join(pending))
            except OSError as error:
                with self._condition:
                    self._failure = error
                    self._condition.notify_all()
                return
            with self._condition:
                self._nb_safe = number
                self._condition.notify_all()
            if self._on_safe is not None:
                self._on_safe(number)

    def _put(self, data: bytes) -> None:
        if not data:
            return
        _write_all(self._file, data)
        self.nb_bytes += len(data)

    def _shorten(self, records: Sequence[Record]) -> None:
        try:
            self._replace(records)
        except OSError:
            _log.exception("the journal cannot be rewritten; it goes on growing")

    def _replace(self, records: Sequence[Record]) -> None:
        """Write a new file, and give it the name of the old one, which stays if that fails."""
        new, data = self._path.with_suffix(".new"), _encoded(records)
        file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_all(file, data)
            new.rename(self._path)
        except OSError:
            os.close(file)
            new.unlink(missing_ok=True)
            raise
        _flush_folder(self._path.parent)
        os.close(self._file)
        self._file, self.nb_bytes = file, len(data)

    def _check(self) -> None:
        if self._failure is not None:
            raise JournalError(f"{self._path} cannot be written: {self._failure}") from self._failure
        if self._is_closing:
            raise JournalError(f"{self._path} is closed")


def _encoded(records: Sequence[Record]) -> bytes:
    return b"".join([record(_HEADER), *(record(_encode(each)) for each in records)])


def _write_all(file: int, data: bytes) -> None:
    """Write, and have it on disk."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    os.fdatasync(file)


def _flush_folder(folder: Path) -> None:
    """Have the name of a new file survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
