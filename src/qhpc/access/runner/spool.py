"""The folder of one attempt of a job that runs on a cluster: orders go in, and what the job tells comes out, as files.

::

    orders    what to run; only the owner of the job reads it
    claim     who has taken the attempt: its run, or the server that gave it up; made once, by whoever is first
    revoked   the attempt counts no more: nothing may begin to run it
    progress  the latest
    outcome   how it ended; made once, so that an attempt that Slurm runs twice has one outcome
    suspended its run has ended to give its nodes back; the run that goes on takes it away
    answers   what QPUs answered, for a run that goes on
    stdout, stderr   what it writes

Files appear whole, by a link or a rename, also on file systems that several machines share.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from qat.comm.framing import Frame
from qhpc.access.runner.frames import Assignment, Configuration, FrameKind

__all__ = ["Claim", "Orders", "SpoolChannel", "claim", "put_once", "replace"]


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has to know.

    Attributes:
        configuration: of the runner.
        assignment: the job.
        is_safe_to_retry: whether the attempt may be run again from the beginning.
    """

    configuration: Configuration
    assignment: Assignment
    is_safe_to_retry: bool = False


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Who has taken an attempt.

    Attributes:
        by: ``run`` or ``server``.
        node: of the run.
        pid: of the run.
        slurm_job: of the run.
    """

    by: str
    node: str | None = None
    pid: int | None = None
    slurm_job: str | None = None


def claim(folder: Path, orders: Orders, mine: Claim) -> bool:
    """Take an attempt for a run; whether it may begin.

    The first may, unless the server has given the attempt up. Another may if the former gave its nodes back, or if that
    does no harm.
    """
    if put_once(folder, "claim", msgspec.msgpack.encode(mine)):
        return True
    former = msgspec.msgpack.decode((folder / "claim").read_bytes(), type=Claim)
    is_open = not (folder / "revoked").exists() and not (folder / "outcome").exists()
    if former.by != "run" or not is_open:
        return False
    if _goes_on(folder):
        replace(folder, "claim", msgspec.msgpack.encode(mine))
        return True
    return orders.is_safe_to_retry


def _goes_on(folder: Path) -> bool:
    """Whether this run goes on with what another one has suspended: one of them does."""
    try:
        (folder / "suspended").rename(folder / "resumed")
    except FileNotFoundError:
        return False
    return True


def put_once(folder: Path, name: str, *parts: bytes) -> bool:
    """Make a file of these bytes unless there is one; whether this was the one that made it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     put_once(Path(folder), "claim", b"a"), put_once(Path(folder), "claim", b"b")
    (True, False)
    """
    partial = _written(folder, name, parts)
    try:
        os.link(partial, folder / name)
    except FileExistsError:
        return False
    finally:
        partial.unlink()
    return True


def replace(folder: Path, name: str, data: bytes) -> None:
    """Make a file of these bytes in the place of the one there is."""
    _written(folder, name, (data,)).replace(folder / name)


def _written(folder: Path, name: str, parts: tuple[bytes, ...]) -> Path:
    partial = folder / f".{name}.{os.uname().nodename}.{os.getpid()}"
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for part in parts:
            file.write(part)
    return partial


class SpoolChannel:
    """The end of a run on its folder, in the place of a socket to the server: one job comes, and what it tells is kept.

    Attributes:
        status: what the process should end with: 0 with a result, 1 with a failure, 77 if it is suspended, 75
            without any of these.
    """

    def __init__(self, folder: Path, assignment: Assignment) -> None:
        self.status = 75
        self._folder = folder
        self._jobs = [Frame(FrameKind.RUN, 0, msgspec.msgpack.encode(assignment))]

    def receive(self) -> Frame | None:
        """The job, and then nothing more."""
        return self._jobs.pop() if self._jobs else None

    def send(self, kind: FrameKind, payload: bytes, *, channel: int = 0) -> None:
        """Keep what the server has to know."""
        if kind == FrameKind.PROGRESS:
            with suppress(OSError):  # there will be another
                replace(self._folder, "progress", payload)
        elif kind in (FrameKind.RESULT, FrameKind.FAILURE):
            put_once(self._folder, "outcome", bytes([kind]), payload)
            self.status = 0 if kind == FrameKind.RESULT else 1
        elif kind == FrameKind.SUSPENDED:
            replace(self._folder, "suspended", payload)
            self.status = 77

    def send_structure(self, kind: FrameKind, structure: object, *, channel: int = 0) -> None:
        """The same with a structure."""
        self.send(kind, msgspec.msgpack.encode(structure), channel=channel)
