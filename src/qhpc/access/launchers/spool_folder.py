"""The server's side of the folder of an attempt (:mod:`qhpc.access.runner.spool`): made here, watched, taken away.

The folder belongs to the owner of the job, whose services may put anything there, and the server may be root: so every
file is read through the folder's descriptor, follows no link, and has to be a plain file of that user. What the server
has to remember of the attempt it keeps beside the folder, where the owner cannot write.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from qat.comm.access.messages import Failure, Progress, Resources
from qhpc.access.launchers.lines import Stream
from qhpc.access.runner.frames import FrameKind, Outcome, Suspension
from qhpc.access.runner.spool import Claim, Orders

__all__ = ["Note", "Sight", "SpoolFolder", "found_folders"]

_CHUNK_BYTES = 1 << 16
_SMALL_BYTES = 1 << 20
_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")
_NO_NOTES = ("environment", "instance")
"""Beside the notes of attempts."""
_SPOILT = Outcome(
    failure=Failure(exception="ServerError", message="the outcome of the job cannot be read", reason="unknown")
)


class Note(msgspec.Struct, kw_only=True):
    """What a server remembers of an attempt, also after its own end.

    Attributes:
        uid: Unix user that it runs as.
        resources: what it was given.
        offsets: how much of each stream was reported.
        host: name of the warm runner that it was given to; None for a job of its own.
        batch_job: what was given to Slurm, should it be given again.
    """

    uid: int
    resources: Resources = Resources()
    offsets: dict[str, int] = {}
    host: str | None = None
    batch_job: dict[str, Any] | None = None


@dataclass(slots=True)
class Sight:
    """What is new in a folder.

    Attributes:
        begun_s: when a run took the attempt; None if none has.
        node: where.
        output: what was written, by stream.
        progress: the latest, if it is new.
        result: message of the result, if there is one.
        outcome: how it ended otherwise, if it has.
        suspension: it has given its nodes back.
    """

    begun_s: float | None = None
    node: str | None = None
    output: dict[Stream, bytes] = field(default_factory=dict)
    progress: Progress | None = None
    result: bytes | None = None
    outcome: Outcome | None = None
    suspension: Suspension | None = None

    @property
    def has_ended(self) -> bool:
        """Whether there is an outcome."""
        return self.result is not None or self.outcome is not None


class SpoolFolder:
    """The folder of one attempt.

    Args:
        spool: of all attempts.
        handle: of this one.
    """

    def __init__(self, spool: Path, handle: str) -> None:
        self.path = spool / handle
        self._note_path = spool / "notes" / handle
        self.note = Note(uid=os.geteuid())
        self._progress_seen: tuple[int, int] | None = None
        self._begun: tuple[float, str | None] | None = None
        self._is_noted = True

    # --- making ---

    def make(self, orders: Orders, script: str, note: Note, gid: int) -> None:
        """Make the folder with orders and script, for the user of the note.

        Raises:
            OSError: it cannot be made.
        """
        self.note = note
        self.write_note()
        self.path.mkdir(mode=0o700)
        _write(self.path / "orders", msgspec.msgpack.encode(orders), 0o400)
        _write(self.path / "script", script.encode(), 0o500)
        for stream in _STREAMS:
            _write(self.path / stream, b"", 0o600)
        if note.uid != os.geteuid():
            for path in (*self.path.iterdir(), self.path):
                os.chown(path, note.uid, gid, follow_symlinks=False)

    def write_note(self) -> None:
        """Keep the note."""
        partial = self._note_path.with_name(f".{self._note_path.name}")
        partial.write_bytes(msgspec.msgpack.encode(self.note))
        partial.replace(self._note_path)
        self._is_noted = True

    def keep_note(self) -> None:
        """Have the next server know what was reported. A full disk is no reason to stop; it is tried again."""
        if not self._is_noted:
            with suppress(OSError):
                self.write_note()

    def find(self) -> bool:
        """Take up the attempt of a former server; whether there is anything left of it."""
        try:
            self.note = msgspec.msgpack.decode(self._note_path.read_bytes(), type=Note)
        except FileNotFoundError:
            return False
        return True

    # --- giving up ---

    def revoke(self) -> bool:
        """Have nothing begin to run the attempt from now on; whether no run has begun it before."""
        try:
            with self._opened() as folder:
                self._put(folder, "revoked", b"")
                if self._put(folder, "claim", msgspec.msgpack.encode(Claim(by="server"))):
                    return True
                claim = self._claim(folder)
        except FileNotFoundError:
            return True
        return claim is not None and claim.by == "server"

    def _put(self, folder: int, name: str, data: bytes) -> bool:
        """Make a small file, with its bytes from the beginning, unless there is one; whether it was made."""
        partial = f".{name}.server"
        with suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=folder)
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
        try:
            os.write(file, data)
            if self.note.uid != os.geteuid():
                os.fchown(file, self.note.uid, -1)
            os.link(partial, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            return False
        finally:
            os.close(file)
            os.unlink(partial, dir_fd=folder)
        return True

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """The folder's descriptor.

        Raises:
            OSError: it is not there.
        """
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            yield folder
        finally:
            os.close(folder)

    def remove(self) -> None:
        """Take all of it away."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._note_path.unlink(missing_ok=True)

    # --- watching ---

    def look(self, max_result_bytes: int, *, is_last: bool = False) -> Sight:
        """What is new. The output of what has ended is all there.

        Args:
            max_result_bytes: a larger result is not read.
            is_last: read all output that there is.
        """
        sight = Sight()
        with suppress(FileNotFoundError), self._opened() as folder:
            self._look(folder, sight, max_result_bytes, is_last)
        return sight

    def _look(self, folder: int, sight: Sight, max_result_bytes: int, is_last: bool) -> None:
        if self._begun is None:
            self._begun = self._begin(folder)
        if self._begun is None:
            return
        sight.begun_s, sight.node = self._begun
        outcome = self._read(folder, "outcome", max_result_bytes + 1)
        if outcome is not None:
            self._tell_outcome(sight, outcome)
        for stream in _STREAMS:
            data = self._output(folder, stream, is_all=is_last or sight.has_ended)
            if data:
                sight.output[stream] = data
        sight.progress = self._new_progress(folder)
        suspended = self._read(folder, "suspended", _SMALL_BYTES)
        if suspended is not None:
            with suppress(msgspec.MsgspecError):
                sight.suspension = msgspec.msgpack.decode(suspended, type=Suspension)

    def _begin(self, folder: int) -> tuple[float, str | None] | None:
        claim = self._claim(folder)
        if claim is None or claim.by != "run":
            return None
        return os.stat("claim", dir_fd=folder, follow_symlinks=False).st_mtime, claim.node

    def _claim(self, folder: int) -> Claim | None:
        data = self._read(folder, "claim", _SMALL_BYTES)
        if data is None:
            return None
        with suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(data, type=Claim)
        return Claim(by="run")  # somebody has written into it, which only a run could

    def _tell_outcome(self, sight: Sight, data: bytes) -> None:
        if data[:1] == bytes([FrameKind.RESULT]):
            sight.result = data[1:]
            return
        try:
            sight.outcome = msgspec.msgpack.decode(data[1:], type=Outcome)
        except msgspec.MsgspecError:
            sight.outcome = _SPOILT

    def _output(self, folder: int, stream: Stream, *, is_all: bool) -> bytes:
        parts = []
        while part := self._read(folder, stream, _CHUNK_BYTES, self.note.offsets.get(stream, 0)):
            parts.append(part)
            self.note.offsets[stream] = self.note.offsets.get(stream, 0) + len(part)
            self._is_noted = False
            if not is_all or len(parts) >= 64:
                break
        return b"".join(parts)

    def _new_progress(self, folder: int) -> Progress | None:
        try:
            found = os.stat("progress", dir_fd=folder, follow_symlinks=False)
        except OSError:
            return None
        if (seen := (found.st_ino, found.st_mtime_ns)) == self._progress_seen:
            return None
        self._progress_seen = seen
        data = self._read(folder, "progress", _SMALL_BYTES)
        with suppress(msgspec.MsgspecError):
            return None if data is None else msgspec.msgpack.decode(data, type=Progress)
        return None

    def _read(self, folder: int, name: str, max_bytes: int, offset: int = 0) -> bytes | None:
        """Bytes of a plain file of the owner; None if there is none, or it is something else."""
        try:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            return None
        try:
            about = os.fstat(file)
            is_plain = stat.S_ISREG(about.st_mode) and about.st_uid == self.note.uid
            return _read_all(file, min(max_bytes, about.st_size - offset), offset) if is_plain else None
        finally:
            os.close(file)


def found_folders(spool: Path) -> dict[str, SpoolFolder]:
    """What is left of attempts of a former server, by handle."""
    names = (file.name for file in (spool / "notes").iterdir() if not file.name.startswith("."))
    folders = {name: SpoolFolder(spool, name) for name in names if name not in _NO_NOTES}
    return {name: folder for name, folder in folders.items() if folder.find()}


def _read_all(file: int, nb_bytes: int, offset: int) -> bytes:
    """So many bytes from an offset on, or as many as there are."""
    parts = []
    while nb_bytes > 0 and (part := os.pread(file, nb_bytes, offset)):
        parts.append(part)
        nb_bytes, offset = nb_bytes - len(part), offset + len(part)
    return b"".join(parts)


def _write(path: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
