"""Stands for systemctl: starts, stops and kills what the unit of openqat says, and nginx, without systemd.

Run as ``python systemctl.py FOLDER COMMAND…``; the folder has ``etc`` with the configuration, and keeps process ids.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

START_S, STOP_S = 100.0, 60.0


def started(folder, environment=None):
    """Start ExecStart of the unit, and wait until it says that it is ready."""
    [line] = [
        line for line in (folder / "etc/systemd/openqat.service").read_text().splitlines() if "ExecStart=" in line
    ]
    path = folder / "notify"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link, (folder / "server.log").open("ab") as log:
        link.bind(str(path))
        link.settimeout(START_S)
        command = shlex.split(line.partition("=")[2])
        process = subprocess.Popen(
            command,
            env=os.environ | {"NOTIFY_SOCKET": str(path)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        (folder / "pid").write_text(str(process.pid))
        assert link.recv(100) == b"READY=1"


def ended(folder, number):
    """Send a signal to the server and wait for its end."""
    pid = int((folder / "pid").read_text())
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    os.kill(pid, number)
    deadline = time.monotonic() + STOP_S
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.02)
    os.close(descriptor)


def is_alive(pid):
    """Whether a process has not ended; one that nobody has reaped yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def main(folder, *words):
    """Do what systemctl would."""
    match [word for word in words if word != "--now"]:
        case ["daemon-reload"]:
            pass
        case ["start" | "enable", "openqat"]:
            started(folder)
        case ["stop", "openqat"]:
            ended(folder, signal.SIGTERM)
        case ["restart", "openqat"]:
            ended(folder, signal.SIGTERM)
            started(folder)
        case ["kill", "--signal=KILL", "openqat"]:
            ended(folder, signal.SIGKILL)
        case ["reload", "nginx"]:
            subprocess.run(["nginx"], check=True)  # the one on the path, with the test's configuration
        case _:
            raise SystemExit(f"systemctl {' '.join(words)} is not known here")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
