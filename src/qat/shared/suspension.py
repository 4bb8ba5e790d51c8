"""A job that gives its nodes back while a QPU works for it: its record as a file, and when its run may end.

A run may end if nothing happens in it but waiting for one session's tasks: it waits in its main thread, has no other
thread but those of sessions, and no child process. What was asked from another thread is in no certain order, so that
such a job is not suspended at all.
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from qat.comm.broker.messages import Specs, SubmitTask
from qat.core.errors import WireError
from qat.core.running_job import Suspended, get_record_file
from qat.shared.conversation import Outcome
from qat.shared.recording import Entry, Kept, Recording, digest_of
from qat.shared.session import SharedSession, Ticket

__all__ = ["JobRecord", "Place", "close_record", "entries_in", "job_record"]

_ASK_S = 10.0
_HEAD = struct.Struct("<I")
_decoder: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)


class Place(NamedTuple):
    """A task with its number in the record as its key, and what came of it in a former run."""

    task: SubmitTask
    outcome: Outcome | None


def entries_in(data: bytes) -> Iterator[tuple[Entry, int]]:
    """The whole entries in a record, each with where it ends: the last one may have been cut off.

    Raises:
        WireError: it is no record.
    """
    begin = _HEAD.size
    while begin <= len(data):
        end = begin + _HEAD.unpack_from(data, begin - _HEAD.size)[0]
        if end > len(data):
            return
        try:
            entry = _decoder.decode(memoryview(data)[begin:end])
        except msgspec.MsgspecError as error:
            raise WireError(f"the record of the job cannot be read: {error}") from error
        yield entry, end
        begin = end + _HEAD.size


class JobRecord:
    """The record of a job in a file.

    Args:
        path: of the file; made if there is none.

    Raises:
        OSError: it cannot be read or written.
        WireError: it is no record.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        found = self._found()
        self._file.truncate(found[-1][1] if found else 0)
        self._file.seek(0, os.SEEK_END)
        self._is_in_order = True
        self._lock = threading.Lock()
        self._recording = Recording([entry for entry, _ in found], self._keep, lambda: secrets.token_hex(8))

    def _found(self) -> list[tuple[Entry, int]]:
        try:
            return list(entries_in(self._file.read()))
        except WireError:
            self._file.close()
            raise

    @property
    def token(self) -> str:
        """Part of the names of the job's sessions."""
        return self._recording.token

    @property
    def open_keys(self) -> frozenset[str]:
        """Tasks that a former run has submitted and that were not answered then."""
        return self._recording.open_keys

    def ask(self, digest: bytes) -> tuple[int, Kept | None]:
        """See :meth:`Recording.ask`."""
        with self._lock:
            self._is_in_order = self._is_in_order and threading.current_thread() is threading.main_thread()
            return self._recording.ask(digest)

    def places(self, tasks: Sequence[SubmitTask]) -> list[Place]:
        """Where tasks that are asked now have their places in the record.

        Raises:
            NotDeterministic: a former run asked for something else there.
        """
        places = []
        for task in tasks:
            number, kept = self.ask(digest_of(task))
            assert not isinstance(kept, Specs)  # of another digest
            places.append(Place(msgspec.structs.replace(task, key=str(number)), kept))
        return places

    def specs(self, pool: str, ask: Callable[[], bytes]) -> bytes:
        """Message of the specs of a pool: as a former run was told, or else asked for now."""
        number, kept = self.ask(f"specs of {pool}".encode())
        specs = kept if isinstance(kept, Specs) else Specs(ask())
        self.answer(number, specs)
        return specs.specs

    def answer(self, number: int, answer: Kept) -> None:
        """See :meth:`Recording.answer`."""
        with self._lock:
            self._recording.answer(number, answer)

    def suspend_if_idle(self, session: SharedSession, tickets: Sequence[Ticket]) -> None:
        """End this run if its nodes may be given back, and nothing happens but waiting for these tasks.

        Raises:
            Suspended: it ends; the session sleeps, and the record is on disk.
        """
        until_s = session.released_until_s
        if until_s is None or not self._is_in_order or not _is_idle():
            return
        session.released_until_s = None
        if not session.sleep(_ASK_S):
            return
        for ticket in tickets:
            if ticket.has_outcome:
                self.answer(int(ticket.key), ticket.outcome())
        os.fsync(self._file.fileno())
        raise Suspended(until_s)

    def _keep(self, entry: Entry) -> None:
        data = msgspec.msgpack.encode(entry)
        self._file.write(_HEAD.pack(len(data)) + data)
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _is_idle() -> bool:
    """Whether this process has no thread but the present one and those of sessions, and no child."""
    others = [thread for thread in threading.enumerate() if not thread.name.startswith("broker-")]
    if others != [threading.main_thread()] or threading.current_thread() is not others[0]:
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


class _Current:
    """The record of the job that this process runs, once it was needed."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.record: JobRecord | None = None


_current = _Current()


def job_record() -> JobRecord | None:
    """The record of the job that this process runs; None if it cannot be run again.

    Raises:
        OSError: it cannot be read or written.
        WireError: the file is no record.
    """
    path = get_record_file()
    if path is None:
        return None
    with _current.guard:
        if _current.record is None:
            _current.record = JobRecord(path)
        return _current.record


def close_record() -> None:
    """Close the record: the job is over, and the next one has another."""
    with _current.guard:
        record, _current.record = _current.record, None
    if record is not None:
        record.close()


def _forget() -> None:
    """In a child that was forked: the record is its parent's."""
    global _current
    _current = _Current()


os.register_at_fork(after_in_child=_forget)
