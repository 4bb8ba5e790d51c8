"""What a launcher does with jobs of Slurm, and the way of doing it that every cluster has: Slurm's commands.

The other one is HTTP: :mod:`qhpc.slurm.rest`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Protocol

from qhpc.slurm.commands import BatchJob, sbatch, scancel, show, squeue, waiting
from qhpc.slurm.controller import Controller, SlurmRefused
from qhpc.slurm.directory import listed_jobs
from qhpc.slurm.parsers import SlurmJob, parse_jobs, parse_record, parse_submitted

__all__ = ["CommandControl", "JobControl"]

_SUBMIT_DEADLINE_S = 30.0


class JobControl(Protocol):
    """Gives jobs to Slurm, lists them and ends them.

    Everything raises ``ControllerUnreachable`` when Slurm does not answer, so that nothing is known; ``SlurmRefused``
    when it says no; ``NotUnderstood`` when it answers what was not expected.
    """

    async def submit(self, job: BatchJob) -> int:
        """Submit a job; its id.

        Raises:
            InvalidOption: an option or a licence is none that users may give.
        """

    async def jobs(self, name: str | None = None) -> list[SlurmJob]:
        """All jobs that the controller knows, ended ones too, of one name or of any."""

    async def job(self, number: int) -> list[SlurmJob]:
        """The job of an id, the parts of an array or a heterogeneous job; none if there is none."""

    async def waiting(self) -> list[SlurmJob]:
        """Jobs that wait, the next one first; their time of start is the expected one."""

    async def cancel(self, number: int) -> None:
        """End a job; it has the site's KillWait to end by itself."""

    async def licenses(self) -> Sequence[Mapping[str, str]]:
        """The licences of the cluster, as ``scontrol show licenses`` has them."""


class CommandControl:
    """A :class:`JobControl` by Slurm's commands.

    Args:
        controller: runs them.
    """

    def __init__(self, controller: Controller | None = None) -> None:
        self._controller = controller or Controller()

    async def submit(self, job: BatchJob) -> int:
        """See the protocol."""
        return parse_submitted(await self._controller.run(sbatch(job), deadline_s=_SUBMIT_DEADLINE_S))

    async def jobs(self, name: str | None = None) -> list[SlurmJob]:
        """See the protocol."""
        return await listed_jobs(self._controller, name)

    async def job(self, number: int) -> list[SlurmJob]:
        """See the protocol."""
        marker = secrets.token_hex(8)
        try:
            return parse_jobs(await self._controller.run(squeue(marker, ids=(number,))), marker)
        except SlurmRefused as error:
            if "invalid job id" in str(error).lower():
                return []
            raise

    async def waiting(self) -> list[SlurmJob]:
        """See the protocol."""
        marker = secrets.token_hex(8)
        return parse_jobs(await self._controller.run(waiting(marker)), marker)

    async def cancel(self, number: int) -> None:
        """See the protocol."""
        await self._controller.run(scancel(number))

    async def licenses(self) -> Sequence[Mapping[str, str]]:
        """See the protocol."""
        return [parse_record(line) for line in (await self._controller.run(show("licenses"))).splitlines()]
