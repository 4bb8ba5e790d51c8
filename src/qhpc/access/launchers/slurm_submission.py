"""Gives attempts to Slurm, or to a warm runner that waits, and sees to it that what was not taken never runs."""

from __future__ import annotations

import logging
import time

from qhpc.access.launchers.lines import JobLog
from qhpc.access.launchers.protocol import Launch, LaunchError
from qhpc.access.launchers.slurm_attempts import Attempt, Stage
from qhpc.access.launchers.slurm_care import Care
from qhpc.access.launchers.slurm_preparation import Identity, Preparation
from qhpc.access.launchers.slurm_queue import NoAnswer, SlurmQueue
from qhpc.access.launchers.slurm_settings import SlurmSettings
from qhpc.access.launchers.spool_folder import SpoolFolder
from qhpc.slurm.commands import BatchJob, InvalidOption
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.parsers import NotUnderstood

__all__ = ["Submitter"]

_log = logging.getLogger(__name__)


class Submitter:
    """Submits attempts.

    Args:
        settings: how jobs run.
        preparation: prepares what is submitted.
        queue: of Slurm.
        care: cares for attempts from then on.
    """

    def __init__(self, settings: SlurmSettings, preparation: Preparation, queue: SlurmQueue, care: Care) -> None:
        self._settings, self._preparation, self._queue, self._care = settings, preparation, queue, care

    def attempt(self, folder: SpoolFolder, handle: str, stage: Stage = "new") -> Attempt:
        """An attempt whose folder is there."""
        host = folder.note.host
        key = (self._preparation.comment(host or handle), folder.note.uid)
        log = JobLog(self._settings.log)
        return Attempt(handle, key, folder.note.resources, log, is_guest=host is not None, stage=stage)

    async def submit(self, launch: Launch) -> None:
        """Have an attempt run.

        Raises:
            LaunchError: Slurm refuses it or does not answer (``retryable``), or the owner is no Unix user.
        """
        identity = self._preparation.identity(launch.owner)
        folder, job, is_small = await self._preparation.attempt(launch, identity)
        attempt = self.attempt(folder, launch.handle)
        self._care.add(attempt, folder)
        try:
            if is_small and await self._is_given_to_warm(launch.owner, attempt, folder):
                return
            await self._give(attempt, job)
        except OSError as error:
            await self._care.forget(launch.handle)
            raise LaunchError(f"the folder of the job cannot be used: {error}", retryable=True) from error
        except LaunchError:
            await self._care.forget(launch.handle)
            raise
        except BaseException:
            self._care.abandon(launch.handle)
            raise
        if attempt.is_over:  # cancelled meanwhile
            await self._care.cancel(attempt)
        self._care.news.set()
        if is_small and self._care.warm.is_wanted(launch.owner):
            self._care.background.start(self._start_warm(launch.owner, identity))

    async def _give(self, attempt: Attempt, job: BatchJob) -> None:
        """Give an attempt to Slurm.

        Raises:
            LaunchError: Slurm has not taken it, or nothing of it will ever run.
        """
        number = None
        try:
            number = await self._queue.submit(job)
        except (SlurmRefused, InvalidOption) as error:
            is_temporary = isinstance(error, SlurmRefused) and error.is_temporary
            raise LaunchError(str(error), retryable=is_temporary) from error
        except (ControllerUnreachable, NotUnderstood) as error:
            self._care.suspect()  # Slurm may have it or not: unless it has begun, it never does
            if await self._care.revoke(attempt):
                raise LaunchError(str(error), retryable=True) from error
        attempt.submitted(number, time.monotonic())

    # --- warm runners ---

    async def _is_given_to_warm(self, owner: str, attempt: Attempt, folder: SpoolFolder) -> bool:
        """Give a small job to a warm runner of its owner, if one waits."""
        spot = await self._care.warm.soon_ready(owner)
        if spot is None:
            return False
        folder.note.host = spot.name
        try:
            folder.write_note()
            is_given = spot.give(attempt.handle)
        except OSError:
            _log.exception("a warm runner cannot be used")
            is_given = False
        if is_given:
            attempt.is_guest, attempt.key = True, (self._preparation.comment(spot.name), spot.uid)
            attempt.submitted(spot.slurm_id, time.monotonic())
            self._care.news.set()
            return True
        folder.note.host = None
        folder.write_note()
        return False

    async def _start_warm(self, owner: str, identity: Identity) -> None:
        """Have a warm runner for the next small jobs of a user; without one they run as others do."""
        try:
            spot, job = self._preparation.warm(self._care.warm, owner, identity)
        except OSError:
            _log.exception("the folder of a warm runner cannot be made")
            return
        try:
            spot.slurm_id, spot.since_s = await self._queue.submit(job), time.monotonic()
        except NoAnswer as error:
            _log.warning("a warm runner was not started: %s", error)
            self._care.warm.drop(spot)
