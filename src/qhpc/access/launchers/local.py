"""The local launcher: jobs run in warm processes of this machine, and no process ever serves two users."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from qat.comm.access.messages import LogLine, Progress
from qat.comm.framing import Frame
from qhpc.access.launchers.endings import Cause, ending_of, nb_out_of_memory
from qhpc.access.launchers.inbox import Inbox
from qhpc.access.launchers.lines import JobLog, Stream
from qhpc.access.launchers.local_settings import LocalSettings
from qhpc.access.launchers.pool import RunnerPool
from qhpc.access.launchers.protocol import (
    Ended,
    JobLogged,
    JobProgressed,
    JobStarted,
    Launch,
    LaunchError,
    Lost,
    Report,
)
from qhpc.access.launchers.runner_process import RunnerProcess
from qhpc.access.runner.frames import SPENT, Assignment, FrameKind, Outcome

__all__ = ["LocalLauncher", "LocalSettings"]

_log = logging.getLogger(__name__)

_POLITE_PART = 0.5
"""Part of the grace of a cancellation in which a job may put away what it holds; then it is killed."""
_LIMIT_GRACE_S = 0.5
_PROCESSOR_ROOM_S = 60.0
_MAX_KNOWN = 100_000

_progress = msgspec.msgpack.Decoder(Progress)
_outcomes = msgspec.msgpack.Decoder(Outcome)


@dataclass(slots=True, eq=False)
class _Running:
    """A job that a runner is at. ``cause``: why we end it, if we do."""

    launch: Launch
    runner: RunnerProcess
    log: JobLog
    cause: Cause | None = None
    timer: asyncio.TimerHandle | None = None


class LocalLauncher:
    """Starts jobs in runner processes (Linux). Use it within one event loop; see the protocol ``Launcher``.

    Args:
        settings: how jobs run.
        clock: seconds since 1970.

    Raises:
        PermissionError: jobs are to run as their owners, and this process is not root.
    """

    name = "local"

    def __init__(self, settings: LocalSettings | None = None, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings or LocalSettings()
        if self._settings.run_as == "owner" and os.geteuid() != 0:
            raise PermissionError("run_as='owner' needs a server that is root; run it as root, or use run_as='server'")
        self._clock = clock
        self._nb_threads = self._settings.process().nb_threads
        self._pool = RunnerPool(self._settings, self)
        self._running: dict[RunnerProcess, _Running] = {}
        self._by_handle: dict[str, _Running] = {}
        self._known: OrderedDict[str, None] = OrderedDict()
        self._nb_starting = 0
        self._inbox = Inbox()
        self._is_open = False
        self._nb_out_of_memory = 0

    # --- the protocol ---

    async def open(self) -> None:
        """Start the processes that wait for jobs."""
        self._nb_out_of_memory = nb_out_of_memory()
        self._is_open = True
        await self._pool.open()

    async def close(self) -> None:
        """End all processes; their jobs are reported as lost, and ``reports`` ends."""
        self._is_open = False
        for running in self._running.values():
            running.cause = running.cause or "shutdown"
        await self._pool.close()
        self._inbox.close()

    async def submit(self, launch: Launch) -> str:
        """Start a job; see the protocol.

        Raises:
            LaunchError: all runners are busy (``retryable``), no process can be started, or the owner is no Unix user.
        """
        handle = launch.handle
        if handle in self._known:
            return handle
        if self.free_slots <= 0:
            raise LaunchError(f"all {self._settings.nb_at_once} runners are busy", retryable=True)
        self._know(handle)
        self._nb_starting += 1
        try:
            runner = await self._pool.take(launch.owner)
        except BaseException:
            del self._known[handle]
            raise
        finally:
            self._nb_starting -= 1
        self._assign(runner, launch)
        return handle

    async def cancel(self, handle: str, *, grace_s: float = 0.5) -> None:
        """End a job with all its children, at the latest after ``grace_s``; one that has ended is left alone."""
        running = self._by_handle.get(handle)
        if running is not None and running.cause is None:
            running.cause = "cancelled"
            running.runner.end(grace_s * _POLITE_PART)

    async def adopt(self, handles: Sequence[str]) -> None:
        """Runners end with the server that started them, so jobs of a former server are lost."""
        for handle in handles:
            if handle in self._known:
                continue
            job_id, _, attempt = handle.rpartition(".")
            reason = "the server that ran the job has ended, and the job with it"
            self._inbox.put(Lost(job_id=job_id, attempt=int(attempt), time_s=self._clock(), reason=reason))

    def reports(self) -> AsyncIterator[Report]:
        """News of all jobs."""
        return aiter(self._inbox)

    @property
    def free_slots(self) -> int:
        """How many more jobs could start at once."""
        if not self._is_open:
            return 0
        return max(0, self._settings.nb_at_once - len(self._running) - self._nb_starting)

    def cluster_id(self, handle: str) -> None:
        """There is no cluster."""

    async def standing(self, handle: str) -> None:
        """There is no cluster."""

    # --- jobs ---

    def _know(self, handle: str) -> None:
        """Remember a handle, for longer than anybody asks for it again."""
        self._known[handle] = None
        if len(self._known) > _MAX_KNOWN and next(iter(self._known)) not in self._by_handle:
            self._known.popitem(last=False)

    def _assign(self, runner: RunnerProcess, launch: Launch) -> None:
        running = _Running(launch, runner, JobLog(self._settings.log))
        self._running[runner] = self._by_handle[launch.handle] = running
        resources = launch.resources
        nb_cores = resources.nb_cores or self._nb_threads
        max_time_s = resources.max_time_s
        assignment = Assignment(
            job_id=launch.job_id,
            submission=launch.submission,
            owner=launch.owner if self._settings.run_as == "server" else "",
            memory_bytes=resources.memory_bytes,
            nb_cores=nb_cores,
            cpu_s=None if max_time_s is None else max_time_s * nb_cores + _PROCESSOR_ROOM_S,
        )
        runner.send(FrameKind.RUN, msgspec.msgpack.encode(assignment))
        if runner.is_ready:
            self._limit_time(running)

    def _limit_time(self, running: _Running) -> None:
        max_time_s = running.launch.resources.max_time_s
        if max_time_s is not None:
            running.timer = asyncio.get_running_loop().call_later(max_time_s, self._on_time_limit, running)

    def _on_time_limit(self, running: _Running) -> None:
        if running.cause is None:
            running.cause = "time-limit"
            running.runner.end(_LIMIT_GRACE_S)

    def _release(self, running: _Running) -> None:
        """The job is at its end: what comes from its runner is not its own any more."""
        self._put_lines(running, running.log.end(self._clock()))
        del self._running[running.runner], self._by_handle[running.launch.handle]
        if running.timer is not None:
            running.timer.cancel()

    def _about(self, running: _Running) -> dict[str, Any]:
        launch = running.launch
        return {"job_id": launch.job_id, "attempt": launch.attempt, "time_s": self._clock()}

    def _put_lines(self, running: _Running, lines: list[LogLine]) -> None:
        if lines:
            self._inbox.put(JobLogged(**self._about(running), lines=tuple(lines)))

    def _put_outcome(self, running: _Running, outcome: Outcome) -> None:
        self._inbox.put(Ended(**self._about(running), failure=outcome.failure, is_limit=outcome.is_limit))

    # --- what runners do ---

    def on_output(self, runner: RunnerProcess, stream: Stream, data: bytes) -> None:
        """A runner or its job has written something."""
        running = self._running.get(runner)
        if running is None:
            _log.debug("a runner writes: %r", data[:1000])
        else:
            self._put_lines(running, running.log.feed(stream, data, self._clock()))

    def on_frame(self, runner: RunnerProcess, frame: Frame) -> None:
        """A runner has said something."""
        if frame.kind == FrameKind.READY:
            self._pool.note_ready()
        running = self._running.get(runner)
        if running is None:
            return
        match frame.kind:
            case FrameKind.READY:
                self._limit_time(running)
            case FrameKind.BEGUN:  # only now: a runner that was assigned a job may be dead already
                self._inbox.put(JobStarted(**self._about(running)))
            case FrameKind.PROGRESS:
                self._inbox.put(JobProgressed(**self._about(running), progress=_progress.decode(frame.payload)))
            case FrameKind.RESULT | FrameKind.FAILURE:
                self._on_outcome(running, frame)

    def _on_outcome(self, running: _Running, frame: Frame) -> None:
        runner = running.runner
        runner.read_rest()
        self._release(running)
        if frame.kind == FrameKind.RESULT:
            self._inbox.put(Ended(**self._about(running), result=frame.payload))
        else:
            self._put_outcome(running, _outcomes.decode(frame.payload))
        if frame.channel == SPENT or running.cause is not None:
            self._pool.retire(runner)
        else:
            self._pool.give_back(runner)

    def on_exit(self, runner: RunnerProcess, status: int) -> None:
        """A runner has ended, and nothing of its job is left."""
        self._pool.forget(runner, status)
        running = self._running.get(runner)
        if running is None:
            return
        self._release(running)
        former, self._nb_out_of_memory = self._nb_out_of_memory, nb_out_of_memory()
        is_memory_short = self._nb_out_of_memory > former
        ending = ending_of(running.cause, status, running.launch.resources, is_memory_short)
        if isinstance(ending, Outcome):
            self._put_outcome(running, ending)
        else:
            self._inbox.put(Lost(**self._about(running), reason=ending))
