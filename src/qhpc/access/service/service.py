"""What users may do with jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from statistics import fmean
from typing import Literal

from qat.comm.access.messages import FINAL_STATES, Explanation, JobPage, JobView, LogLine, ServiceView, Usage
from qat.comm.broker.usage import Group, QpuUsage
from qhpc.access.jobs.ids import is_id
from qhpc.access.jobs.record import JobRecord
from qhpc.access.launchers.protocol import Catalogue, Launcher, LaunchError
from qhpc.access.qpu_queue import QpuQueue
from qhpc.access.service.caller import Caller
from qhpc.access.service.dispatcher import Dispatcher
from qhpc.access.service.explain import Situation, explain
from qhpc.access.service.hub import Hub
from qhpc.access.service.limits import Limits
from qhpc.access.service.problems import AccessProblem
from qhpc.access.service.sessions import Sessions
from qhpc.access.service.submissions import Origin, Submissions, unavailable
from qhpc.access.service.views import job_view
from qhpc.access.store.protocol import InvalidCursor, JobFilter, Store, UnknownJob

__all__ = ["AccessService", "Until"]

Until = Literal["started", "final"]
_LOG_LIMIT = 10_000


class AccessService:
    """Accepts jobs, has them run, and tells their owners.

    Args:
        store: keeps jobs; opened and closed by its owner.
        launcher: runs jobs; opened and closed here.
        catalogue: knows the services.
        limits: of the site.
        clock: seconds since 1970.
        qpu_queue: knows what running jobs wait for at shared QPUs; None where there are none.
    """

    def __init__(
        self,
        store: Store,
        launcher: Launcher,
        catalogue: Catalogue,
        limits: Limits,
        clock: Callable[[], float],
        qpu_queue: QpuQueue | None = None,
    ) -> None:
        self._qpu_queue = qpu_queue
        self._store, self._launcher, self._catalogue = store, launcher, catalogue
        self.limits, self.clock = limits, clock
        self.hub = Hub()
        self.dispatcher = Dispatcher(store, launcher, self.hub, clock)
        self.sessions = Sessions(store, self.dispatcher, clock)
        self._submissions = Submissions(store, catalogue, self.dispatcher, limits, clock)

    async def open(self) -> None:
        """Take up what a former process left, and begin."""
        for account in await self._store.accounts():
            self.dispatcher.set_running_limit(account.name, account.max_running_jobs)
        await self.dispatcher.open()

    async def close(self, drain_s: float = 2.0) -> None:
        """End all waits, give what runs ``drain_s`` to end, and let go of the launcher."""
        self.hub.close()
        await self.dispatcher.close(drain_s)

    # --- jobs ---

    async def submit(self, caller: Caller, body: bytes, idempotency_key: str | None) -> tuple[JobView, bool]:
        """The job of a submission, and whether it is new.

        Raises:
            AccessProblem: it is not accepted; nothing was kept.
        """
        self.dispatcher.set_running_limit(caller.name, caller.user.max_running_jobs)
        job, is_new = await self._submissions.accept(caller, body, Origin(idempotency_key=idempotency_key))
        return self.view(job), is_new

    async def rerun(self, caller: Caller, job_id: str, idempotency_key: str | None) -> tuple[JobView, bool]:
        """A new job with the submission of an old one."""
        parent = await self.record(caller, job_id)
        body = await self.submission(caller, job_id)
        job, is_new = await self._submissions.accept(
            caller, body, Origin(idempotency_key=idempotency_key, parent=parent)
        )
        return self.view(job), is_new

    async def record(self, caller: Caller, job_id: str) -> JobRecord:
        """A job that the caller may see.

        Raises:
            AccessProblem: ``unknown-job``: there is none, or it is someone else's.
        """
        active = self.dispatcher.jobs.get(job_id)
        job: JobRecord | None = None
        if active is not None:
            job = active.latest
        elif (recent := self.dispatcher.recent.get(job_id, self.clock())) is not None:
            job = recent[0]
        elif is_id(job_id):
            with suppress(UnknownJob):
                job = await self._store.get(job_id)
        if job is None or (job.owner != caller.name and not caller.is_operator):
            raise AccessProblem("unknown-job", f"there is no job {job_id[:60]!r} of yours")
        return job

    def view(self, job: JobRecord) -> JobView:
        """A job as its owner sees it."""
        is_over = job.state in FINAL_STATES
        cluster_id = None if is_over or job.handle is None else self._launcher.cluster_id(job.handle)
        return job_view(job, self.dispatcher.queue.position(job.owner, job.id), cluster_id)

    async def list(
        self, which: JobFilter, *, limit: int, cursor: str | None, order: Literal["newest", "oldest"]
    ) -> JobPage:
        """Part of the jobs."""
        try:
            page = await self._store.list(which, limit=limit, cursor=cursor, order=order)
        except InvalidCursor as error:
            raise AccessProblem("invalid-argument", str(error)) from None
        return JobPage(items=tuple(map(self._latest, page.items)), total=page.total, next_cursor=page.next_cursor)

    def _latest(self, job: JobRecord) -> JobView:
        """A job from the store, as it is by now."""
        active = self.dispatcher.jobs.get(job.id)
        return self.view(job if active is None else active.latest)

    async def wait(self, caller: Caller, job_id: str, wait_s: float, until: Until = "final") -> JobRecord:
        """The job, when it has ended (or started), or after ``wait_s``."""
        deadline = asyncio.get_running_loop().time() + min(wait_s, self.limits.max_wait_s)
        while True:
            change = self.hub.changed(job_id)
            try:
                job = await self.record(caller, job_id)
                if wait_s <= 0 or is_reached(job, until):
                    return job
                async with asyncio.timeout_at(deadline):
                    if await change is None:
                        return await self.record(caller, job_id)
            except TimeoutError:
                return await self.record(caller, job_id)
            finally:
                change.cancel()

    async def result(self, caller: Caller, job_id: str, wait_s: float) -> bytes | JobView:
        """The result of a job, or the job if it has not ended after ``wait_s``.

        Raises:
            AccessProblem: it ended without a result.
        """
        job = await self.wait(caller, job_id, wait_s)
        if job.state not in FINAL_STATES:
            return self.view(job)
        recent = self.dispatcher.recent.get(job_id, self.clock())
        if recent is not None:
            return recent[1]
        result = await self._store.result(job_id) if job.state == "done" else None
        if result is None:
            raise no_result(job)
        return result

    async def submission(self, caller: Caller, job_id: str) -> bytes:
        """What was sent.

        Raises:
            AccessProblem: ``files-deleted``.
        """
        job = await self.record(caller, job_id)
        try:
            return await self._store.submission(job_id)
        except UnknownJob:
            raise AccessProblem("files-deleted", f"the files of job {job.id} were removed") from None

    async def log(self, caller: Caller, job_id: str, first: int, limit: int) -> Sequence[LogLine]:
        """Lines of a job's log."""
        await self.record(caller, job_id)
        return await self._store.log(job_id, first=first, limit=limit)

    async def edit(self, caller: Caller, job_id: str, name: str | None, tags: Sequence[str] | None) -> JobView:
        """Give a job another name or other tags."""
        await self.record(caller, job_id)
        return self.view(await self.dispatcher.edit(job_id, name=name, tags=tags))

    async def cancel(self, caller: Caller, job_id: str) -> JobView:
        """End a job; one that has ended stays as it is."""
        job = await self.record(caller, job_id)
        active = self.dispatcher.jobs.get(job_id)
        return self.view(job if active is None else await self.dispatcher.cancel(active))

    async def delete_files(self, caller: Caller, job_id: str) -> JobView:
        """Remove submission, result and log of a job that has ended.

        Raises:
            AccessProblem: ``not-final``.
        """
        job = await self.record(caller, job_id)
        if job.state not in FINAL_STATES:
            raise AccessProblem(
                "not-final", f"job {job_id} is {job.state}; cancel it first, or wait until it has ended"
            )
        self.dispatcher.recent.forget(job_id)
        return self.view(job if job.state == "deleted" else await self._store.delete_files(job_id, self.clock()))

    async def explain(self, caller: Caller, job_id: str) -> Explanation:
        """Why a job is where it is."""
        job = await self.record(caller, job_id)
        lines = await self._store.log(job_id, limit=_LOG_LIMIT)
        at_qpus: tuple[str, ...] = ()
        if self._qpu_queue is not None and job.state in ("pending", "running"):
            at_qpus = await self._qpu_queue.about(job_id)
        is_over = job.state in FINAL_STATES
        standing = None if is_over or job.handle is None else await self._launcher.standing(job.handle)
        told = tuple(line for line in lines if line.stream == "server")
        return explain(job, self._situation(job), told, at_qpus, standing)

    def _situation(self, job: JobRecord) -> Situation:
        jobs, queue, recent = self.dispatcher.jobs, self.dispatcher.queue, self.dispatcher.recent_running_s
        return Situation(
            queue_position=queue.position(job.owner, job.id),
            nb_waiting=len(queue),
            nb_running=jobs.nb_launched(),
            free_slots=self.free_slots,
            own_running=jobs.nb_launched(job.owner),
            max_running_jobs=self.dispatcher.running_limit(job.owner),
            mean_running_s=fmean(recent) if recent else None,
            now_s=self.clock(),
        )

    # --- the rest ---

    @property
    def free_slots(self) -> int:
        """How many jobs could start now."""
        return max(0, self._launcher.free_slots)

    @property
    def is_healthy(self) -> bool:
        """Whether jobs are started and recorded."""
        return self.dispatcher.is_alive and not self.dispatcher.writer.is_failing

    async def services(self) -> Sequence[ServiceView]:
        """What there is to build stacks from."""
        try:
            return await self._catalogue.services()
        except LaunchError as error:
            raise unavailable(error) from None

    async def usage(self, owner: str | None) -> Sequence[Usage]:
        """What a user has used, or all have."""
        return await self._store.usage(owner)

    async def qpu_usage(self, user: str | None, by: Group, since_s: float, until_s: float) -> Sequence[QpuUsage]:
        """What a user has used of shared QPUs, or all have; see :class:`~qhpc.access.qpu_queue.QpuQueue`."""
        if self._qpu_queue is None:
            raise AccessProblem("no-broker", "this server has no shared QPUs")
        return await self._qpu_queue.usage(user, by, since_s, until_s)


def is_reached(job: JobRecord, until: Until) -> bool:
    """Whether a wait is over.

    >>> is_reached(JobRecord(id="a", owner="ada", state="running"), "started")
    True
    """
    return job.state in FINAL_STATES or (until == "started" and job.state == "running")


def no_result(job: JobRecord) -> AccessProblem:
    """Why a job that ended has no result.

    >>> no_result(JobRecord(id="a", owner="ada", state="cancelled")).code
    'job-cancelled'
    """
    codes = {"failed": "job-failed", "stopped": "job-stopped", "cancelled": "job-cancelled"}
    if job.state not in codes:
        return AccessProblem("files-deleted", f"the files of job {job.id} were removed")
    detail = job.failure.message if job.failure is not None else f"job {job.id} was {job.state}"
    return AccessProblem(codes[job.state], detail, failure=job.failure)
