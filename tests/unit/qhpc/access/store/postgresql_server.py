"""A PostgreSQL server for the tests: in a directory of its own, run by an ordinary user, reached by a socket there."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DATABASE_USER = "tests"
_TIMEOUT_S = 60.0
_SETTINGS = ("fsync=off", "listen_addresses=", "max_connections=30", "shared_buffers=16MB")


def missing() -> str | None:
    """Why there can be no server, or None."""
    if _programs() is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    if os.geteuid() == 0 and _ordinary_user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return None


@contextmanager
def postgresql_server() -> Iterator[str]:
    """A server; gives the address of its database ``postgres``."""
    user, programs = _ordinary_user(), _programs()
    directory = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a short path, as sockets need
    try:
        if user is not None:
            shutil.chown(directory, user)
        run = [programs / "initdb", "-D", directory / "data", "-U", _DATABASE_USER, "-A", "trust", "-E", "UTF8"]
        _call([*run, "--no-sync", "--locale=C.UTF-8"], user, directory)
        control = [programs / "pg_ctl", "-D", directory / "data", "-w", "-t", str(int(_TIMEOUT_S))]
        options = " ".join(f"-c {setting}" for setting in (*_SETTINGS, f"unix_socket_directories={directory}"))
        _call([*control, "-l", directory / "log", "-o", options, "start"], user, directory)
        try:
            yield f"postgresql://{_DATABASE_USER}@/postgres?host={directory}"
        finally:
            _call([*control, "-m", "immediate", "stop"], user, directory)
    finally:
        shutil.rmtree(directory)


def _call(command: list[object], user: str | None, directory: Path) -> None:
    """Run a program to its end; what it says goes to a file, which a server that stays cannot keep open for us."""
    with (directory / "output").open("ab") as output:
        done = subprocess.run(
            list(map(str, command)),
            user=user,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=_TIMEOUT_S,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{(directory / 'output').read_text()}")


def _programs() -> Path | None:
    """The folder with initdb and pg_ctl; Debian does not put it on the path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return installed[-1].parent if installed else None


def _ordinary_user() -> str | None:
    """The user to run it as; None if that is this one."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)
