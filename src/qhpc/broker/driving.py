"""Keeps the driver of each QPU running and attached: finds it, starts it, starts it again.

A driver outlives the broker. Its socket is ``DIRECTORY/drivers/NAME.sock``; beside it stand its process id (``.pid``,
locked as long as it lives) and what it wrote (``.log``).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from qat.comm.unix_paths import socket_path
from qhpc.broker.driver_connection import DriverConnection
from qhpc.broker.drivers.messages import VERSION, Attach, Attached, DriverMessage, Quit
from qhpc.broker.settings import QpuSettings

__all__ = ["DriverHost", "DriverKeeper", "driver_command", "pid_of"]

_log = logging.getLogger(__name__)

_MODULE = "qhpc.broker.drivers"

_START_S = 60.0
"""A driver that was started has to listen after so long."""

_ATTACH_S = 15.0
"""A driver has to answer after so long."""

_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.1, 30.0
_CALM_S = 30.0
"""A driver that lived for so long is started again at once."""

_LOOK_S = 0.02


class DriverHost:
    """What a keeper tells of its driver; the broker's.

    Args:
        attached: the driver is there.
        says: it says something.
        lost: it is not there any more.
    """

    __slots__ = ("attached", "lost", "says")

    def __init__(
        self,
        attached: Callable[[str, Attached], None],
        says: Callable[[str, DriverMessage], None],
        lost: Callable[[str], None],
    ) -> None:
        self.attached, self.says, self.lost = attached, says, lost


def driver_command(settings: QpuSettings) -> list[str]:
    """How the driver of a QPU is started."""
    return [settings.python or sys.executable, "-m", _MODULE]


def _environment(settings: QpuSettings) -> dict[str, str] | None:
    """The broker's, where its packages are found from any folder; another interpreter has packages of its own."""
    folders = os.environ.get("PYTHONPATH")
    if settings.python or not folders:
        return None
    absolute = [str(Path(folder).absolute()) for folder in folders.split(os.pathsep) if folder]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(absolute)}


def pid_of(socket_path: Path) -> int | None:
    """The driver that lives at a socket; None if none does.

    The lock on the file is not tried: a driver that starts at this moment would believe that another one has it.
    """
    try:
        pid = int(socket_path.with_suffix(".pid").read_text("ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if _MODULE.encode() in command.split(b"\0") else None


class DriverKeeper:
    """Keeps one driver.

    Args:
        qpu: name of the QPU.
        settings: of its driver.
        socket_path: where it listens.
        host: is told what the driver does.
    """

    def __init__(self, qpu: str, settings: QpuSettings, socket_path: Path, host: DriverHost) -> None:
        self._qpu, self._settings, self._path, self._host = qpu, settings, socket_path, host
        self._connection: DriverConnection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._attached: asyncio.Future[None] | None = None

    def say(self, message: DriverMessage) -> None:
        """Tell the driver something at the next ``flush``; nothing if it is not there: it will be told again."""
        if self._connection is not None:
            self._connection.say(message)

    def flush(self) -> None:
        """Send what it was told."""
        if self._connection is not None:
            self._connection.flush()

    def kill(self, reason: str) -> None:
        """End a driver that does not do what it should, at once; it is started again."""
        _log.error("the driver of %s is killed: %s", self._qpu, reason)
        pid = pid_of(self._path)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def quit(self) -> None:
        """Have a driver end that has nothing to do."""
        self.say(Quit())
        if self._connection is not None:
            self._connection.close()

    def leave(self) -> None:
        """Leave a driver alone; the next broker finds it."""
        if self._connection is not None:
            self._connection.close()

    async def keep(self) -> None:
        """Keep it, until this is cancelled."""
        loop, pause_s = asyncio.get_running_loop(), _FIRST_PAUSE_S
        while True:
            begin_s = loop.time()
            try:
                reason = await self._attend()
            except (OSError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            pause_s = _FIRST_PAUSE_S if loop.time() - begin_s > _CALM_S else min(2 * pause_s, _LAST_PAUSE_S)
            _log.warning("the driver of %s is away: %s", self._qpu, reason)
            await asyncio.sleep(pause_s)

    async def _attend(self) -> str:
        """Attach, and stay until the connection is gone; gives the reason."""
        connection = await self._connect()
        self._attached = asyncio.get_running_loop().create_future()
        self._connection = connection
        try:
            connection.say(Attach(VERSION))
            connection.flush()
            ends: list[asyncio.Future[Any]] = [self._attached, connection.is_over]
            await asyncio.wait(ends, timeout=_ATTACH_S, return_when=asyncio.FIRST_COMPLETED)
            if not self._attached.done() and not connection.is_over.done():
                self.kill(f"it has not answered for {_ATTACH_S:g} s")
            return await connection.is_over
        finally:
            self._connection = None
            connection.close()
            self._host.lost(self._qpu)

    def _hear(self, message: DriverMessage) -> None:
        if isinstance(message, Attached):
            if message.qpu != self._qpu or message.version != VERSION:
                told = f"it drives {message.qpu} in version {message.version}; expected {self._qpu} in {VERSION}"
                self.kill(told)
                return
            if self._attached is not None and not self._attached.done():
                self._attached.set_result(None)
                self._host.attached(self._qpu, message)
        elif self._attached is not None and self._attached.done():
            self._host.says(self._qpu, message)

    # ------------------------------------------------------------ finding and starting
    async def _connect(self) -> DriverConnection:
        """A connection to the driver that is there, or to one that was started."""
        with suppress(OSError):
            return await self._connected()
        loop = asyncio.get_running_loop()
        if pid_of(self._path) is None:
            await loop.run_in_executor(None, self._start)
        deadline_s = loop.time() + _START_S
        while loop.time() < deadline_s:
            with suppress(OSError):
                return await self._connected()
            if self._process is not None and self._process.poll() is not None and pid_of(self._path) is None:
                raise OSError(f"it ended with status {self._process.returncode}: {self._last_words()}")
            await asyncio.sleep(_LOOK_S)
        self.kill(f"it has not listened for {_START_S:g} s")
        raise TimeoutError(f"it did not listen within {_START_S:g} s")

    async def _connected(self) -> DriverConnection:
        loop = asyncio.get_running_loop()
        with socket_path(self._path) as name:
            _, connection = await loop.create_unix_connection(lambda: DriverConnection(self._hear), name)
        return connection

    def _start(self) -> None:
        """Start the process, in a session of its own so that it outlives the broker."""
        if self._process is not None:
            self._process.poll()
        with self._path.with_suffix(".log").open("ab") as log:
            process = subprocess.Popen(
                driver_command(self._settings),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._path.parent,
                env=_environment(self._settings),
            )
        self._process = process
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(self._configuration())

    def _configuration(self) -> bytes:
        settings = self._settings
        told = {
            "qpu": self._qpu,
            "socket": str(self._path),
            "driver": settings.driver,
            "options": settings.driver_options(),
            "orphan_s": settings.orphan_s,
        }
        return msgspec.json.encode(told | ({"faults": settings.faults} if settings.faults else {}))

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = self._path.with_suffix(".log").read_text("utf-8", "replace").strip().splitlines()
            return lines[-1][:500] if lines else "it wrote nothing"
        return "nothing is known of it"
