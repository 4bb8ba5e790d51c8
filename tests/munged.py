"""A private MUNGE daemon, for tests."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START_S = 20.0


@contextmanager
def private_munged() -> Iterator[str]:
    """The socket of a ``munged`` of our own; None of the system's files is used."""
    folder = Path(tempfile.mkdtemp(prefix="munge-"))
    try:
        folder.chmod(0o755)  # munged insists that its users can reach the socket
        key = folder / "key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        places = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        command = [program(), "--num-threads=2", *(f"--{name}={folder / file}" for name, file in places.items())]
        subprocess.run(command, check=True, timeout=START_S, capture_output=True)  # returns when it listens
        pid = int((folder / "pid").read_text())
        try:
            yield str(folder / "socket")
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def program() -> str | None:
    """Where ``munged`` is; None if it is not installed."""
    return shutil.which("munged", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
