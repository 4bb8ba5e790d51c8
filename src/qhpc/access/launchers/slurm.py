"""The Slurm launcher: each job is a batch job of its owner, told by files in a folder that the nodes share.

What is known comes from two places. The folder of an attempt says that it was begun, what it writes and how it ended;
Slurm says whether there will be more. An outcome in the folder always wins; that the controller does not answer says
nothing. An attempt that is given up is revoked in its folder first, so that nothing begins to run it later, whatever
Slurm still does with it.

    slurm_preparation  folder, script and batch job of an attempt
    slurm_submission   gives it to Slurm, or to a warm runner
    slurm_care         looks at folders, asks Slurm, and does what is to be done
    slurm_table        what that is, as a table (pure)
    slurm_attempts     what one attempt reports (pure)
    slurm_queue        what is said to Slurm
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence

from qhpc.access.launchers.inbox import Inbox
from qhpc.access.launchers.protocol import Launch, LaunchError, Lost, Report, Standing
from qhpc.access.launchers.slurm_care import Care
from qhpc.access.launchers.slurm_control import control_of
from qhpc.access.launchers.slurm_endings import FORGOTTEN
from qhpc.access.launchers.slurm_preparation import Preparation
from qhpc.access.launchers.slurm_queue import SlurmQueue
from qhpc.access.launchers.slurm_settings import SlurmSettings
from qhpc.access.launchers.slurm_submission import Submitter
from qhpc.access.launchers.spool_folder import found_folders
from qhpc.slurm.job_control import JobControl
from qhpc.slurm.states import phase_of

__all__ = ["SlurmLauncher", "SlurmSettings"]


class SlurmLauncher:
    """Gives jobs to Slurm. Use it within one event loop; see the protocol ``Launcher``.

    Args:
        settings: how jobs run.
        clock: seconds since 1970.
        control: gives jobs to Slurm; what the settings say, by default.

    Raises:
        PermissionError: jobs are to run as their owners, and this process is not root.
    """

    name = "slurm"

    def __init__(
        self, settings: SlurmSettings, clock: Callable[[], float] = time.time, control: JobControl | None = None
    ) -> None:
        if settings.run_as == "owner" and os.geteuid() != 0:
            raise PermissionError("run_as='owner' needs a server that is root; run it as root, or use run_as='server'")
        self._settings, self._clock = settings, clock
        self._inbox = Inbox()
        self._preparation = Preparation(settings)
        self._queue = SlurmQueue(control or control_of(settings.options))
        self._care = Care(settings, clock, self._queue, self._inbox)
        self._submitter = Submitter(settings, self._preparation, self._queue, self._care)
        self._table = self._care.table

    async def open(self) -> None:
        """Begin to watch.

        Raises:
            OSError: the spool cannot be used.
        """
        await asyncio.to_thread(self._preparation.prepare_spool)
        self._care.prefix = self._preparation.comment("")
        for loop in (self._care.watch, self._care.poll):
            self._care.background.keep(loop, self._settings.options.poll_s)

    async def close(self) -> None:
        """Let go; jobs in Slurm run on, and are found again by ``adopt``."""
        await self._care.background.close()
        for attempt in self._table.all_live:
            await asyncio.to_thread(self._care.folders[attempt.handle].keep_note)
        self._inbox.close()

    async def submit(self, launch: Launch) -> str:
        """Give a job to Slurm; see the protocol.

        Raises:
            LaunchError: Slurm refuses it or does not answer (``retryable``), or the owner is no Unix user.
        """
        if launch.handle in self._table.attempts:
            return launch.handle
        if self.free_slots <= 0:
            nb_live = len(self._table.all_live)
            raise LaunchError(self._queue.trouble or f"{nb_live} jobs are in Slurm already", retryable=True)
        await self._submitter.submit(launch)
        return launch.handle

    async def cancel(self, handle: str, *, grace_s: float = 0.5) -> None:
        """End a job; one that has not begun is reported as ended at once. One that has ended is left alone.

        What does not end by itself is killed after KillWait of Slurm's configuration, whatever ``grace_s``.
        """
        attempt = self._table.live(handle)
        if attempt is not None and attempt.cause is None:
            await self._care.end(attempt, "cancelled")

    async def adopt(self, handles: Sequence[str]) -> None:
        """Care for jobs that a former server process gave to Slurm; what is left of others is taken away."""
        found = await asyncio.to_thread(found_folders, self._settings.spool)
        for handle in [each for each in handles if each not in self._table.attempts and each not in found]:
            job_id, _, number = handle.rpartition(".")
            self._inbox.put(Lost(job_id=job_id, attempt=int(number), time_s=self._clock(), reason=FORGOTTEN))
        for handle in found.keys() - self._table.attempts.keys():
            attempt = self._submitter.attempt(found[handle], handle, "new" if handle in handles else "over")
            attempt.submitted(None, time.monotonic())
            self._care.add(attempt, found[handle])
        await asyncio.to_thread(self._care.warm.sweep)
        self._care.has_adopted = True
        self._care.news.set()

    def reports(self) -> AsyncIterator[Report]:
        """News of all jobs."""
        return aiter(self._inbox)

    @property
    def free_slots(self) -> int:
        """How many more jobs Slurm may be given; none while it does not answer."""
        if not self._care.background.is_open or self._queue.trouble is not None:
            return 0
        return max(0, self._settings.options.max_jobs - len(self._table.all_live))

    def explanation(self, handle: str) -> str | None:
        """Where a job is in Slurm, and why, said to people; None if it is not there."""
        attempt = self._table.live(handle)
        return None if attempt is None else attempt.explanation()

    def cluster_id(self, handle: str) -> str | None:
        """Its number in Slurm."""
        attempt = self._table.live(handle)
        return None if attempt is None or attempt.slurm_id is None else str(attempt.slurm_id)

    async def standing(self, handle: str) -> Standing | None:
        """Where a job is in Slurm, asked now if it waits."""
        attempt = self._table.live(handle)
        if attempt is None:
            return None
        said, row = attempt.explanation(), attempt.row
        if row is None or phase_of(row.state) != "waiting":
            return Standing(reasons=(said,))
        return await self._queue.standing(said, row)
