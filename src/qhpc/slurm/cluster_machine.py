"""What a private cluster asks of its machine: files that nobody sees half, free ports, processes."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

__all__ = ["free_ports", "is_alive", "with_descendants", "write"]


def write(path: Path, data: bytes, mode: int) -> None:
    """Write a file that nobody ever sees half.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder, "key"), b"secret", 0o600)
    ...     Path(folder, "key").read_bytes(), oct(Path(folder, "key").stat().st_mode & 0o777)
    (b'secret', '0o600')
    """
    partial = path.with_name(f".{path.name}")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
    partial.replace(path)


def free_ports(number: int) -> list[int]:
    """Ports of loopback that nobody listens at, all different.

    >>> len(set(free_ports(3)))
    3
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def with_descendants(pids: Iterable[int]) -> list[int]:
    """Processes and all that they have started, parents first.

    >>> os.getpid() in with_descendants([os.getppid()])
    True
    """
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found = list(pids)
    for pid in found:  # grows meanwhile
        found += children.get(pid, ())
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not.

    >>> is_alive(os.getpid()), is_alive(1 << 30)
    (True, False)
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
