"""Which Slurm job a session belongs to: told once when it opens, and watched until the job is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from qat.comm.broker.messages import OpenSession
from qhpc.broker.brokerage import Who
from qhpc.broker.identity import Identity
from qhpc.slurm.controller import ControllerUnreachable
from qhpc.slurm.directory import JobDirectory, SlurmJob, duty_of, is_over

__all__ = ["NotOfThisJob", "SlurmWatch"]

_log = logging.getLogger(__name__)


class NotOfThisJob(Exception):  # noqa: N818 (says what it is)
    """The session claims a Slurm job that is not its user's, or is over; the message says what to do."""


class SlurmWatch:
    """Looks after the Slurm jobs of sessions.

    Args:
        directory: tells which jobs there are; None where there is no Slurm: what sessions say is taken for granted.
        poll_s: what it told is good for so long.
        clock: counts seconds.
    """

    def __init__(
        self, directory: JobDirectory | None, poll_s: float = 2.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory, self._poll_s, self._clock = directory, poll_s, clock
        self._jobs: Mapping[int, SlurmJob] | None = None
        self._asked_s = -poll_s

    async def who(self, identity: Identity, message: OpenSession) -> Who:
        """Who opens a session, with what its Slurm job was granted.

        While the controller cannot be reached, the session is taken as it says it is, and looked at later.

        Raises:
            NotOfThisJob: the Slurm job is another user's, or over, or unknown.
        """
        job_id = message.slurm_job
        if job_id is None or self._directory is None:
            return Who(identity.user, identity.uid, slurm_job=job_id)
        jobs = await self._known(fresh=self._jobs is None or job_id not in self._jobs)
        if jobs is None:
            return Who(identity.user, identity.uid, slurm_job=job_id)
        job = jobs.get(job_id)
        if job is None or is_over(job):
            raise NotOfThisJob(f"Slurm job {job_id} is over or unknown: run this inside of a Slurm job that runs")
        if not _is_of(job, identity):
            raise NotOfThisJob(f"Slurm job {job_id} is {job.user}'s, and this is {identity.user}")
        share = min(duty_of(job, message.pool), 1.0) or None
        return Who(identity.user, identity.uid, job.account or "", job.nb_nodes, share, job_id)

    async def over(self, sessions: Mapping[str, int]) -> dict[str, str]:
        """Sessions whose Slurm jobs are over, with the reason; none while nobody knows."""
        jobs = await self._known(fresh=True) if self._directory is not None and sessions else None
        if jobs is None:
            return {}
        return {
            session_id: f"its Slurm job {job_id} is over"
            for session_id, job_id in sessions.items()
            if is_over(jobs.get(job_id))
        }

    async def _known(self, *, fresh: bool) -> Mapping[int, SlurmJob] | None:
        """All jobs; None if nobody knows."""
        if self._directory is None:
            return None
        if fresh or self._clock() - self._asked_s >= self._poll_s:
            try:
                self._jobs = await self._directory.jobs()
            except ControllerUnreachable as error:
                _log.warning("nothing is known of Slurm's jobs: %s", error)
                self._jobs = None
            self._asked_s = self._clock()
        return self._jobs


def _is_of(job: SlurmJob, identity: Identity) -> bool:
    return job.uid == identity.uid if identity.uid is not None else job.user == identity.user
