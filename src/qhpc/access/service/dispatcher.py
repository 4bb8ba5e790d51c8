"""Starts waiting jobs when there is room, and records what launchers report. Every accepted job ends exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence

from qat.comm.access.messages import Failure
from qhpc.access.jobs.life_cycle import (
    Cancelled,
    CancelRequested,
    Failed,
    IllegalTransition,
    Launched,
    Requeued,
    Started,
    Stopped,
    advance,
)
from qhpc.access.jobs.record import JobRecord
from qhpc.access.launchers.protocol import (
    Ended,
    JobLogged,
    JobProgressed,
    JobStarted,
    Launch,
    Launcher,
    LaunchError,
    Lost,
    Report,
    handle_of,
)
from qhpc.access.service.active import ActiveJob, ActiveJobs
from qhpc.access.service.hub import Hub
from qhpc.access.service.order import FairQueue
from qhpc.access.service.recent import RecentResults
from qhpc.access.service.recovery import after_loss, needs_adoption
from qhpc.access.service.writer import JobWriter
from qhpc.access.store.protocol import DamagedContent, Store, UnknownJob

__all__ = ["Dispatcher"]

_log = logging.getLogger(__name__)
_LOOK_AGAIN_S = 0.25
"""A waiting job looks for room at least this often: places may come free without a report."""
_RELAUNCH_PAUSE_S = 1.0


class Dispatcher:
    """Cares for all jobs that have not ended.

    Args:
        store: where jobs are kept.
        launcher: starts them.
        hub: who waits for news.
        clock: seconds since 1970.
    """

    def __init__(self, store: Store, launcher: Launcher, hub: Hub, clock: Callable[[], float]) -> None:
        self._store, self._launcher, self._clock = store, launcher, clock
        self.jobs, self.queue = ActiveJobs(), FairQueue()
        self.recent = RecentResults()
        self.writer = JobWriter(store, self.jobs, hub)
        self._running_limits: dict[str, int | None] = {}
        self.recent_running_s: deque[float] = deque(maxlen=200)
        self._places: dict[str, str] = {}
        self._claimed: deque[ActiveJob] = deque()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # --- start and end ---

    async def open(self) -> None:
        """Take up the jobs that the store knows, and begin."""
        await self._launcher.open()
        adopted = [self._recover(record) for record in await self._store.unfinished()]
        self._tasks = [asyncio.create_task(self._hear(), name="reports")]
        await self._launcher.adopt([handle for handle in adopted if handle is not None])
        await self._cancel_again()
        self._tasks.append(asyncio.create_task(self._dispatch(), name="dispatch"))
        self._wake.set()

    def _recover(self, record: JobRecord) -> str | None:
        self.jobs.add(record)
        if needs_adoption(record):
            return record.handle
        self.queue.push(record.owner, record.id)
        return None

    async def _cancel_again(self) -> None:
        """What a former server was asked to cancel may live on, where jobs outlive the server."""
        for record in [job.record for job in self.jobs]:
            if record.is_cancel_requested and record.handle is not None:
                await self._launcher.cancel(record.handle)

    async def close(self, drain_s: float, limit_s: float = 10.0) -> None:
        """Start nothing more, give what runs some seconds to end, and record what is lost with the launcher.

        Args:
            drain_s: how long running jobs may go on.
            limit_s: how long the launcher may take to let go.
        """
        hearing, *dispatching = self._tasks
        for task in dispatching:
            task.cancel()
        await asyncio.gather(*dispatching, return_exceptions=True)
        await self._drained(drain_s)
        try:
            async with asyncio.timeout(limit_s):
                await self._launcher.close()
                await hearing
        except TimeoutError:
            _log.error("the launcher did not let go within %s s; its jobs are looked for at the next start", limit_s)
            hearing.cancel()

    async def _drained(self, drain_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(drain_s):
                while self.jobs.nb_launched():
                    self._wake.clear()
                    await self._wake.wait()

    @property
    def is_alive(self) -> bool:
        """Whether both loops run."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    # --- waiting jobs ---

    def claim(self, record: JobRecord) -> JobRecord:
        """A new job as it is at its launch, if there is a place for it and nobody waits; else the job as it is.

        The place is kept until ``add`` or ``release``. Such a job is accepted and launched in one transaction.
        """
        is_free = self.is_alive and not len(self.queue) and self._has_place() and self._may_start(record.owner)
        if record.state != "waiting" or not is_free or not _is_safe_to_retry(record):
            return record
        self._places[record.id] = record.owner
        return advance(record, self._launched(record))

    def release(self, record: JobRecord) -> None:
        """Give back what was claimed for a job that is not added."""
        if self._places.pop(record.id, None) is not None:
            self._wake.set()

    def add(self, record: JobRecord, submission: bytes) -> None:
        """Care for a new job."""
        job = self.jobs.add(record)
        job.next_line = 0
        if record.id not in self._places:
            job.keep_submission(submission)
            self._enqueue(record)
            return
        job.submission = submission
        self._claimed.append(job)
        self._wake.set()

    def _enqueue(self, record: JobRecord, *, is_first: bool = False) -> None:
        self.queue.push(record.owner, record.id, is_first=is_first)
        self._wake.set()

    def set_running_limit(self, owner: str, limit: int | None) -> None:
        """How many jobs of an owner may run at once; None is any number."""
        self._running_limits[owner] = limit

    def running_limit(self, owner: str) -> int | None:
        """How many jobs of an owner may run at once."""
        return self._running_limits.get(owner)

    def _may_start(self, owner: str) -> bool:
        limit = self._running_limits.get(owner)
        if limit is None:
            return True
        taken = sum(name == owner and not self.jobs.is_launched(job_id) for job_id, name in self._places.items())
        return self.jobs.nb_launched(owner) + taken < limit

    def _has_place(self) -> bool:
        """Whether the launcher has room beside what is about to be launched."""
        return self._launcher.free_slots > len(self._places)

    async def _dispatch(self) -> None:
        while True:
            self._wake.clear()
            while (job := self._next()) is not None:
                await self._start(job)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_S if len(self.queue) else None):
                    await self._wake.wait()

    def _next(self) -> ActiveJob | None:
        """The next job to launch, and a place for it."""
        if self._claimed:
            return self._claimed.popleft()
        while self._has_place() and (job_id := self.queue.pop(self._may_start)) is not None:
            if (job := self.jobs.get(job_id)) is not None:
                self._places[job_id] = job.record.owner
                return job
        return None

    async def _start(self, job: ActiveJob) -> None:
        """Launch a job. That it is launched is written down first: it can be lost then, but not run twice unseen."""
        try:
            async with job.lock:
                submission = await self._submission(job)
                if submission is not None and job.record.ended_s is None:
                    await self._launch(job, submission)
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("a job could not be launched", extra={"job_id": job.record.id})
            await self._broken(job)
        finally:
            self._places.pop(job.record.id, None)

    async def _broken(self, job: ActiveJob) -> None:
        """A launch ended as none should: the job waits on, or is treated as lost if it may have been launched."""
        await asyncio.sleep(_RELAUNCH_PAUSE_S)
        async with job.lock:
            record = job.record
            if record.state == "pending":
                reason = f"the launcher {self._launcher.name} broke when it started the job"
                lost = Lost(job_id=record.id, attempt=record.attempt, time_s=self._clock(), reason=reason)
                await self._lost(job, lost)
            elif record.state == "waiting":
                self._enqueue(record, is_first=True)

    async def _submission(self, job: ActiveJob) -> bytes | None:
        if job.submission is not None:
            return job.submission
        try:
            return await self._store.submission(job.record.id)
        except (UnknownJob, DamagedContent) as error:
            message = f"what was submitted cannot be read any more: {error!r}"
            failure = Failure(exception="ServerError", message=message, reason="submission-lost")
            await self.writer.apply(job, Failed(time_s=self._clock(), failure=failure))
            return None

    async def _launch(self, job: ActiveJob, submission: bytes) -> None:
        if job.record.state == "waiting":
            await self.writer.apply(job, self._launched(job.record))
            if not _is_safe_to_retry(job.record):
                await self._store.sync()  # not even a loss of power may have it run twice
        record, job.submission = job.record, None
        if record.is_cancel_requested:  # in the moment between claim and launch
            await self.writer.apply(job, Cancelled(time_s=self._clock()))
            return
        launch = Launch(
            job_id=record.id,
            owner=record.owner,
            attempt=record.attempt,
            submission=submission,
            resources=record.resources,
            estimate=record.estimate,
        )
        try:
            await self._launcher.submit(launch)
        except LaunchError as error:
            await self._not_launched(job, error)

    def _launched(self, record: JobRecord) -> Launched:
        handle = handle_of(record.id, record.attempt + 1)
        return Launched(time_s=self._clock(), launcher=self._launcher.name, handle=handle)

    async def _not_launched(self, job: ActiveJob, error: LaunchError) -> None:
        now_s, reason = self._clock(), f"the launcher {self._launcher.name} could not start the job: {error}"
        if reason != job.record.message:  # it may be so for days, and is said once
            await self.writer.note(job, reason, now_s)
        if error.retryable:
            await self.writer.apply(job, Requeued(time_s=now_s, reason=reason, was_launched=False))
            asyncio.get_running_loop().call_later(_RELAUNCH_PAUSE_S, self._relaunch, job)
        else:
            failure = Failure(exception="ServerError", message=reason, reason="not-launched")
            await self.writer.apply(job, Failed(time_s=now_s, failure=failure))

    def _relaunch(self, job: ActiveJob) -> None:
        if job.record.state == "waiting":
            self._enqueue(job.record, is_first=True)

    # --- what owners ask for ---

    async def edit(self, job_id: str, *, name: str | None, tags: Sequence[str] | None) -> JobRecord:
        """Give a job another name or other tags, whether it has ended or not."""
        job = self.jobs.get(job_id)
        if job is None:
            self.recent.forget(job_id)
            return await self._store.edit(job_id, name=name, tags=tags)
        async with job.lock:
            await self.writer.flush(job)
            record = await self._store.edit(job_id, name=name, tags=tags)
            self.jobs.update(job, record)
            return record

    async def cancel(self, job: ActiveJob) -> JobRecord:
        """End a job; asking again changes nothing."""
        async with job.lock:
            record = job.record
            if record.ended_s is not None:
                return record
            if record.state == "waiting":
                self.queue.remove(record.owner, record.id)
                return await self.writer.apply(job, Cancelled(time_s=self._clock()))
            if not record.is_cancel_requested:
                record = await self.writer.apply(job, CancelRequested(time_s=self._clock()))
        if record.handle is not None:
            await self._launcher.cancel(record.handle)
        return job.record

    # --- reports ---

    async def _hear(self) -> None:
        async for report in self._launcher.reports():
            job = self.jobs.get(report.job_id)
            if job is None:
                continue
            try:
                async with job.lock:
                    if report.attempt == job.record.attempt and job.record.state in ("pending", "running"):
                        await self._record(job, report)
            except IllegalTransition:
                _log.exception("a report came to a job that has moved on", extra={"job_id": report.job_id})
            if isinstance(report, Ended | Lost):
                self._wake.set()

    async def _record(self, job: ActiveJob, report: Report) -> None:
        match report:
            case JobStarted():
                self._started(job, report.time_s)
            case JobProgressed():
                self.writer.progress(job, report.progress, report.time_s)
            case JobLogged():
                await self.writer.log(job, report.lines)
            case Ended():
                await self._ended(job, report)
            case Lost():
                await self._lost(job, report)

    def _started(self, job: ActiveJob, time_s: float) -> None:
        if job.record.state == "pending":
            self.writer.defer(job, Started(time_s=time_s))

    async def _ended(self, job: ActiveJob, report: Ended) -> None:
        if job.record.is_cancel_requested:
            await self.writer.apply(job, Cancelled(time_s=report.time_s))
        elif report.result is not None:
            self._started(job, report.time_s)
            self.writer.store_progress(job, report.time_s)
            record = await self.writer.finish(job, report.result, report.time_s)
            self.recent.keep(record, report.result)
            self.recent_running_s.append(report.time_s - (record.started_s or report.time_s))
        else:
            self.writer.store_progress(job, report.time_s)
            failure = report.failure or _NO_REASON
            event = Stopped if report.is_limit else Failed
            await self.writer.apply(job, event(time_s=report.time_s, failure=failure))

    async def _lost(self, job: ActiveJob, report: Lost) -> None:
        event = after_loss(job.record, report.reason, report.time_s, has_begun=report.has_begun)
        if not isinstance(event, Cancelled):
            text = event.reason if isinstance(event, Requeued) else report.reason
            await self.writer.note(job, text, report.time_s)
        record = await self.writer.apply(job, event)
        if record.state == "waiting":
            self._enqueue(record, is_first=True)


def _is_safe_to_retry(record: JobRecord) -> bool:
    return record.estimate is None or record.estimate.is_safe_to_retry


_NO_REASON = Failure(exception="ServerError", message="the runner ended without a result or a reason", reason="unknown")
