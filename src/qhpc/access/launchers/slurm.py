"""The Slurm launcher: each job is a batch job of its owner, told by files in a folder that the nodes share.

What is known comes from two places. The folder of an attempt says that it was begun, what it writes and how it ended;
Slurm says whether there will be more. An outcome in the folder always wins; that the controller does not answer says
nothing. An attempt that is given up is revoked in its folder first, so that nothing begins to run it later, whatever
Slurm still does with it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from qhpc.access.launchers.endings import Cause
from qhpc.access.launchers.inbox import Inbox
from qhpc.access.launchers.lines import JobLog
from qhpc.access.launchers.protocol import Launch, LaunchError, Lost, Report, Standing
from qhpc.access.launchers.sleepers import BrokerSleepers
from qhpc.access.launchers.slurm_attempts import Attempt
from qhpc.access.launchers.slurm_endings import FORGOTTEN
from qhpc.access.launchers.slurm_preparation import Preparation
from qhpc.access.launchers.slurm_requests import (
    JOB_NAME,
    job_in,
)
from qhpc.access.launchers.slurm_settings import SlurmSettings
from qhpc.access.launchers.slurm_standing import licences_of, standing_of
from qhpc.access.launchers.spool_folder import Sight, SpoolFolder
from qhpc.access.launchers.warm_runners import WarmRunners
from qhpc.slurm.commands import InvalidOption
from qhpc.slurm.controller import Controller, ControllerUnreachable, SlurmRefused
from qhpc.slurm.job_control import CommandControl, JobControl
from qhpc.slurm.parsers import NotUnderstood, SlurmJob
from qhpc.slurm.states import phase_of

__all__ = ["SlurmLauncher", "SlurmSettings"]

_log = logging.getLogger(__name__)

_WATCHING_PART = 0.05
"""Looking at folders takes at most this part of the time of a core."""
_POLLING_PART = 0.1
_MAX_POLL_S = 10.0
_CLOSING_S = 30.0
"""A job that has left its outcome ends by itself in this time, or is cancelled."""

_NO_NOTES = ("environment", "instance")
"""Beside the notes of attempts."""

_NoAnswer = (ControllerUnreachable, SlurmRefused, NotUnderstood)


@dataclass(slots=True, eq=False)
class _Watched:
    """An attempt with its folder.

    Attributes:
        since_s: it was submitted, or ended, then (monotonic); not yet if infinite.
        timer: of its time limit.
        is_noted: whether its note says all that was reported.
    """

    attempt: Attempt
    folder: SpoolFolder
    since_s: float
    timer: asyncio.TimerHandle | None = None
    is_noted: bool = True

    def keep_note(self) -> None:
        """Have the next server know what was reported. A full disk is no reason to stop; it is tried again."""
        if not self.is_noted:
            with suppress(OSError):
                self.folder.write_note()
                self.is_noted = True


class SlurmLauncher:
    """Gives jobs to Slurm. Use it within one event loop; see the protocol ``Launcher``.

    Args:
        settings: how jobs run.
        clock: seconds since 1970.
        control: gives jobs to Slurm; by Slurm's commands, by default.

    Raises:
        PermissionError: jobs are to run as their owners, and this process is not root.
    """

    name = "slurm"

    def __init__(
        self, settings: SlurmSettings, clock: Callable[[], float] = time.time, control: JobControl | None = None
    ) -> None:
        if settings.run_as == "owner" and os.geteuid() != 0:
            raise PermissionError("run_as='owner' needs a server that is root; run it as root, or use run_as='server'")
        conf = settings.options.conf
        environment = {} if conf is None else {"SLURM_CONF": str(conf)}
        self._settings, self._clock = settings, clock
        self._control = control or CommandControl(Controller(environment))
        self._watched: dict[str, _Watched] = {}
        self._closing: dict[str, _Watched] = {}
        self._warm = WarmRunners(settings.spool)
        self._sleepers = BrokerSleepers(settings.broker)
        self._inbox = Inbox()
        self._tasks: list[asyncio.Task[None]] = []
        self._news, self._poll_now = asyncio.Event(), asyncio.Event()
        self._preparation = Preparation(settings)
        self._is_adopted = False
        self._trouble: str | None = None

    # --- the protocol ---

    async def open(self) -> None:
        """Begin to watch.

        Raises:
            OSError: the spool cannot be used.
        """
        await asyncio.to_thread(self._preparation.prepare_spool)
        self._background(self._persistent(self._watch))
        self._background(self._persistent(self._poll))

    async def close(self) -> None:
        """Let go; jobs in Slurm run on, and are found again by ``adopt``."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for watched in self._watched.values():
            if watched.timer is not None:
                watched.timer.cancel()
            await asyncio.to_thread(watched.keep_note)
        self._inbox.close()

    async def submit(self, launch: Launch) -> str:
        """Give a job to Slurm; see the protocol.

        Raises:
            LaunchError: Slurm refuses it or does not answer (``retryable``), or the owner is no Unix user.
        """
        handle = launch.handle
        if handle in self._watched or handle in self._closing:
            return handle
        if self.free_slots <= 0:
            raise LaunchError(self._trouble or f"{len(self._watched)} jobs are in Slurm already", retryable=True)
        identity = self._preparation.identity(launch.owner)
        folder, job, is_small = await self._preparation.attempt(launch, identity)
        watched = self._watching(folder, handle)
        watched.since_s = math.inf
        self._watched[handle] = watched
        try:
            if is_small and await self._is_given_to_warm(launch.owner, watched):
                return handle
            watched.attempt.slurm_id = await self._control.submit(job)
        except (SlurmRefused, InvalidOption) as error:
            await self._forget(watched)
            is_temporary = isinstance(error, SlurmRefused) and error.is_temporary
            raise LaunchError(str(error), retryable=is_temporary) from error
        except (ControllerUnreachable, NotUnderstood) as error:
            await self._after_silence(watched, error)
        except OSError as error:
            await self._forget(watched)
            raise LaunchError(f"the folder of the job cannot be used: {error}", retryable=True) from error
        except BaseException:
            watched.folder.revoke()
            self._watched.pop(handle, None)
            raise
        watched.since_s = time.monotonic()
        if watched.attempt.is_over:  # cancelled meanwhile
            await self._scancel(watched)
        self._news.set()
        if is_small and self._warm.is_wanted(launch.owner):
            self._background(self._start_warm(launch.owner, identity))
        return handle

    async def _is_given_to_warm(self, owner: str, watched: _Watched) -> bool:
        """Give a small job to a warm runner of its owner, if one waits."""
        spot = await self._warm.soon_ready(owner)
        if spot is None:
            return False
        watched.folder.note.host = spot.name
        watched.attempt.is_guest, watched.attempt.slurm_id = True, spot.slurm_id
        try:
            watched.folder.write_note()
            is_given = spot.give(watched.attempt.handle)
        except OSError:
            _log.exception("a warm runner cannot be used")
            is_given = False
        if is_given:
            watched.since_s = time.monotonic()
            self._news.set()
            return True
        watched.folder.note.host = None
        watched.folder.write_note()
        watched.attempt.is_guest, watched.attempt.slurm_id = False, None
        return False

    async def _start_warm(self, owner: str, identity: tuple[int, int] | None) -> None:
        """Have a warm runner for the next small jobs of a user; without one they run as others do."""
        try:
            spot, job = self._preparation.warm(self._warm, owner, identity)
        except OSError:
            _log.exception("the folder of a warm runner cannot be made")
            return
        try:
            spot.slurm_id = await self._control.submit(job)
            spot.since_s = time.monotonic()
        except _NoAnswer as error:
            _log.warning("a warm runner was not started: %s", error)
            self._warm.drop(spot)

    async def _after_silence(self, watched: _Watched, error: Exception) -> None:
        """Slurm may have the job or not: unless it has begun, see to it that it never does.

        Raises:
            LaunchError: it has not begun.
        """
        self._poll_now.set()
        if await self._is_revoked(watched):
            await self._forget(watched)
            raise LaunchError(str(error), retryable=True) from error

    async def _forget(self, watched: _Watched) -> None:
        self._watched.pop(watched.attempt.handle, None)
        await asyncio.to_thread(watched.folder.remove)

    async def cancel(self, handle: str, *, grace_s: float = 0.5) -> None:
        """End a job; one that has not begun is reported as ended at once. One that has ended is left alone.

        What does not end by itself is killed after KillWait of Slurm's configuration, whatever ``grace_s``.
        """
        watched = self._watched.get(handle)
        if watched is not None and watched.attempt.cause is None:
            await self._end(watched, "cancelled")

    async def adopt(self, handles: Sequence[str]) -> None:
        """Care for jobs that a former server process gave to Slurm; what is left of others is taken away."""
        found = await asyncio.to_thread(self._found)
        for handle in handles:
            if handle in self._watched or handle in self._closing:
                continue
            folder = found.pop(handle, None)
            if folder is None:
                job_id, _, number = handle.rpartition(".")
                self._inbox.put(Lost(job_id=job_id, attempt=int(number), time_s=self._clock(), reason=FORGOTTEN))
            else:
                self._watched[handle] = self._watching(folder, handle)
        for handle, folder in found.items():
            if handle not in self._watched:
                self._closing[handle] = self._watching(folder, handle)
        await asyncio.to_thread(self._warm.sweep)
        self._is_adopted = True
        self._news.set()

    def _found(self) -> dict[str, SpoolFolder]:
        """Attempts of a former server."""
        names = (file.name for file in (self._settings.spool / "notes").iterdir() if not file.name.startswith("."))
        folders = {name: SpoolFolder(self._settings.spool, name) for name in names if name not in _NO_NOTES}
        return {name: folder for name, folder in folders.items() if folder.find()}

    def reports(self) -> AsyncIterator[Report]:
        """News of all jobs."""
        return aiter(self._inbox)

    @property
    def free_slots(self) -> int:
        """How many more jobs Slurm may be given; none while it does not answer."""
        if not self._tasks or self._trouble is not None:
            return 0
        return max(0, self._settings.options.max_jobs - len(self._watched))

    def explanation(self, handle: str) -> str | None:
        """Where a job is in Slurm, and why, said to people; None if it is not there."""
        watched = self._watched.get(handle)
        return None if watched is None else watched.attempt.explanation()

    def cluster_id(self, handle: str) -> str | None:
        """Its number in Slurm."""
        watched = self._watched.get(handle)
        return None if watched is None or watched.attempt.slurm_id is None else str(watched.attempt.slurm_id)

    async def standing(self, handle: str) -> Standing | None:
        """Where a job is in Slurm, asked now if it waits."""
        watched = self._watched.get(handle)
        if watched is None:
            return None
        said, row = watched.attempt.explanation(), watched.attempt.row
        if row is None or phase_of(row.state) != "waiting":
            return Standing(reasons=(said,))
        try:
            queue = await self._control.waiting()
            licences = await self._control.licenses() if row.licenses else []
        except _NoAnswer as error:
            return Standing(reasons=(said, f"Slurm does not answer now: {error}"))
        return standing_of(said, row, queue, licences_of(licences))

    def _watching(self, folder: SpoolFolder, handle: str) -> _Watched:
        attempt = Attempt(
            handle=handle,
            resources=folder.note.resources,
            log=JobLog(self._settings.log),
            grace_s=self._settings.outcome_grace_s,
            is_guest=folder.note.host is not None,
        )
        return _Watched(attempt, folder, time.monotonic())

    # --- endings ---

    async def _end(self, watched: _Watched, cause: Cause) -> None:
        """End an attempt: what has begun is asked to end, and killed after Slurm's KillWait; the rest never begins."""
        attempt = watched.attempt
        attempt.cause = cause
        if await self._is_revoked(watched):
            self._put(watched, attempt.stopped(self._clock()))
        if not (attempt.is_guest and attempt.is_over):
            await self._scancel(watched)
        if attempt.suspension is not None:
            await self._close_sleepers(watched)
        self._poll_now.set()

    async def _is_revoked(self, watched: _Watched) -> bool:
        """Have nothing begin to run an attempt; whether nothing has or ever will. On a full disk that is not known."""
        try:
            return await asyncio.to_thread(watched.folder.revoke)
        except OSError:
            _log.exception("an attempt cannot be revoked")
            return False

    async def _scancel(self, watched: _Watched) -> None:
        """Cancel a job in Slurm, if its number is still its own. Without an answer the next poll tries again."""
        number = watched.attempt.slurm_id
        if number is None:
            return
        with suppress(*_NoAnswer):
            if any(self._is_row_of(row, watched) for row in await self._control.job(number)):
                await self._control.cancel(number)

    def _is_row_of(self, row: SlurmJob, watched: _Watched) -> bool:
        return (row.comment, row.uid) == self._key(watched)

    def _put(self, watched: _Watched, reports: list[Report]) -> None:
        """Pass reports on; after the last one the attempt only has to leave Slurm."""
        for report in reports:
            self._inbox.put(report)
        handle = watched.attempt.handle
        if watched.attempt.is_over and self._watched.pop(handle, None) is not None:
            if watched.timer is not None:
                watched.timer.cancel()
            watched.since_s = time.monotonic()
            self._closing[handle] = watched
            self._warm.left(handle)

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that nobody waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        task.add_done_callback(lambda done: self._tasks.remove(done) if done in self._tasks else None)

    async def _persistent(self, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A loop that goes on whatever happens in it: no job may wait for ever because of another."""
        while True:
            try:
                await loop()
            except Exception:
                _log.exception("looking after jobs in Slurm failed; it goes on")
                await asyncio.sleep(self._settings.options.poll_s)

    # --- folders ---

    async def _watch(self) -> None:
        """Look at all folders, again and again."""
        while True:
            if not self._watched:
                self._news.clear()
                await self._news.wait()
            begin_s = time.monotonic()
            watched = list(self._watched.values())
            for each, sight in zip(watched, await asyncio.to_thread(self._look, watched), strict=True):
                self._saw(each, sight)
            spent_s = time.monotonic() - begin_s
            await asyncio.sleep(max(self._settings.options.watch_s, spent_s / _WATCHING_PART))

    def _look(self, watched: Sequence[_Watched], *, is_last: bool = False) -> list[Sight]:
        sights = []
        for each in watched:
            each.keep_note()
            sights.append(each.folder.look(self._settings.max_result_bytes, is_last=is_last))
        return sights

    def _saw(self, watched: _Watched, sight: Sight) -> None:
        attempt = watched.attempt
        ran, begun_s = attempt.runs, sight.begun_s
        if sight.output:
            watched.is_noted = False
        self._put(watched, attempt.saw(sight, self._clock()))
        if attempt.runs and not ran:
            self._time(watched, self._clock() if attempt.has_slept else begun_s or self._clock())
        elif ran and not attempt.runs and watched.timer is not None:
            watched.timer.cancel()

    def _time(self, watched: _Watched, begun_s: float) -> None:
        """End a run at its limit; each has all of it."""
        max_time_s = watched.attempt.resources.max_time_s
        if max_time_s is not None:
            left_s = begun_s + max_time_s - self._clock()
            watched.timer = asyncio.get_running_loop().call_later(max(0.0, left_s), self._on_time_limit, watched)

    def _on_time_limit(self, watched: _Watched) -> None:
        if watched.attempt.cause is None and not watched.attempt.is_over:
            self._background(self._end(watched, "time-limit"))

    # --- Slurm ---

    async def _poll(self) -> None:
        """Ask about all jobs at once, again and again, while there are any or Slurm did not answer."""
        while True:
            spent_s = 0.0
            self._poll_now.clear()
            if self._watched or self._closing or self._warm.spots or self._trouble:
                begin_s = time.monotonic()
                await self._ask(begin_s)
                spent_s = time.monotonic() - begin_s
            with suppress(TimeoutError):
                async with asyncio.timeout(
                    max(self._settings.options.poll_s, min(spent_s / _POLLING_PART, _MAX_POLL_S))
                ):
                    await self._poll_now.wait()

    async def _ask(self, begin_s: float) -> None:
        try:
            rows = await self._control.jobs(JOB_NAME)
        except _NoAnswer as error:
            if self._trouble is None:
                _log.warning("Slurm does not answer; nothing is known of jobs meanwhile: %s", error)
            self._trouble = f"Slurm does not answer: {error}"
            return
        if self._trouble is not None:
            _log.warning("Slurm answers again")
            self._trouble = None
        in_order = sorted(rows, key=lambda row: (phase_of(row.state) != "ended", row.id))
        by_comment = {(row.comment, row.uid): row for row in in_order}  # the last one is what counts
        for watched in [each for each in self._watched.values() if each.since_s < begin_s]:
            await self._heard(watched, by_comment.get(self._key(watched)))
        await asyncio.gather(*(self._wake_if_due(each) for each in self._watched.values() if each.attempt.sleeps))
        for watched in [each for each in self._closing.values() if each.since_s < begin_s]:
            await self._close_up(watched, by_comment.get(self._key(watched)))
        for spot in [each for each in self._warm.spots.values() if each.since_s < begin_s]:
            row = by_comment.get((self._preparation.comment(spot.name), spot.uid))
            if row is None or phase_of(row.state) == "ended":
                await asyncio.to_thread(self._warm.drop, spot)
        await self._cancel_orphans(rows)

    def _key(self, watched: _Watched) -> tuple[str, int]:
        """What its row in Slurm is found by: its own, or that of the warm runner that has it."""
        note = watched.folder.note
        return self._preparation.comment(note.host or watched.attempt.handle), note.uid

    async def _heard(self, watched: _Watched, row: SlurmJob | None) -> None:
        attempt = watched.attempt
        self._put(watched, attempt.heard(row, self._clock()))
        if attempt.cause is not None and row is not None and not attempt.has_left_slurm:
            await self._scancel(watched)
        if attempt.has_left_slurm:
            (sight,) = await asyncio.to_thread(self._look, [watched], is_last=True)
            self._saw(watched, sight)
        if attempt.is_due(self._clock()):
            try:
                never_began = await asyncio.to_thread(watched.folder.revoke) and attempt.begun_s is None
            except OSError as error:
                _log.warning("attempt %s cannot be concluded yet: %s", attempt.handle, error)
            else:
                attempt.is_given_up = never_began
                self._put(watched, attempt.concluded(self._clock()))
        elif attempt.never_begins(self._clock(), self._settings.options.begin_s):
            await self._give_up(watched)

    async def _give_up(self, watched: _Watched) -> None:
        """Have an attempt never begin, unless it has just begun."""
        try:
            is_given_up = await asyncio.to_thread(watched.folder.revoke)
        except OSError as error:
            _log.warning("attempt %s cannot be given up yet: %s", watched.attempt.handle, error)
            return
        if is_given_up:
            if not watched.attempt.is_guest:
                await self._scancel(watched)
            self._put(watched, watched.attempt.given_up(self._clock()))

    async def _wake_if_due(self, watched: _Watched) -> None:
        """Give an attempt to Slurm again if it needs the nodes that it gave back. Without an answer: later."""
        attempt, note = watched.attempt, watched.folder.note
        job_id = attempt.handle.rpartition(".")[0]
        needs_nodes = await self._sleepers.need_nodes(job_id, note.uid)
        if needs_nodes is None and attempt.suspension is not None:
            needs_nodes = self._clock() >= attempt.suspension.until_s
        if not needs_nodes or not attempt.sleeps:
            return
        try:
            job = job_in(note.batch_job or {})
            number = await self._control.submit(job)
        except (*_NoAnswer, InvalidOption, msgspec.ValidationError) as error:
            await self._not_taken_again(watched, error)
            return
        attempt.resubmitted(number)
        watched.since_s = time.monotonic()
        if attempt.cause is not None:  # cancelled meanwhile
            await self._scancel(watched)

    async def _not_taken_again(self, watched: _Watched, error: Exception) -> None:
        """Slurm did not take a job that needs its nodes again: it is tried later, unless that would change nothing."""
        _log.warning("%s needs its nodes again and was not taken by Slurm: %s", watched.attempt.handle, error)
        is_temporary = isinstance(error, SlurmRefused) and error.is_temporary
        if is_temporary or isinstance(error, ControllerUnreachable | NotUnderstood):
            return
        await asyncio.to_thread(watched.folder.revoke)
        await self._close_sleepers(watched)
        self._put(
            watched, watched.attempt.not_taken(f"Slurm did not give the job its nodes again: {error}", self._clock())
        )

    async def _close_sleepers(self, watched: _Watched) -> None:
        job_id = watched.attempt.handle.rpartition(".")[0]
        await self._sleepers.close(job_id, watched.folder.note.uid)

    async def _close_up(self, watched: _Watched, row: SlurmJob | None) -> None:
        """Take a folder away when Slurm has done with the attempt; what Slurm would run again is cancelled."""
        phase = "ended" if row is None or watched.attempt.is_guest else phase_of(row.state)
        if phase == "ended":
            del self._closing[watched.attempt.handle]
            await asyncio.to_thread(watched.folder.remove)
        elif row is not None and (phase == "waiting" or time.monotonic() - watched.since_s > _CLOSING_S):
            watched.attempt.slurm_id = row.id
            await self._scancel(watched)

    async def _cancel_orphans(self, rows: Sequence[SlurmJob]) -> None:
        """Jobs of ours that nobody waits for: Slurm took them and could not say so."""
        if not self._is_adopted:
            return
        known = {self._key(each) for each in (*self._watched.values(), *self._closing.values())}
        known |= {(self._preparation.comment(spot.name), spot.uid) for spot in self._warm.spots.values()}
        mine = f"{self._preparation.instance}."
        for row in rows:
            is_ours = row.comment is not None and row.comment.startswith(mine)
            if is_ours and (row.comment, row.uid) not in known and phase_of(row.state) != "ended":
                with suppress(*_NoAnswer):
                    await self._control.cancel(row.id)
