"""Large submissions and results as files of a private directory.

A file is written beside its place, flushed to disk and renamed, so that under its name there is all of it or nothing.
Its name is made of the job's id, its kind and its checksum, so two different contents never share a name, and no name
leads elsewhere. The database knows which files belong to jobs; what a crash leaves is swept away.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from qhpc.access.jobs.ids import is_id
from qhpc.access.store.protocol import DamagedContent, StorageFull

__all__ = ["FileName", "Files", "full_disk"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNFINISHED = ".new"


class FileName(NamedTuple):
    """What a file is: ``kind`` is ``submission`` or ``result``.

    >>> str(FileName("01mcc5rm000000000000000007", "result", "ba7816bf" * 8))
    '01mcc5rm000000000000000007.result.ba7816bfba7816bfba7816bfba7816bf'
    """

    job_id: str
    kind: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.job_id}.{self.kind}.{self.sha256[:32]}"


@contextmanager
def full_disk(what: str) -> Iterator[None]:
    """Turns the errors of a disk, quota or limit that is used up into :class:`StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StorageFull(error.errno, f"no room for {what}: {error.strerror}") from error


class Files:
    """The files in a directory. Its methods block; O(bytes).

    Args:
        directory: made if it is missing; nobody else may read it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def open(self) -> None:
        """Make the directory, or check that it is private.

        Raises:
            PermissionError: others may read it.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = self._directory.stat().st_mode & 0o777
        if mode & 0o077:
            found = f"{self._directory} has mode {mode:o}, so others can read results; expected 700"
            raise PermissionError(f"{found}; run: chmod 700 {self._directory}")

    def write(self, name: FileName, content: bytes) -> None:
        """Keep a content; when this returns it is on disk.

        Raises:
            StorageFull: there is no room; nothing is kept.
        """
        path = self._path(name)
        unfinished = self._directory / f"{name.job_id}.{secrets.token_hex(8)}{_UNFINISHED}"
        try:
            with full_disk(f"{len(content)} bytes in {self._directory}"):
                _write_to_disk(unfinished, content)
                unfinished.rename(path)
                self._flush_names()
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def read(self, name: FileName) -> bytes:
        """A content.

        Raises:
            FileNotFoundError: there is none.
            DamagedContent: it is not what was written.
        """
        with os.fdopen(os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            content = file.read()
        if sha256(content).hexdigest() != name.sha256:
            raise DamagedContent(f"the {name.kind} of job {name.job_id} was changed on disk: {self._path(name)}")
        return content

    def remove(self, name: FileName) -> None:
        """Remove a content, if it is there."""
        self._path(name).unlink(missing_ok=True)

    def older_than(self, time_s: float) -> list[str]:
        """Names of the files that were written before a time, also of those that were never finished."""
        names = []
        with os.scandir(self._directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # removed meanwhile
                    if is_id(entry.name.partition(".")[0]) and entry.stat(follow_symlinks=False).st_mtime < time_s:
                        names.append(entry.name)
        return names

    def remove_named(self, names: Iterable[str]) -> None:
        """Remove files that ``older_than`` told."""
        for name in names:
            (self._directory / name).unlink(missing_ok=True)

    def _path(self, name: FileName) -> Path:
        if not is_id(name.job_id):
            raise ValueError(f"{name.job_id!r} is no id of a job")
        return self._directory / str(name)

    def _flush_names(self) -> None:
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _write_to_disk(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
