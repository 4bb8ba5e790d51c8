"""The store in a database, with large files beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from hashlib import sha256
from typing import Literal

from sqlalchemy.exc import IntegrityError

from qat.comm.access.messages import LogLine, Usage
from qhpc.access.jobs.life_cycle import JobEvent, Succeeded, advance
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.checks import check_events, check_filter, check_new, check_texts, same_submission
from qhpc.access.store.files import FileName, Files
from qhpc.access.store.protocol import DamagedContent, JobFilter, JobList, StoreError, UnknownJob
from qhpc.access.store.sql import job_lists, job_rows
from qhpc.access.store.sql.database import Database
from qhpc.access.store.sql.identity import SqlIdentity

__all__ = ["INLINE_BYTES", "SqlStore"]

INLINE_BYTES = 64 << 10
"""Contents up to this size are kept in the database, larger ones in files."""

_LARGE_BYTES = 1 << 20
"""Work on more bytes than this goes to a thread, so that others need not wait for it."""

_SWEEP_BATCH = 500
_SWEEP_AGE_S = 3600.0
"""Files that belong to no job are removed when they are so old; younger ones may be about to belong to one."""


class SqlStore(SqlIdentity):
    """Keeps everything in a database, and large contents in files.

    A file is written before the row that it belongs to, and removed after it: whenever the server is killed, a job
    that is there has its submission, and one that is done has its result.

    Args:
        database: the database.
        files: where large contents go; None keeps them in the database too.
    """

    def __init__(self, database: Database, files: Files | None) -> None:
        super().__init__(database)
        self._files = files

    async def open(self) -> None:
        """Connect; create or migrate the schema."""
        if self._files is not None:
            self._files.open()
        try:
            await self._database.open()
        except BaseException:
            await self._database.close()
            raise

    async def close(self) -> None:
        """Disconnect."""
        await self._database.close()

    async def claim(self) -> bool:
        """Become the one server of the database, or see whether this one still is."""
        return await self._database.claim()

    async def sync(self) -> None:
        """Wait until all that was done is on disk."""
        await self._database.sync()

    async def sweep(self, time_s: float) -> int:
        """Remove files that belong to no job; how many there were."""
        if self._files is None:
            return 0
        names = await asyncio.to_thread(self._files.older_than, time_s - _SWEEP_AGE_S)
        nb_removed = 0
        for first in range(0, len(names), _SWEEP_BATCH):
            batch = names[first : first + _SWEEP_BATCH]
            jobs = await self._database.run(job_rows.read_jobs, {name.partition(".")[0] for name in batch})
            known = {str(name) for job in jobs for name in _names_of(job).values()}
            lost = [name for name in batch if name not in known]
            await asyncio.to_thread(self._files.remove_named, lost)
            nb_removed += len(lost)
        return nb_removed

    async def add(self, job: JobRecord, submission: bytes) -> tuple[JobRecord, bool]:
        """Keep a new job, or tell the one with the same key; see :class:`~qhpc.access.store.protocol.JobStore`."""
        check_new(job)
        job = replace(job, submission_sha256=await _checksum(submission), submission_bytes=len(submission))
        name = FileName(job.id, "submission", job.submission_sha256)
        in_row = await self._keep(name, submission)
        try:
            await self._database.run(job_rows.add_job, job, in_row)
        except IntegrityError:
            await self._undo(name, in_row)
            return await self._known(job), False
        except BaseException:
            await self._undo(name, in_row)
            raise
        return job, True

    async def get(self, job_id: str) -> JobRecord:
        """The job."""
        return await self._database.run(job_rows.read_job, job_id)

    async def find(self, owner: str, idempotency_key: str) -> JobRecord | None:
        """The owner's job with this key."""
        return await self._database.run(job_rows.find_job, owner, idempotency_key)

    async def apply(self, job_id: str, *events: JobEvent) -> JobRecord:
        """Advance a job by all events or none."""
        check_events(events)
        return await self._database.run(job_rows.change_job, job_id, events)

    async def finish(self, job_id: str, result: bytes, time_s: float, *, before: Sequence[JobEvent] = ()) -> JobRecord:
        """Keep the result and mark the job as done."""
        event = Succeeded(time_s=time_s, result_bytes=len(result), result_sha256=await _checksum(result))
        name = FileName(job_id, "result", event.result_sha256)
        if len(result) > INLINE_BYTES:  # no file is written in vain
            reduce(advance, (*before, event), await self.get(job_id))
        in_row = await self._keep(name, result)
        try:
            return await self._database.run(job_rows.finish_job, job_id, [*before, event], in_row)
        except BaseException:
            await self._undo(name, in_row)
            raise

    async def edit(self, job_id: str, *, name: str | None = None, tags: Sequence[str] | None = None) -> JobRecord:
        """Change name and tags."""
        check_texts(name, *(tags or ()))
        return await self._database.run(job_rows.edit_job, job_id, name, tags)

    async def submission(self, job_id: str) -> bytes:
        """The submission."""
        content = await self._read(job_id, "submission")
        if content is None:
            raise UnknownJob(job_id)
        return content

    async def result(self, job_id: str) -> bytes | None:
        """The result; None if there is none."""
        return await self._read(job_id, "result")

    async def delete_files(self, job_id: str, time_s: float) -> JobRecord:
        """Remove submission, result and log of a final job."""
        before, after = await self._database.run(job_rows.delete_contents, job_id, time_s)
        if self._files is not None:
            for name in _names_of(before).values():
                self._files.remove(name)
        return after

    async def list(
        self,
        which: JobFilter,
        *,
        limit: int = 50,
        cursor: str | None = None,
        order: Literal["newest", "oldest"] = "newest",
    ) -> JobList:
        """Part of the jobs."""
        check_filter(which)
        return await self._database.run(job_lists.list_jobs, which, limit, cursor, order)

    async def count(self, which: JobFilter) -> int:
        """How many jobs there are."""
        check_filter(which)
        return await self._database.run(job_lists.count_jobs, which)

    async def unfinished(self) -> Sequence[JobRecord]:
        """All jobs that are not final, oldest first."""
        return await self._database.run(job_lists.read_unfinished)

    async def expired(self, time_s: float, limit: int = 100) -> Sequence[JobRecord]:
        """Final jobs whose files are due to be removed, those first that are due longest."""
        return await self._database.run(job_lists.read_expired, time_s, limit)

    async def forget_jobs(self, before_s: float, limit: int = 100) -> int:
        """Forget old jobs whose files were removed."""
        return await self._database.run(job_rows.forget_jobs, before_s, limit)

    async def append_log(self, job_id: str, lines: Sequence[LogLine]) -> None:
        """Keep the lines that are new."""
        await self._database.run(job_rows.append_lines, job_id, lines)

    async def log(self, job_id: str, *, first: int = 0, limit: int = 1000) -> Sequence[LogLine]:
        """Lines of a job's log."""
        return await self._database.run(job_rows.read_lines, job_id, first, limit)

    async def usage(self, owner: str | None = None) -> Sequence[Usage]:
        """What users have used, by user and account."""
        return await self._database.run(job_rows.read_usage, owner)

    async def _known(self, job: JobRecord) -> JobRecord:
        """The job with the key of one that could not be inserted."""
        known = None if job.idempotency_key is None else await self.find(job.owner, job.idempotency_key)
        check_new(job, is_taken=known is None)
        return same_submission(known or job, job)

    async def _keep(self, name: FileName, content: bytes) -> bytes | None:
        """Write a content to its file if it is large; what is to be kept in the database."""
        if self._files is None or len(content) <= INLINE_BYTES:
            return content
        await asyncio.to_thread(self._files.write, name, content)
        return None

    async def _undo(self, name: FileName, in_row: bytes | None) -> None:
        """Remove a file that was written, unless a job has it after all; if the database is away ``sweep`` will."""
        if in_row is None and self._files is not None:
            with suppress(StoreError):
                if str(name) not in await self._names_of(name.job_id):
                    self._files.remove(name)

    async def _names_of(self, job_id: str) -> set[str]:
        """The names that the files of a job would have."""
        try:
            return {str(name) for name in _names_of(await self.get(job_id)).values()}
        except UnknownJob:
            return set()

    async def _read(self, job_id: str, kind: job_rows.Kind) -> bytes | None:
        """A content, from the database or its file; None if the job has none."""
        for _ in range(2):  # a file that is not there was deleted meanwhile, as a second look at the job then tells
            job, content = await self._database.run(job_rows.read_content, job_id, kind)
            name = _names_of(job).get(kind)
            if name is None:
                return None
            if content is not None:
                return await _checked(name, content)
            if self._files is None:
                raise DamagedContent(f"the {kind} of job {job_id} is in a file; open the store with its directory")
            with suppress(FileNotFoundError):
                return await asyncio.to_thread(self._files.read, name)
        raise DamagedContent(f"the file with the {kind} of job {job_id} has gone")


def _names_of(job: JobRecord) -> dict[str, FileName]:
    """The contents that a job has, by kind."""
    checksums = {"submission": job.submission_sha256, "result": job.result_sha256}
    is_deleted = job.state == "deleted"
    return {kind: FileName(job.id, kind, sha) for kind, sha in checksums.items() if sha is not None and not is_deleted}


async def _checked(name: FileName, content: bytes) -> bytes:
    if await _checksum(content) != name.sha256:
        raise DamagedContent(f"the {name.kind} of job {name.job_id} was changed in the database")
    return content


async def _checksum(content: bytes) -> str:
    if len(content) <= _LARGE_BYTES:
        return sha256(content).hexdigest()
    return await asyncio.to_thread(lambda: sha256(content).hexdigest())
