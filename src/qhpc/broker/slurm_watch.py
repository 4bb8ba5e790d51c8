"""Which Slurm job a session belongs to: told once when it opens, and watched until the job is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from qat.comm.broker.messages import OpenSession
from qhpc.broker.brokerage import Who
from qhpc.broker.identity import Identity
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.directory import JobDirectory, JobRun, SlurmJob, duty_of, has_nodes, is_over, run_of
from qhpc.slurm.parsers import NotUnderstood

__all__ = ["NotOfThisJob", "SlurmWatch"]

_log = logging.getLogger(__name__)

_NO_ANSWER = (ControllerUnreachable, SlurmRefused, NotUnderstood)

_PUT_BACK_S = 10.0
"""A running job that waits for so long was put back into the queue, and what still runs of it has survived its node."""


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
        self._waits_since_s: dict[int, float] = {}
        self._restarts: dict[JobRun, int] = {}

    async def who(self, identity: Identity, message: OpenSession) -> Who:
        """Who opens a session, with what its Slurm job was granted.

        While the controller cannot be reached, the session is taken as it says it is, and looked at later.

        Raises:
            NotOfThisJob: the Slurm job is another user's, or has no nodes, or is over, or unknown, or was begun anew
                since this process began.
        """
        job_id = message.slurm_job
        if job_id is None or self._directory is None:
            return Who(identity.user, identity.process_uid, slurm_job=job_id)
        known = None if self._jobs is None else self._jobs.get(job_id)
        is_right = known is not None and has_nodes(known) and _is_of(known, identity)  # else its id may be used again
        jobs = await self._known(fresh=not is_right)
        if jobs is None:
            return Who(identity.user, identity.process_uid, slurm_job=job_id)
        job = jobs.get(job_id)
        if job is None or is_over(job):
            raise NotOfThisJob(f"Slurm job {job_id} is over or unknown: run this inside of a Slurm job that runs")
        if not _is_of(job, identity):
            raise NotOfThisJob(f"Slurm job {job_id} is {job.user}'s, and this is {identity.user}")
        if self._is_put_back(job):
            raise NotOfThisJob(f"Slurm job {job_id} has lost its nodes: it waits in the queue, and will begin anew")
        if message.slurm_restart < await self._nb_restarts(job):
            raise NotOfThisJob(f"Slurm job {job_id} was begun anew; this is left of a former run, whose node was lost")
        share = min(duty_of(job, message.pool), 1.0) or None
        return Who(identity.user, identity.process_uid, job.account or "", job.nb_nodes, share, job_id, job.submitted)

    async def _nb_restarts(self, job: SlurmJob) -> int:
        """How often a job was begun anew, asked once for each run; 0 while nobody knows."""
        assert self._directory is not None
        run = run_of(job)
        if run not in self._restarts:
            try:
                self._restarts[run] = await self._directory.nb_restarts(job.id)
            except _NO_ANSWER as error:
                _log.warning("nothing is known of Slurm job %d: %s", job.id, error)
                return 0
        return self._restarts[run]

    async def jobs(self, *, fresh: bool = False) -> Mapping[int, SlurmJob]:
        """All jobs that Slurm knows, as of the last poll or ``fresh``; none while nobody knows."""
        return await self._known(fresh=fresh) or {}

    async def over(self, sessions: Mapping[str, JobRun]) -> dict[str, str]:
        """Sessions whose Slurm jobs have no nodes any more, with the reason; none while nobody knows."""
        jobs = await self._known(fresh=True) if self._directory is not None and sessions else None
        if jobs is None:
            return {}
        self._note_waiting([job for job_id, _ in set(sessions.values()) if (job := jobs.get(job_id)) is not None])
        self._restarts = {run: nb for run, nb in self._restarts.items() if run.job_id in jobs}
        reasons = {session_id: self._why_over(run, jobs.get(run.job_id)) for session_id, run in sessions.items()}
        return {session_id: reason for session_id, reason in reasons.items() if reason is not None}

    def unproven(self, sessions: Mapping[str, JobRun]) -> list[str]:
        """Sessions that were opened while Slurm could not be asked, and of whose jobs it has told now."""
        jobs = self._jobs or {}
        return [
            session_id
            for session_id, run in sessions.items()
            if not run.submitted and (job := jobs.get(run.job_id)) is not None and job.submitted
        ]

    def _note_waiting(self, jobs: Sequence[SlurmJob]) -> None:
        """Since when jobs have been without nodes. A controller that was killed thinks so of new ones for a while."""
        now_s = self._clock()
        self._waits_since_s = {job.id: self._waits_since_s.get(job.id, now_s) for job in jobs if not has_nodes(job)}

    def _is_put_back(self, job: SlurmJob) -> bool:
        since_s = self._waits_since_s.get(job.id)
        return not has_nodes(job) and since_s is not None and self._clock() - since_s >= _PUT_BACK_S

    def _why_over(self, run: JobRun, job: SlurmJob | None) -> str | None:
        if job is None or is_over(job):
            return f"its Slurm job {run.job_id} is over"
        if run.submitted not in ("", job.submitted):
            return f"its Slurm job {run.job_id} has lost its nodes and begins anew, or Slurm forgot it in a crash"
        return f"its Slurm job {run.job_id} has lost its nodes and will begin anew" if self._is_put_back(job) else None

    async def _known(self, *, fresh: bool) -> Mapping[int, SlurmJob] | None:
        """All jobs; None if nobody knows."""
        if self._directory is None:
            return None
        if fresh or self._clock() - self._asked_s >= self._poll_s:
            try:
                self._jobs = await self._directory.jobs()
            except _NO_ANSWER as error:
                _log.warning("nothing is known of Slurm's jobs: %s", error)
                self._jobs = None
            self._asked_s = self._clock()
        return self._jobs


def _is_of(job: SlurmJob, identity: Identity) -> bool:
    """An access server may run jobs of its users under its own account, and speaks for them."""
    uids = {identity.uid, identity.speaker_uid} - {None}
    return job.uid in uids if uids else job.user == identity.user
