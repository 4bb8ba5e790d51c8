"""The runners of the local launcher: some wait for anybody, each of the others belongs to one user while it lives."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path

from qhpc.access.launchers.local_settings import LocalSettings
from qhpc.access.launchers.processes import Child, ChildSettings, spawn
from qhpc.access.launchers.protocol import LaunchError
from qhpc.access.launchers.runner_process import Owner, RunnerProcess

__all__ = ["RunnerPool"]

_log = logging.getLogger(__name__)

_END_GRACE_S = 1.0
_FRAME_ROOM_BYTES = 1 << 20
_MAX_FAILED_STARTS = 3
_RESTART_PAUSE_S = 5.0


class RunnerPool:
    """Starts runners, keeps those that wait, and ends them.

    Args:
        settings: how many there are, and how they run.
        owner: hears what they do; it calls ``forget`` when one has ended.
    """

    def __init__(self, settings: LocalSettings, owner: Owner) -> None:
        self._settings, self._owner = settings, owner
        self._process, self._configuration = settings.process(), settings.configuration()
        self._token = secrets.token_hex(8)
        self._folder: Path | None = None
        self._warden: Child | None = None
        self._runners: set[RunnerProcess] = set()
        self._waiting: OrderedDict[RunnerProcess, asyncio.TimerHandle | None] = OrderedDict()
        self._nb_started = self._nb_failed_starts = 0
        self._filling: asyncio.Task[None] | None = None
        self._is_open = False

    async def open(self) -> None:
        """Start the warden, and the runners that wait."""
        folder = Path(tempfile.mkdtemp(prefix="openqat-", dir=self._settings.work_dir))
        folder.chmod(0o711)
        arguments = (f"{self._token}.", str(folder))
        mark = f"warden-{self._token}"
        self._folder, self._is_open = folder, True
        self._warden = spawn(
            "qhpc.access.launchers.warden", ChildSettings(), mark=mark, home=folder, arguments=arguments
        )
        await self._fill()

    async def close(self) -> None:
        """End all runners, and wait until the owner has heard of it."""
        self._is_open = False
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        runners = list(self._runners)
        for runner in runners:
            runner.kill()
        await asyncio.gather(*(runner.ended() for runner in runners))
        if self._warden is not None:
            self._warden.connection.close()
            await asyncio.to_thread(self._warden.process.wait)
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def take(self, user: str) -> RunnerProcess:
        """A runner for a job of this user: one of theirs that waits, one that waits for anybody, or a new one.

        Raises:
            LaunchError: no process can be started (``retryable``), or it is to run as a Unix user that there is not.
        """
        runner = self._found(user) or self._found(None) or await self._start(user)
        runner.user = user
        self._fill_later()
        return runner

    def give_back(self, runner: RunnerProcess) -> None:
        """A runner has done its job and waits for another one of its user, for some time."""
        if not self._is_open:
            runner.end(_END_GRACE_S)
            return
        timer = asyncio.get_running_loop().call_later(self._settings.idle_s, self._give_up, runner)
        self._waiting[runner] = timer

    def retire(self, runner: RunnerProcess) -> None:
        """A runner takes no more jobs."""
        runner.end(_END_GRACE_S)

    def note_ready(self) -> None:
        """A runner has got ready, so it is worth starting others."""
        self._nb_failed_starts = 0

    def forget(self, runner: RunnerProcess, status: int) -> None:
        """A runner has ended."""
        self._runners.discard(runner)
        self._take_out(runner)
        if not runner.is_ready and self._is_open:
            self._nb_failed_starts += 1
            _log.error("a runner ended with status %d before it was ready", status)
        self._fill_later()

    def _found(self, user: str | None) -> RunnerProcess | None:
        """A runner that waits for a job of this user (None: of anybody): of several the one that worked last."""
        found = [runner for runner in reversed(self._waiting) if runner.user == user]
        ready = [runner for runner in found if runner.is_ready]
        if not found:
            return None
        runner = (ready or found)[0]
        self._take_out(runner)
        return runner

    def _take_out(self, runner: RunnerProcess) -> None:
        timer = self._waiting.pop(runner, None)
        if timer is not None:
            timer.cancel()

    def _give_up(self, runner: RunnerProcess) -> None:
        if runner in self._waiting:
            self._take_out(runner)
            runner.end(_END_GRACE_S)

    async def _start(self, user: str | None) -> RunnerProcess:
        if self._folder is None or not self._is_open:
            raise LaunchError("the launcher is closed", retryable=True)
        self._make_room()
        self._nb_started += 1
        number = self._nb_started
        try:
            runner = await RunnerProcess.start(
                self._process,
                self._configuration,
                self._owner,
                mark=f"{self._token}.{number}.",
                home=self._folder / f"runner-{number}",
                unix_user=user if self._settings.run_as == "owner" else None,
                max_payload_bytes=self._settings.max_result_bytes + _FRAME_ROOM_BYTES,
            )
        except LookupError as error:
            raise LaunchError(f"{user!r} is not a Unix user of this machine", retryable=False) from error
        except OSError as error:
            raise LaunchError(f"no process can be started: {error}", retryable=True) from error
        self._runners.add(runner)
        return runner

    def _make_room(self) -> None:
        """End the runner that has waited longest for its user, if there are as many processes as there may be."""
        bound = [runner for runner in self._waiting if runner.user is not None]
        if bound and len(self._runners) >= 2 * self._settings.nb_at_once + self._settings.nb_waiting:
            self._give_up(bound[0])

    def _fill_later(self) -> None:
        if self._is_lacking() and (self._filling is None or self._filling.done()):
            self._filling = asyncio.get_running_loop().create_task(self._fill())

    def _is_lacking(self) -> bool:
        """Whether fewer runners wait for anybody than should."""
        return self._is_open and sum(runner.user is None for runner in self._waiting) < self._settings.nb_waiting

    async def _fill(self) -> None:
        """Start runners until enough wait for anybody; slowly when they end before they are ready."""
        while self._is_lacking():
            if self._nb_failed_starts >= _MAX_FAILED_STARTS:
                await asyncio.sleep(_RESTART_PAUSE_S)
            try:
                self._waiting[await self._start(None)] = None
            except LaunchError as error:
                _log.error("a runner cannot be started: %s", error)
                await asyncio.sleep(_RESTART_PAUSE_S)
