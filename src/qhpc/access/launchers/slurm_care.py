"""Cares for attempts in Slurm: looks at their folders, asks Slurm about all of them, does what the table says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import msgspec

from qhpc.access.launchers.background import Background
from qhpc.access.launchers.endings import Cause
from qhpc.access.launchers.inbox import Inbox
from qhpc.access.launchers.protocol import Ended, Lost, Report, handle_of
from qhpc.access.launchers.sleepers import BrokerSleepers
from qhpc.access.launchers.slurm_attempts import Attempt, Moment
from qhpc.access.launchers.slurm_queue import NoAnswer, SlurmQueue
from qhpc.access.launchers.slurm_requests import job_in
from qhpc.access.launchers.slurm_settings import SlurmSettings
from qhpc.access.launchers.slurm_table import AttemptTable, Patience, Step
from qhpc.access.launchers.spool_folder import Sight, SpoolFolder
from qhpc.access.launchers.warm_runners import WarmRunners, WarmSpot
from qhpc.slurm.commands import InvalidOption
from qhpc.slurm.controller import SlurmRefused
from qhpc.slurm.parsers import SlurmJob
from qhpc.slurm.states import phase_of

__all__ = ["Care"]

_log = logging.getLogger(__name__)

_WATCHING_PART = 0.05
"""Looking at folders takes at most this part of the time of a core."""
_POLLING_PART = 0.1
"""Asking Slurm takes at most this part of the time of its controller; that is not busy while it does not answer."""
_MAX_POLL_S = 10.0
_SUSPECTS_S = 120.0


class Care:
    """Use it within one event loop.

    Args:
        settings: how jobs run.
        clock: seconds since 1970.
        queue: of Slurm.
        inbox: takes the reports.

    Attributes:
        table: the attempts.
        folders: of each of them, by handle.
        warm: the warm runners.
        news: set it when there is an attempt more.
        background: what goes on beside.
        prefix: of the comments of all our jobs.
        has_adopted: whether it knows of all that a former server cared for; until then jobs that nobody knows are left
            alone.
    """

    def __init__(self, settings: SlurmSettings, clock: Callable[[], float], queue: SlurmQueue, inbox: Inbox) -> None:
        self._settings, self._clock, self._queue, self._inbox = settings, clock, queue, inbox
        patience = Patience(
            outcome_s=settings.outcome_grace_s, begin_s=settings.options.begin_s, closing_s=settings.closing_s
        )
        self.table = AttemptTable(patience)
        self.folders: dict[str, SpoolFolder] = {}
        self.warm = WarmRunners(settings.spool)
        self.news, self._poll_now, self._looking = asyncio.Event(), asyncio.Event(), asyncio.Lock()
        self.prefix, self.has_adopted = "", False
        self.background = Background()
        self._suspects_until_s = 0.0
        self._sleepers = BrokerSleepers(settings.broker)

    def now(self) -> Moment:
        """The time."""
        return Moment(self._clock(), time.monotonic())

    def add(self, attempt: Attempt, folder: SpoolFolder) -> None:
        """Care for one more."""
        self.table.attempts[attempt.handle], self.folders[attempt.handle] = attempt, folder

    async def forget(self, handle: str) -> None:
        """Care for one no more, and take its folder away."""
        self.table.attempts.pop(handle, None)
        folder = self.folders.pop(handle, None)
        if folder is not None:
            await asyncio.to_thread(folder.remove)

    def abandon(self, handle: str) -> None:
        """Care for one no more, whatever became of its submission, which was broken off; it never begins."""
        self.table.attempts.pop(handle, None)
        with suppress(OSError):
            self.folders.pop(handle).revoke()

    # --- folders ---

    async def watch(self) -> None:
        """Look at all folders, again and again."""
        while True:
            if not self.table.all_live:
                self.news.clear()
                await self.news.wait()
            begin_s = time.monotonic()
            await self._look(self.table.all_live)
            for attempt in self.table.out_of_time(time.monotonic()):
                self.background.start(self.end(attempt, "time-limit"))
            spent_s = time.monotonic() - begin_s
            await asyncio.sleep(max(self._settings.options.watch_s, spent_s / _WATCHING_PART))

    async def _look(self, attempts: Sequence[Attempt], *, is_last: bool = False) -> None:
        async with self._looking:  # what a folder has told once is not told again
            known = [(each, self.folders[each.handle]) for each in attempts if each.handle in self.folders]
            sights = await asyncio.to_thread(self._sights, [folder for _, folder in known], is_last)
            for (attempt, _), sight in zip(known, sights, strict=True):
                self._put(attempt.saw(sight, self.now()))

    def _sights(self, folders: Iterable[SpoolFolder], is_last: bool) -> list[Sight]:
        """What is new in folders; what was reported before is noted first."""
        sights = []
        for folder in folders:
            folder.keep_note()
            sights.append(folder.look(self._settings.max_result_bytes, is_last=is_last))
        return sights

    def _put(self, reports: list[Report]) -> None:
        """Pass reports on; the warm runner of what is over is free."""
        for report in reports:
            self._inbox.put(report)
            if isinstance(report, Ended | Lost):
                self.warm.left(handle_of(report.job_id, report.attempt))

    # --- Slurm ---

    async def poll(self) -> None:
        """Ask about all jobs at once, again and again, while there are any or Slurm did not answer."""
        while True:
            spent_s = 0.0
            self._poll_now.clear()
            if self._is_any_in_slurm:
                begin_s = time.monotonic()
                await self._ask(begin_s)
                spent_s = time.monotonic() - begin_s
            part = _POLLING_PART if self._queue.trouble is None else 1.0
            pause_s = max(self._settings.options.poll_s, min(spent_s / part, _MAX_POLL_S))
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._poll_now.wait()

    @property
    def _is_any_in_slurm(self) -> bool:
        is_any = bool(self.table.attempts or self.warm.spots or self._queue.trouble)
        return is_any or time.monotonic() < self._suspects_until_s

    def ask_soon(self) -> None:
        """Ask Slurm at once, not at the next time."""
        self._poll_now.set()

    def suspect(self) -> None:
        """Slurm has not answered a submission: a job may appear that nobody waits for."""
        self._suspects_until_s = time.monotonic() + _SUSPECTS_S
        self.ask_soon()

    async def _ask(self, begin_s: float) -> None:
        rows = await self._queue.jobs()
        if rows is None:
            return
        self._put(self.table.heard(rows, begin_s, self.now()))
        steps = self.table.steps(begin_s, time.monotonic())
        await asyncio.gather(*(self._wake_if_due(attempt) for attempt, step in steps if step == "wake"))
        for attempt, step in steps:
            await self._do(step, attempt)
        await self._drop_spots(rows, begin_s)
        if self.has_adopted:
            spots = [self._key(spot) for spot in self.warm.spots.values()]
            for number in list(self.table.orphans(rows, self.prefix, spots)):
                await self._queue.cancel(number)

    async def _drop_spots(self, rows: Sequence[SlurmJob], asked_s: float) -> None:
        """Forget warm runners that Slurm has done with."""
        live = {(row.comment, row.uid) for row in rows if phase_of(row.state) != "ended"}
        for spot in [each for each in self.warm.spots.values() if each.since_s < asked_s]:
            if self._key(spot) not in live:
                await asyncio.to_thread(self.warm.drop, spot)

    def _key(self, spot: WarmSpot) -> tuple[str, int]:
        return f"{self.prefix}{spot.name}", spot.uid

    # --- steps ---

    async def _do(self, step: Step, attempt: Attempt) -> None:
        match step:
            case "cancel":
                await self.cancel(attempt)
            case "conclude":
                await self._conclude(attempt)
            case "give-up":
                await self._give_up(attempt)
            case "remove":
                await self.forget(attempt.handle)

    async def cancel(self, attempt: Attempt) -> None:
        """Have Slurm end its job. Without an answer the next poll tries again."""
        if attempt.slurm_id is not None:
            await self._queue.cancel_own(attempt.slurm_id, attempt.key)

    async def end(self, attempt: Attempt, cause: Cause) -> None:
        """End an attempt: what has begun is asked to end, and killed after Slurm's KillWait; the rest never begins."""
        attempt.cause = cause
        if await self.revoke(attempt):
            self._put(attempt.stopped(self.now()))
        if not (attempt.is_guest and attempt.is_over):
            await self.cancel(attempt)
        if attempt.suspension is not None:
            await self._close_sleepers(attempt)
        self.ask_soon()

    async def revoke(self, attempt: Attempt) -> bool | None:
        """Have nothing begin to run an attempt; whether nothing has or ever will. On a full disk that is not known."""
        try:
            return await asyncio.to_thread(self.folders[attempt.handle].revoke)
        except OSError as error:
            _log.warning("attempt %s cannot be revoked: %s", attempt.handle, error)
            return None

    async def _conclude(self, attempt: Attempt) -> None:
        """Look for an outcome once more; then it has none, and does not begin any more."""
        await self._look([attempt], is_last=True)
        if self.table.step(attempt, time.monotonic()) != "conclude":
            return
        is_revoked = await self.revoke(attempt)
        if is_revoked is not None:
            attempt.is_given_up = is_revoked and attempt.begun_s is None
            self._put(attempt.concluded(self.now()))

    async def _give_up(self, attempt: Attempt) -> None:
        """Have an attempt never begin, unless it has just begun."""
        if await self.revoke(attempt):
            if not attempt.is_guest:
                await self.cancel(attempt)
            self._put(attempt.given_up(self.now()))

    # --- nodes given back ---

    async def _wake_if_due(self, attempt: Attempt) -> None:
        """Give an attempt to Slurm again if it needs the nodes that it gave back. Without an answer: later."""
        note = self.folders[attempt.handle].note
        needs_nodes = await self._sleepers.need_nodes(_job_id(attempt), note.uid)
        if needs_nodes is None and attempt.suspension is not None:
            needs_nodes = self._clock() >= attempt.suspension.until_s
        if not needs_nodes or not attempt.sleeps:
            return
        try:
            number = await self._queue.submit(job_in(note.batch_job or {}))
        except (*NoAnswer, InvalidOption, msgspec.ValidationError) as error:
            await self._not_taken_again(attempt, error)
            return
        attempt.submitted(number, time.monotonic())
        if attempt.cause is not None:  # cancelled meanwhile
            await self.cancel(attempt)

    async def _not_taken_again(self, attempt: Attempt, error: Exception) -> None:
        """Slurm did not take a job that needs its nodes again: it is tried later, unless that would change nothing."""
        _log.warning("%s needs its nodes again and was not taken by Slurm: %s", attempt.handle, error)
        is_final = isinstance(error, InvalidOption | msgspec.ValidationError)
        if is_final or (isinstance(error, SlurmRefused) and not error.is_temporary):
            await self.revoke(attempt)
            await self._close_sleepers(attempt)
            self._put(attempt.not_taken(f"Slurm did not give the job its nodes again: {error}", self.now()))

    async def _close_sleepers(self, attempt: Attempt) -> None:
        await self._sleepers.close(_job_id(attempt), self.folders[attempt.handle].note.uid)


def _job_id(attempt: Attempt) -> str:
    return attempt.handle.rpartition(".")[0]
