"""Writes what happened to jobs into the store, and tells those who wait. No event is lost while the store is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from qat.comm.access.messages import Failure, LogLine, Progress
from qhpc.access.jobs.life_cycle import Failed, IllegalTransition, JobEvent, Progressed, advance
from qhpc.access.jobs.record import JobRecord
from qhpc.access.service.active import ActiveJob, ActiveJobs
from qhpc.access.service.hub import Hub
from qhpc.access.store.protocol import StorageFull, Store, UnknownJob

__all__ = ["JobWriter"]

_log = logging.getLogger(__name__)
_DEFER_S = 0.1
_PROGRESS_STORED_EVERY_S = 1.0
_RETRY_FIRST_S, _RETRY_LONGEST_S = 0.05, 5.0
_FULL_S = 20.0
"""How long a result is held when the disk is full; what was computed should not be lost for want of a moment."""
_LOG_PAGE = 1000
_Done = TypeVar("_Done")


class JobWriter:
    """Changes active jobs. The caller holds the job's lock.

    Args:
        store: where jobs are kept.
        jobs: the active ones.
        hub: who waits for news.
    """

    def __init__(self, store: Store, jobs: ActiveJobs, hub: Hub) -> None:
        self._store, self._jobs, self._hub = store, jobs, hub
        self.is_failing = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def apply(self, job: ActiveJob, *events: JobEvent) -> JobRecord:
        """Advance a job; tried again until the store takes it."""
        told = (*job.unstored, *events)
        record = await self._insist(lambda: self._store.apply(job.record.id, *told))
        job.unstored.clear()
        return self._changed(job, record)

    def defer(self, job: ActiveJob, event: JobEvent) -> None:
        """Advance a job now, and in the store with its next event or in a moment.

        A short job costs fewer transactions so. A server that is killed meanwhile finds the job as it was before, so
        this is for events after which a lost job is treated as before them.
        """
        self._changed(job, advance(job.record, event))
        if not job.unstored:
            asyncio.get_running_loop().call_later(_DEFER_S, self._store_soon, job)
        job.unstored.append(event)

    def _store_soon(self, job: ActiveJob) -> None:
        if job.unstored:
            task = asyncio.ensure_future(self._store_deferred(job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _store_deferred(self, job: ActiveJob) -> None:
        async with job.lock:
            await self.flush(job)

    async def flush(self, job: ActiveJob) -> None:
        """Store what was deferred."""
        if job.unstored:
            await self.apply(job)

    async def finish(self, job: ActiveJob, result: bytes, time_s: float) -> JobRecord:
        """Keep a result and mark the job as done; as failed if there is no room for the result, not even in a while."""
        try:
            record = await self._insist(
                lambda: self._store.finish(job.record.id, result, time_s, before=job.unstored),
                gives_up=StorageFull,
                patience_s=_FULL_S,
            )
        except StorageFull as error:
            _log.error("no room for a result", extra={"job_id": job.record.id, "reason": str(error)})
            message = f"the result of {len(result)} bytes could not be stored: {error}"
            failure = Failure(exception="ServerError", message=message, reason="storage-full")
            return await self.apply(job, Failed(time_s=time_s, failure=failure))
        job.unstored.clear()
        return self._changed(job, record)

    def _changed(self, job: ActiveJob, record: JobRecord) -> JobRecord:
        self._jobs.update(job, record)
        self._hub.publish(record.id, record)
        return record

    def progress(self, job: ActiveJob, progress: Progress, time_s: float) -> None:
        """Tell a progress, and store it if the last stored one is old."""
        job.progress = progress
        self._hub.publish(job.record.id, progress)
        if time_s - job.progress_stored_s >= _PROGRESS_STORED_EVERY_S:
            self.store_progress(job, time_s)

    def store_progress(self, job: ActiveJob, time_s: float) -> None:
        """Have the latest progress stored, if it is not."""
        if job.progress is not None and job.progress != job.record.progress and job.record.state == "running":
            job.progress_stored_s = time_s
            self.defer(job, Progressed(time_s=time_s, progress=job.progress))

    async def log(self, job: ActiveJob, lines: tuple[LogLine, ...]) -> None:
        """Add lines to a job's log, numbered on from those of earlier attempts."""
        first = await self._next_line(job)
        numbered = tuple(
            LogLine(number=first + index, time_s=line.time_s, stream=line.stream, text=line.text)
            for index, line in enumerate(lines)
        )
        try:
            await self._insist(lambda: self._store.append_log(job.record.id, numbered), gives_up=StorageFull)
        except StorageFull as error:
            _log.error("no room for a job's log", extra={"job_id": job.record.id, "reason": str(error)})
            return
        job.next_line = first + len(numbered)
        self._hub.publish(job.record.id, numbered)

    async def note(self, job: ActiveJob, text: str, time_s: float) -> None:
        """Add a line of the server's own to a job's log."""
        await self.log(job, (LogLine(number=0, time_s=time_s, stream="server", text=text),))

    async def _next_line(self, job: ActiveJob) -> int:
        if job.next_line is not None:
            return job.next_line
        number = 0
        while page := await self._store.log(job.record.id, first=number, limit=_LOG_PAGE):
            number = page[-1].number + 1
        return number

    async def _insist(
        self,
        write: Callable[[], Awaitable[_Done]],
        gives_up: type[Exception] | None = None,
        patience_s: float = 0.0,
    ) -> _Done:
        """Write, again and again with growing pauses while the store fails.

        What the store refuses for good (``IllegalTransition``, ``UnknownJob``) is raised, and ``gives_up`` if it is
        still raised after ``patience_s``.
        """
        pause_s, end_s = _RETRY_FIRST_S, asyncio.get_running_loop().time() + patience_s
        while True:
            try:
                done = await write()
            except (IllegalTransition, UnknownJob):
                raise
            except Exception as error:
                is_over = asyncio.get_running_loop().time() >= end_s
                if gives_up is not None and isinstance(error, gives_up) and is_over:
                    raise
                self.is_failing = True
                _log.exception("the store failed; trying again in %.2f s", pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _RETRY_LONGEST_S)
            else:
                self.is_failing = False
                return done
