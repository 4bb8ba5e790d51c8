"""Starts child processes that know nothing of the server's secrets, and ends them with all their descendants."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["MARK", "Child", "ChildSettings", "kill_marked", "spawn"]

MARK = "OPENQAT_PROCESS"
"""Environment variable that all descendants of a child inherit, so that they are found wherever they went."""

_KEPT = ("PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SSL_CERT_FILE")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSettings:
    """How child processes are started.

    Attributes:
        python: the interpreter.
        nb_threads: threads of numerical libraries.
        folders: searched for packages before those of the server, e.g. for services of the site.
        environment: variables beside the few that are passed on (path, language, time zone).
    """

    python: str = sys.executable
    nb_threads: int = 1
    folders: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Child:
    """A running child.

    Attributes:
        process: its process, the leader of a session of its own.
        connection: our end of the socket to it.
        mark: value of ``MARK`` in its environment.
        stdout: our end of its standard output, non-blocking; -1 if it goes nowhere.
        stderr: the same for its standard error.
    """

    process: subprocess.Popen[bytes]
    connection: socket.socket
    mark: str
    stdout: int = -1
    stderr: int = -1


def spawn(
    module: str,
    settings: ChildSettings,
    *,
    mark: str,
    home: Path,
    arguments: Sequence[str] = (),
    user: str | None = None,
    is_captured: bool = False,
) -> Child:
    """Start ``python -m module FD PARENT arguments…`` with a socket as descriptor ``FD``.

    The child is the leader of its own session. It gets an environment of its own: nothing of the server's but path,
    language and time zone; ``HOME`` and the folder for temporary files are ``home``.

    Args:
        module: what to run.
        settings: how.
        mark: names the child, see ``MARK``.
        home: its folder, which is there.
        arguments: more arguments; everybody on the machine can read them.
        user: Unix user to run as; only root can choose another.
        is_captured: whether standard output and error come back to us.
    """
    ours, theirs = socket.socketpair()
    readers, writers = _pipes(is_captured)
    try:
        process = subprocess.Popen(
            [settings.python, "-P", "-m", module, str(theirs.fileno()), str(os.getpid()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=writers[0],
            stderr=writers[1],
            pass_fds=(theirs.fileno(),),
            cwd=home,
            env=_environment(settings, mark, home),
            start_new_session=True,
            **_identity(user),
        )
    except BaseException:
        ours.close()
        for descriptor in readers:
            os.close(descriptor)
        raise
    finally:
        theirs.close()
        for writer in writers:
            if writer is not None and writer >= 0:
                os.close(writer)
    return Child(process, ours, mark, *readers)


def _pipes(is_captured: bool) -> tuple[tuple[int, ...], tuple[int | None, int | None]]:
    if not is_captured:
        return (), (subprocess.DEVNULL, None)
    (out_reader, out_writer), (error_reader, error_writer) = os.pipe(), os.pipe()
    for reader in (out_reader, error_reader):
        os.set_blocking(reader, False)
    return (out_reader, error_reader), (out_writer, error_writer)


def _environment(settings: ChildSettings, mark: str, home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        **dict.fromkeys(_THREADS, str(settings.nb_threads)),
        **settings.environment,
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": os.pathsep.join((*settings.folders, *filter(None, sys.path))),
        "PYTHONUNBUFFERED": "1",
        MARK: mark,
    }


def _identity(user: str | None) -> dict[str, Any]:
    """Arguments of Popen that make the child run as a user, with that user's groups."""
    if user is None:
        return {}
    import pwd

    entry = pwd.getpwnam(user)
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}


def kill_marked(mark: str, *, rounds: int = 20, patience_s: float = 1.0) -> int:
    """Kill (SIGKILL) every process that carries a mark, until there is none. Cost: some 20 µs for each process alive.

    A process that dies loses its environment first, so those that were killed are waited for, too.

    Args:
        mark: as given to ``spawn``; all marks that begin with it.
        rounds: how often to look again for those that were started meanwhile.
        patience_s: how long those that were killed may take to end, where the machine is busy.

    Returns:
        How many were killed.
    """
    killed: dict[int, str | None] = {}
    for _ in range(rounds):
        found = set(_marked(mark)) - {os.getpid()}
        if not found:
            break
        killed |= {pid: _life(pid) for pid in found - killed.keys()}
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK_AGAIN_S)  # until the kernel has ended them
    deadline = time.monotonic() + patience_s
    while any(life is not None and _life(pid) == life for pid, life in killed.items()):
        if time.monotonic() > deadline:
            break
        time.sleep(_LOOK_AGAIN_S)
    return len(killed)


_LOOK_AGAIN_S = 0.002
_STATE, _START = 0, 19
"""Fields of ``/proc/PID/stat`` behind the name."""


def _life(pid: int) -> str | None:
    """When a process began, which tells it from others of its number; None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[_STATE] in "ZX" else fields[_START]


def _marked(mark: str) -> Iterator[int]:
    """Living processes that carry a mark."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environment = (folder / "environ").read_bytes()  # empty when it has ended and waits to be reaped
        except OSError:
            continue
        if environment.startswith(wanted) or b"\0" + wanted in environment:
            yield int(folder.name)
