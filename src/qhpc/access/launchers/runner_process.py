"""A runner, seen from the server: its process, the link to it, what it writes, and the job that it is at."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from qat.comm.framing import Frame
from qhpc.access.launchers.lines import Stream
from qhpc.access.launchers.links import Link
from qhpc.access.launchers.processes import Child, ChildSettings, kill_marked, spawn
from qhpc.access.runner.frames import FrameKind

__all__ = ["Owner", "RunnerProcess"]

_READ_BYTES = 1 << 16
_MAX_READS_AT_END = 64
_PAUSE_S = 0.02
"""Output is read so long after it began: lines come together, and a job that floods them waits, not the server."""
_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")
_START_DEADLINE_S = 120.0
_EXIT_GRACE_S = 0.5
_LAST_WORDS_S = 0.05
"""A process that has ended closes its socket at once, unless its children hold it; then no more is expected."""


class Owner(Protocol):
    """Who hears of a runner."""

    def on_frame(self, runner: RunnerProcess, frame: Frame) -> None:
        """It has said something."""

    def on_output(self, runner: RunnerProcess, stream: Stream, data: bytes) -> None:
        """It, or a process of its job, has written something."""

    def on_exit(self, runner: RunnerProcess, status: int) -> None:
        """It has ended, and nothing of it is left. ``status``: exit status, or minus the number of a signal."""


class RunnerProcess:
    """A runner process. Made by ``start``.

    Attributes:
        user: the user of the access server whose jobs it runs; None until it has been given one.
        is_ready: whether it has said so.
    """

    def __init__(self, child: Child, home: Path, owner: Owner) -> None:
        self.user: str | None = None
        self.is_ready = False
        self._child, self._home, self._owner = child, home, owner
        self._readers = dict(zip(_STREAMS, (child.stdout, child.stderr), strict=True))
        self._status: int | None = None
        self._pid_descriptor = os.pidfd_open(child.process.pid)
        self._kill_timer: asyncio.TimerHandle | None = None
        self._cleaning: asyncio.Task[None] | None = None
        self._has_ended = asyncio.Event()

    @classmethod
    async def start(
        cls,
        settings: ChildSettings,
        configuration: bytes,
        owner: Owner,
        *,
        mark: str,
        home: Path,
        unix_user: str | None = None,
        max_payload_bytes: int,
    ) -> RunnerProcess:
        """Start a runner; it gets ready by itself.

        Raises:
            OSError: no process can be started.
        """
        home.mkdir(mode=0o700)
        if unix_user is not None:
            shutil.chown(home, unix_user)
        child = spawn("qhpc.access.runner", settings, mark=mark, home=home, user=unix_user, is_captured=True)
        runner = cls(child, home, owner)
        runner._link = Link(runner._on_frame, runner._on_closed, max_payload_bytes=max_payload_bytes)
        await runner._link.open(child.connection)
        runner._link.send(FrameKind.CONFIGURE, configuration)
        loop = asyncio.get_running_loop()
        loop.add_reader(runner._pid_descriptor, runner._on_ended)
        runner._start_timer = loop.call_later(_START_DEADLINE_S, runner.kill)
        for stream in _STREAMS:
            runner._listen(stream)
        return runner

    _link: Link
    _start_timer: asyncio.TimerHandle

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.process.pid

    def send(self, kind: FrameKind, payload: bytes) -> None:
        """Tell it something."""
        self._link.send(kind, payload)

    def end(self, grace_s: float) -> None:
        """Ask it to end, with SIGTERM to its process group; after a grace it is killed."""
        if self._status is not None:
            return
        self._signal(signal.SIGTERM)
        self._kill_later(grace_s)

    def _kill_later(self, delay_s: float) -> None:
        """Kill it after a delay, unless it is to be killed anyway."""
        if self._kill_timer is None:
            self._kill_timer = asyncio.get_running_loop().call_later(delay_s, self.kill)

    def kill(self) -> None:
        """End it now."""
        if self._status is None:
            self._signal(signal.SIGKILL)

    async def ended(self) -> None:
        """Wait until it has ended and ``on_exit`` was called."""
        await self._has_ended.wait()

    def read_rest(self) -> None:
        """Read what it has written so far."""
        for stream in _STREAMS:
            for _ in range(_MAX_READS_AT_END):
                if not self._read(stream):
                    break

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    # --- what it writes ---

    def _listen(self, stream: Stream) -> None:
        if (descriptor := self._readers.get(stream)) is not None:
            asyncio.get_running_loop().add_reader(descriptor, self._on_readable, stream)

    def _on_readable(self, stream: Stream) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._readers[stream])
        loop.call_later(_PAUSE_S, self._read_on, stream)

    def _read_on(self, stream: Stream) -> None:
        self._read(stream)
        self._listen(stream)

    def _read(self, stream: Stream) -> int:
        """Read once; how many bytes there were."""
        descriptor = self._readers.get(stream)
        if descriptor is None:
            return 0
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return 0
        if data:
            self._owner.on_output(self, stream, data)
        else:
            self._stop_reading(stream)
        return len(data)

    def _stop_reading(self, stream: Stream) -> None:
        descriptor = self._readers.pop(stream, None)
        if descriptor is not None:
            asyncio.get_running_loop().remove_reader(descriptor)
            os.close(descriptor)

    # --- how it ends ---

    def _on_frame(self, frame: Frame) -> None:
        if frame.kind == FrameKind.READY and not self.is_ready:
            self.is_ready = True
            self._start_timer.cancel()
        self._owner.on_frame(self, frame)

    def _on_closed(self) -> None:
        """It has closed the link, or has sent what is no frame: either way it is at its end."""
        if self._status is None:
            self._kill_later(_EXIT_GRACE_S)
        self._finish()

    def _on_ended(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._pid_descriptor)
        os.close(self._pid_descriptor)
        self._status = self._child.process.wait()
        for timer in (self._start_timer, self._kill_timer):
            if timer is not None:
                timer.cancel()
        if self._link.is_open:
            loop.call_later(_LAST_WORDS_S, self._finish)
        self._finish(is_last_word=not self._link.is_open)

    def _finish(self, is_last_word: bool = True) -> None:
        if is_last_word and self._status is not None and self._cleaning is None:
            self._cleaning = asyncio.get_running_loop().create_task(self._clean(self._status))

    async def _clean(self, status: int) -> None:
        """End what the job has left, and let the owner know."""
        await asyncio.to_thread(kill_marked, self._child.mark)
        self.read_rest()
        for stream in _STREAMS:
            self._stop_reading(stream)
        self._link.close()
        self._owner.on_exit(self, status)
        await asyncio.to_thread(shutil.rmtree, self._home, ignore_errors=True)
        self._has_ended.set()
