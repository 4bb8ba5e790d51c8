"""Unix sockets whose path is longer than the 107 bytes that the system takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["socket_path"]

_MAX_BYTES = 100


@contextmanager
def socket_path(path: Path) -> Iterator[str]:
    """Within, a name of a socket to bind or to connect to; a long path is named by its open folder (Linux).

    Raises:
        OSError: the folder of a long path is not there, or may not be entered.

    >>> with socket_path(Path("/run/a.sock")) as name:
    ...     name
    '/run/a.sock'
    """
    if len(os.fsencode(path)) <= _MAX_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
