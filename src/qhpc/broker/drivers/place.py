"""Where a driver listens: a private Unix socket, with a file beside it that says who is there and keeps others away."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from qat.comm.unix_paths import socket_path
from qhpc.broker.drivers.settings import BadOptions

__all__ = ["AlreadyRunning", "Place"]


class AlreadyRunning(RuntimeError):  # noqa: N818 (says what it is)
    """Another process drives this QPU: attach to it, or end it first."""


class Place:
    """A socket that listens, for this user only, and the file ``.pid`` beside it.

    The file is locked as long as the driver lives, however it ends; so there is one driver at a place, and what a dead
    one left behind is taken over.

    Args:
        path: of the socket; its folder must be there.

    Raises:
        AlreadyRunning: when it is entered, if another driver is there.
        BadOptions: then, if nothing can be made there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Place(f"{folder}/a.sock") as listener:
    ...     with listener:
    ...         int(Path(folder, "a.pid").read_text()) == os.getpid()
    True
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._pid_file = -1

    def __enter__(self) -> socket.socket:
        try:
            return self._taken()
        except OSError as error:
            raise BadOptions(f"socket {self._path} cannot be made: {error}") from error

    def _taken(self) -> socket.socket:
        pid_path = self._path.with_suffix(".pid")
        self._pid_file = os.open(pid_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._pid_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(self._pid_file, 20).decode("ascii", "replace").strip()
            os.close(self._pid_file)
            raise AlreadyRunning(f"process {other} drives the QPU of {self._path}") from None
        os.ftruncate(self._pid_file, 0)
        os.write(self._pid_file, b"%d\n" % os.getpid())
        return self._listening()

    def __exit__(self, *_: object) -> None:
        with suppress(FileNotFoundError):
            self._path.unlink()
        os.ftruncate(self._pid_file, 0)
        os.close(self._pid_file)

    def _listening(self) -> socket.socket:
        """A socket that listens; nobody sees it before it is private."""
        hidden = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with suppress(FileNotFoundError):
                hidden.unlink()
            old = os.umask(0o177)
            try:
                with socket_path(hidden) as name:
                    listener.bind(name)
            finally:
                os.umask(old)
            listener.listen(4)
            hidden.rename(self._path)
        except BaseException:
            listener.close()
            raise
        return listener
