"""What the launcher says to Slurm, and hears from it. That Slurm does not answer says nothing about any job."""

from __future__ import annotations

import logging
from contextlib import suppress

from qhpc.access.launchers.protocol import Standing
from qhpc.access.launchers.slurm_requests import JOB_NAME
from qhpc.access.launchers.slurm_standing import licences_of, standing_of
from qhpc.slurm.commands import BatchJob
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.job_control import JobControl
from qhpc.slurm.parsers import NotUnderstood, SlurmJob

__all__ = ["NoAnswer", "SlurmQueue"]

_log = logging.getLogger(__name__)

NoAnswer = (ControllerUnreachable, SlurmRefused, NotUnderstood)
"""What it raises when Slurm does not do what it is asked for."""


class SlurmQueue:
    """The jobs of launchers in Slurm.

    Args:
        control: gives jobs to Slurm.

    Attributes:
        trouble: what is said to people while Slurm does not list jobs; None if it does.
    """

    def __init__(self, control: JobControl) -> None:
        self._control = control
        self.trouble: str | None = None

    async def submit(self, job: BatchJob) -> int:
        """Submit a job; its number.

        Raises:
            InvalidOption: the job asks for what users may not have.
            SlurmRefused: Slurm does not take it.
            ControllerUnreachable, NotUnderstood: it may have been taken or not.
        """
        return await self._control.submit(job)

    async def jobs(self) -> list[SlurmJob] | None:
        """All jobs of launchers, those that ended minutes ago too; None if Slurm does not answer."""
        try:
            rows = await self._control.jobs(JOB_NAME)
        except NoAnswer as error:
            if self.trouble is None:
                _log.warning("Slurm does not answer; nothing is known of jobs meanwhile: %s", error)
            self.trouble = f"Slurm does not answer: {error}"
            return None
        if self.trouble is not None:
            _log.warning("Slurm answers again")
            self.trouble = None
        return rows

    async def cancel(self, number: int) -> None:
        """Cancel a job that was listed just now. Without an answer nothing happens."""
        with suppress(*NoAnswer):
            await self._control.cancel(number)

    async def cancel_own(self, number: int, key: tuple[str, int]) -> None:
        """Cancel a job if its number is still its own. Without an answer nothing happens."""
        with suppress(*NoAnswer):
            if any((row.comment, row.uid) == key for row in await self._control.job(number)):
                await self._control.cancel(number)

    async def standing(self, said: str, row: SlurmJob) -> Standing:
        """Where a job stands that waits, asked now.

        Args:
            said: its state and reason in words.
            row: its last one.
        """
        try:
            queue = await self._control.waiting()
            licences = await self._control.licenses() if row.licenses else []
        except NoAnswer as error:
            return Standing(reasons=(said, f"Slurm does not answer now: {error}"))
        return standing_of(said, row, queue, licences_of(licences))
