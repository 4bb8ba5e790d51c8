"""A Slurm of one's own on this machine: its daemons on loopback, in one directory, without root.

It is Slurm itself, started from the programs that are installed, so what works here works on a cluster. Nothing of it
touches another Slurm of the machine: own configuration, own key, own ports, own processes, found again by pid files.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from qhpc.slurm.cluster_daemons import daemon_command, daemons, entries, make_database, open_database, programs
from qhpc.slurm.cluster_files import ClusterShape, Identity, slurm_conf, slurmdbd_conf
from qhpc.slurm.cluster_guard import ClusterGuard
from qhpc.slurm.cluster_machine import free_ports, is_alive, with_descendants, write

__all__ = ["ClusterError", "PrivateCluster", "missing"]

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UP_STATES = frozenset({"idle", "mixed", "allocated", "completing"})
_START_S, _CALL_S, _STOP_S, _CANCEL_S = 60.0, 20.0, 3.0, 10.0
_PAUSE_S = 0.03


class ClusterError(RuntimeError):
    """A private cluster could not be started; the message has the end of its logs."""


def missing(shape: ClusterShape | None = None) -> str | None:
    """Why there can be no private cluster (of that shape) on this machine, or None."""
    needed = programs(shape or ClusterShape())
    absent = [name for name in needed if shutil.which(name, path=_PATH) is None]
    packages = " ".join(dict.fromkeys(needed[name] for name in absent))
    return f"this machine has no {', '.join(absent)}: apt-get install {packages}" if absent else None


class PrivateCluster:
    """A private cluster; a context that starts and stops it. It ends with its process, even if that is killed.

    Args:
        directory: its own; made if need be. A short path, because of sockets. To let other Unix users submit jobs,
            their way to it has to be open.
        shape: what it offers.

    Attributes:
        directory: its own.
        shape: what it offers.
    """

    def __init__(self, directory: Path, shape: ClusterShape | None = None) -> None:
        self.directory, self.shape = directory.absolute(), shape or ClusterShape()
        self._guard: ClusterGuard | None = None

    def __enter__(self) -> PrivateCluster:
        _check_installed(self.shape)
        self._guard = ClusterGuard(self.directory)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._guard is not None:
            self._guard.leave()

    @property
    def configuration(self) -> Path:
        """Its slurm.conf."""
        return self.directory / "etc" / "slurm.conf"

    @property
    def rest(self) -> Path:
        """Unix socket of its slurmrestd, if it has one."""
        return self.directory / "rest" / "socket"

    @property
    def environment(self) -> dict[str, str]:
        """What Slurm's commands need in their environment to talk to it."""
        return {"SLURM_CONF": str(self.configuration), "PATH": _PATH}

    def call(self, *command: str, timeout_s: float = _CALL_S) -> str:
        """What a command of Slurm prints.

        Raises:
            ClusterError: it failed; the message has what it said.
        """
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        if done.returncode:
            raise ClusterError(f"{' '.join(command)} failed: {done.stderr.strip()}")
        return done.stdout

    # --- start ---

    def start(self) -> None:
        """Start what does not run, and wait until jobs can run.

        Raises:
            ClusterError: it does not come up within a minute, or Slurm is not installed.
        """
        _check_installed(self.shape)
        with self._locked():
            if self._guard is not None:
                self._owner.write_text(str(self._guard.pid))
            if not any(True for _ in self._running()):
                self._write_files()
            for name in daemons(self.shape):
                self.start_daemon(name)
            self._wait_until_up()

    def start_daemon(self, name: str) -> None:
        """Start a daemon unless it runs: ``munged``, ``slurmctld``, ``slurmd.NODE``, ``slurmdbd`` …"""
        if self.pid(name) is not None:
            return
        self._pid_file(name).unlink(missing_ok=True)
        self._prepare(name)
        self._run(daemon_command(name, self.directory, self._user), f"{name} does not start")
        self._wait(lambda: self.pid(name) is not None, f"{name} has not started")
        self._complete(name)

    def _prepare(self, name: str) -> None:
        """What has to be there, or not, before a daemon starts."""
        match name:
            case "munged":
                for file in (self.directory / "munge").glob("socket*"):
                    file.unlink()
            case "slurmrestd":
                self.rest.unlink(missing_ok=True)
                self._check_is_open()
            case "mariadbd" if not (self.directory / "database" / "mysql").exists():
                self._run(make_database(self.directory, self._user), "the database is not made")

    def _check_is_open(self) -> None:
        """slurmrestd, which refuses to be root, is nobody then."""
        closed = [str(each) for each in (self.directory, *self.directory.parents) if not each.stat().st_mode & 0o001]
        if closed and self._user == "root":
            raise ClusterError(f"slurmrestd runs as nobody, who cannot enter {closed[-1]}: chmod o+x {closed[-1]}")

    def _complete(self, name: str) -> None:
        """What is done as soon as a daemon runs, so that others can use it."""
        match name:
            case "mariadbd":
                self._run(open_database(self.directory, self._user), "the database is not open to Slurm")
            case "slurmdbd":
                self._enter()
            case "slurmrestd":
                self._wait(self.rest.is_socket, "slurmrestd does not listen")

    def _run(self, command: Sequence[str], complaint: str) -> None:
        with (self.directory / "log" / "starts.log").open("ab") as log:
            done = subprocess.run(
                command,
                env=self.environment | {"MYSQL_UNIX_PORT": str(self.directory / "database" / "socket")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                timeout=_START_S,
            )
        if done.returncode:
            raise ClusterError(f"{complaint}:\n{self._log_ends()}")

    def _enter(self) -> None:
        """Make cluster, accounts and users known to the accounting; what is known already stays."""
        self._wait(self._has_accounting, "slurmdbd does not answer")
        known = self.call("sacctmgr", "-nP", "show", "associations", "format=cluster,account,user")
        for command in entries(self.shape) if not known.startswith("try") else ():
            self.call(*command)

    def _has_accounting(self) -> bool:
        try:
            self.call("sacctmgr", "-nP", "show", "cluster")
        except ClusterError:
            return False
        return True

    def _write_files(self) -> None:
        for name in ("etc", "run", "log", "munge", "rest", "spool", *(f"spool/{node}" for node in self.shape.nodes)):
            self._folder(name, 0o755)
        for name in ("state", "database", "temporary"):
            self._folder(name, 0o700)
        write(self.directory / "munge" / "key", secrets.token_bytes(128), 0o600)
        write(self.directory / "state" / "jwt.key", secrets.token_bytes(32), 0o600)
        if self.shape.has_rest and self._user == "root":
            shutil.chown(self.directory / "rest", "nobody")
        self._write_configuration()

    def _folder(self, name: str, mode: int) -> None:
        """Made with this mode, whatever the umask."""
        folder = self.directory / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)

    def _write_configuration(self) -> None:
        for name, text in {"plugstack.conf": "", "cgroup.conf": "CgroupPlugin=cgroup/v1\n", **self.shape.files}.items():
            write(self.directory / "etc" / name, text.encode(), 0o644)
        identity = Identity(
            directory=self.directory,
            host=socket.gethostname().partition(".")[0],
            user=self._user,
            ports=self._ports(),
        )
        write(self.configuration, slurm_conf(self.shape, identity).encode(), 0o644)
        if self.shape.has_accounting:
            write(self.directory / "etc" / "slurmdbd.conf", slurmdbd_conf(identity).encode(), 0o600)

    @property
    def _user(self) -> str:
        """Unix user of its daemons."""
        return pwd.getpwuid(os.geteuid()).pw_name

    def _ports(self) -> list[int]:
        """Of its daemons: those it had, so that running ones are found, or free ones."""
        file = self.directory / "run" / "ports"
        known: list[int] = json.loads(file.read_text()) if file.exists() else []
        if len(known) != self.shape.nb_ports:
            known = free_ports(self.shape.nb_ports)
            file.write_text(json.dumps(known))
        return known

    def _wait_until_up(self) -> None:
        self._wait(lambda: all(state in _UP_STATES for state in self.node_states().values()), "its nodes are not up")

    def node_states(self) -> dict[str, str]:
        """State of each node as sinfo names it; ``unknown`` while the controller does not answer."""
        try:
            lines = self.call("sinfo", "-hN", "-o", "%N %T").splitlines()
        except (ClusterError, subprocess.TimeoutExpired):
            lines = []
        known = dict(line.split() for line in lines)
        return {node: known.get(node, "unknown") for node in self.shape.nodes}

    def reconfigure(self, shape: ClusterShape) -> None:
        """Give it another shape, with as many nodes, while jobs run: licences, settings, files."""
        self.shape = shape
        self._write_configuration()
        self.call("scontrol", "reconfigure")

    # --- daemons ---

    def pid(self, name: str) -> int | None:
        """Process of a daemon (``munged``, ``slurmctld``, ``slurmd.NODE`` …), if it runs."""
        try:
            pid = int(self._pid_file(name).read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if name.partition(".")[0].encode() in command else None

    def _pid_file(self, name: str) -> Path:
        return self.directory / "run" / f"{name}.pid"

    def _running(self) -> Iterator[str]:
        for file in (self.directory / "run").glob("*.pid"):
            if self.pid(file.stem) is not None:
                yield file.stem

    # --- stop ---

    @property
    def _owner(self) -> Path:
        """Who guards it."""
        return self.directory / "owner"

    def stop_for(self, guard: int) -> None:
        """End it, unless it has another guard by now: somebody has taken it over from an owner who was killed."""
        with self._locked():
            if self._owner.exists() and self._owner.read_text() == str(guard):
                self._stop()

    def stop(self) -> None:
        """End all jobs and daemons. The directory stays, and so do its logs."""
        with self._locked():
            self._stop()

    def _stop(self) -> None:
        self._end_jobs()
        kept = ("slurmdbd", "mariadbd", "munged")
        self._end_daemons([name for name in self._running() if name not in kept])
        for pid in with_descendants(self._steps()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for name in kept:
            self._end_daemons([name])

    def _end_jobs(self) -> None:
        """Jobs outlive slurmd, so they have to go first."""
        if self.pid("slurmctld") is None or self.pid("munged") is None:
            return
        with suppress(ClusterError, subprocess.TimeoutExpired):
            ids = self.call("squeue", "-h", "-o", "%A").split()
            if ids:
                self.call("scancel", "--full", "--signal=KILL", *ids)
                self.call("scancel", *ids)
            self._wait(lambda: not self.call("squeue", "-h").strip(), "jobs live on", _CANCEL_S)

    def _end_daemons(self, names: Sequence[str]) -> None:
        pids = {name: pid for name in names if (pid := self.pid(name)) is not None}
        for number in (signal.SIGTERM, signal.SIGKILL):
            for name, pid in pids.items():
                if self.pid(name) is not None:
                    os.kill(pid, number)
            with suppress(ClusterError):
                self._wait(lambda: not any(map(is_alive, pids.values())), "daemons live on", _STOP_S)
                return

    def _steps(self) -> Iterator[int]:
        """Processes of ours that watch over a step: those of jobs that the controller has forgotten in a crash."""
        wanted = f"SLURM_CONF={self.configuration}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                is_step = b"slurmstepd" in (folder / "cmdline").read_bytes()[:64]
                if is_step and wanted in (folder / "environ").read_bytes().split(b"\0"):
                    yield int(folder.name)

    # --- helpers ---

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time: two starts of one cluster would spoil it."""
        self.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.directory / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _wait(self, is_so: Callable[[], bool], complaint: str, limit_s: float = _START_S) -> None:
        deadline = time.monotonic() + limit_s
        while not is_so():
            if time.monotonic() > deadline:
                raise ClusterError(f"{complaint} after {limit_s:g} s:\n{self._log_ends()}")
            time.sleep(_PAUSE_S)

    def _log_ends(self) -> str:
        """The last lines of each log."""
        logs = sorted((self.directory / "log").glob("*.log"))
        ends = (f"{log.name}: {line}" for log in logs for line in log.read_text(errors="replace").splitlines()[-5:])
        return "\n".join(ends)


def _check_installed(shape: ClusterShape) -> None:
    reason = missing(shape)
    if reason is not None:
        raise ClusterError(reason)
