"""A store in memory: the meaning of every operation in a few lines, for tests and for servers that keep nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from hashlib import sha256
from typing import Literal, TypeVar

from qat.comm.access.messages import FINAL_STATES, LogLine, Usage
from qhpc.access.jobs.life_cycle import FilesDeleted, JobEvent, Succeeded, advance
from qhpc.access.jobs.record import JobRecord
from qhpc.access.jobs.usage import added, log_bytes, used_by_event, used_by_log, used_by_new_job
from qhpc.access.store.checks import check_events, check_filter, check_new, check_texts, same_submission
from qhpc.access.store.paging import cursor_of, matches, place_of, place_of_cursor
from qhpc.access.store.protocol import (
    Account,
    ApiToken,
    JobFilter,
    JobList,
    Session,
    StorageFull,
    UnknownJob,
)

__all__ = ["MemoryStore"]

Kept = TypeVar("Kept")


class MemoryIdentity:
    """Users and tokens in memory."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._tokens: dict[str, ApiToken] = {}

    async def put_account(self, account: Account) -> None:
        """Keep a user, new or changed."""
        self._accounts[account.name] = account

    async def account(self, name: str) -> Account | None:
        """A user."""
        return self._accounts.get(name)

    async def accounts(self) -> Sequence[Account]:
        """All users, by name."""
        return [self._accounts[name] for name in sorted(self._accounts)]

    async def put_token(self, token: ApiToken) -> None:
        """Keep a new token."""
        self._tokens[token.id] = token

    async def token_by_hash(self, secret_sha256: str) -> ApiToken | None:
        """The token with this hash."""
        return next((token for token in self._tokens.values() if token.secret_sha256 == secret_sha256), None)

    async def tokens(self, owner: str) -> Sequence[ApiToken]:
        """A user's tokens, oldest first."""
        return sorted(
            (token for token in self._tokens.values() if token.owner == owner),
            key=lambda token: (token.created_s, token.id),
        )

    async def delete_token(self, token_id: str, owner: str) -> bool:
        """Remove a token; whether there was one."""
        token = self._tokens.get(token_id)
        if token is None or token.owner != owner:
            return False
        del self._tokens[token_id]
        return True

    async def forget_tokens(self, before_s: float) -> int:
        """Remove tokens that expired before a time."""
        return _forget(self._tokens, lambda token: token.expires_s is not None and token.expires_s < before_s)


class MemorySessions:
    """Sessions in memory."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    async def add_session(self, session: Session) -> None:
        """Keep a new session."""
        self._sessions[session.id] = session

    async def session(self, session_id: str) -> Session | None:
        """A session."""
        return self._sessions.get(session_id)

    async def close_session(self, session_id: str, time_s: float) -> Session | None:
        """Close a session; closing it again changes nothing."""
        session = self._sessions.get(session_id)
        if session is not None and session.closed_s is None:
            session = self._sessions[session_id] = replace(session, closed_s=time_s)
        return session

    async def sessions(self, owner: str) -> Sequence[Session]:
        """A user's sessions, newest first."""
        mine = (session for session in self._sessions.values() if session.owner == owner)
        return sorted(mine, key=lambda session: (session.created_s, session.id), reverse=True)

    async def forget_sessions(self, before_s: float) -> int:
        """Forget sessions that were closed or over before a time."""

        def is_over(session: Session) -> bool:
            end_s = session.expires_s if session.closed_s is None else session.closed_s
            return end_s is not None and end_s < before_s

        return _forget(self._sessions, is_over)


def _forget(kept: dict[str, Kept], is_due: Callable[[Kept], bool]) -> int:
    due = [name for name, value in kept.items() if is_due(value)]
    for name in due:
        del kept[name]
    return len(due)


class MemoryStore(MemoryIdentity, MemorySessions):
    """Keeps everything in this process, and forgets it with it. Lists cost O(jobs).

    Args:
        max_bytes: submissions and results together; beyond, the store is full.

    >>> import asyncio
    >>> from qhpc.access.jobs.ids import new_id
    >>> async def main():
    ...     store = MemoryStore()
    ...     await store.open()
    ...     job, is_new = await store.add(JobRecord(id=new_id(0.0), owner="eve"), b"what was sent")
    ...     return is_new, job.state, await store.submission(job.id)
    >>> asyncio.run(main())
    (True, 'waiting', b'what was sent')
    """

    def __init__(self, *, max_bytes: int | None = None) -> None:
        MemoryIdentity.__init__(self)
        MemorySessions.__init__(self)
        self._max_bytes = max_bytes
        self._jobs: dict[str, JobRecord] = {}
        self._ids_by_key: dict[tuple[str, str], str] = {}
        self._submissions: dict[str, bytes] = {}
        self._results: dict[str, bytes] = {}
        self._logs: dict[str, list[LogLine]] = {}
        self._usage: dict[tuple[str, str | None], Usage] = {}

    async def open(self) -> None:
        """Nothing is to be done."""

    async def close(self) -> None:
        """Nothing is to be done."""

    async def claim(self) -> bool:
        """Nobody else has it."""
        return True

    async def sync(self) -> None:
        """There is no disk."""

    async def sweep(self, time_s: float) -> int:
        """There are no files."""
        return 0

    async def add(self, job: JobRecord, submission: bytes) -> tuple[JobRecord, bool]:
        """Keep a new job, or tell the one with the same key; see :class:`~qhpc.access.store.protocol.JobStore`."""
        job = replace(job, submission_sha256=sha256(submission).hexdigest(), submission_bytes=len(submission))
        known = None if job.idempotency_key is None else await self.find(job.owner, job.idempotency_key)
        if known is not None:
            return same_submission(known, job), False
        check_new(job, is_taken=job.id in self._jobs)
        self._check_room(len(submission))
        self._jobs[job.id], self._submissions[job.id] = job, submission
        if job.idempotency_key is not None:
            self._ids_by_key[job.owner, job.idempotency_key] = job.id
        self._use(used_by_new_job(job))
        return job, True

    async def get(self, job_id: str) -> JobRecord:
        """The job."""
        try:
            return self._jobs[job_id]
        except KeyError:
            raise UnknownJob(job_id) from None

    async def find(self, owner: str, idempotency_key: str) -> JobRecord | None:
        """The owner's job with this key."""
        job_id = self._ids_by_key.get((owner, idempotency_key))
        return None if job_id is None else self._jobs[job_id]

    async def apply(self, job_id: str, *events: JobEvent) -> JobRecord:
        """Advance a job by all events or none."""
        check_events(events)
        return self._change(await self.get(job_id), *events)

    def _change(self, job: JobRecord, *events: JobEvent) -> JobRecord:
        used = []
        for event in events:
            before, job = job, advance(job, event)
            used.append(used_by_event(before, event, job))
        self._jobs[job.id] = job
        for usage in used:
            self._use(usage)
        return job

    async def finish(self, job_id: str, result: bytes, time_s: float, *, before: Sequence[JobEvent] = ()) -> JobRecord:
        """Keep the result and mark the job as done."""
        job = await self.get(job_id)
        event = Succeeded(time_s=time_s, result_bytes=len(result), result_sha256=sha256(result).hexdigest())
        reduce(advance, (*before, event), job)
        self._check_room(len(result))
        self._results[job_id] = result
        return self._change(job, *before, event)

    async def edit(self, job_id: str, *, name: str | None = None, tags: Sequence[str] | None = None) -> JobRecord:
        """Change name and tags."""
        check_texts(name, *(tags or ()))
        job = await self.get(job_id)
        self._jobs[job_id] = replace(
            job,
            name=job.name if name is None else name,
            tags=job.tags if tags is None else tuple(tags),
            version=job.version + 1,
        )
        return self._jobs[job_id]

    async def submission(self, job_id: str) -> bytes:
        """The submission."""
        try:
            return self._submissions[job_id]
        except KeyError:
            raise UnknownJob(job_id) from None

    async def result(self, job_id: str) -> bytes | None:
        """The result; None if there is none."""
        await self.get(job_id)
        return self._results.get(job_id)

    async def delete_files(self, job_id: str, time_s: float) -> JobRecord:
        """Remove submission, result and log of a final job."""
        job = self._change(await self.get(job_id), FilesDeleted(time_s=time_s))
        for contents in (self._submissions, self._results, self._logs):
            contents.pop(job_id, None)
        return job

    async def list(
        self,
        which: JobFilter,
        *,
        limit: int = 50,
        cursor: str | None = None,
        order: Literal["newest", "oldest"] = "newest",
    ) -> JobList:
        """Part of the jobs."""
        is_newest_first = order == "newest"
        found = sorted(self._matching(which), key=place_of, reverse=is_newest_first)
        rest = found
        if cursor is not None:
            last = place_of_cursor(cursor)
            rest = [job for job in found if (place_of(job) < last if is_newest_first else place_of(job) > last)]
        items = rest[:limit]
        next_cursor = cursor_of(items[-1]) if items and len(rest) > limit else None
        return JobList(items=tuple(items), total=len(found), next_cursor=next_cursor)

    async def count(self, which: JobFilter) -> int:
        """How many jobs there are."""
        return len(self._matching(which))

    async def unfinished(self) -> Sequence[JobRecord]:
        """All jobs that are not final, oldest first."""
        return sorted((job for job in self._jobs.values() if job.state not in FINAL_STATES), key=place_of)

    async def expired(self, time_s: float, limit: int = 100) -> Sequence[JobRecord]:
        """Final jobs whose files are due to be removed, those first that are due longest."""
        due = [
            (job.expires_s, job.id, job)
            for job in self._jobs.values()
            if job.state in FINAL_STATES - {"deleted"} and job.expires_s is not None and job.expires_s < time_s
        ]
        return [job for _, _, job in sorted(due, key=lambda entry: entry[:2])[:limit]]

    async def forget_jobs(self, before_s: float, limit: int = 100) -> int:
        """Forget old jobs whose files were removed."""
        old = [job for job in self._jobs.values() if job.state == "deleted" and job.created_s < before_s]
        for job in sorted(old, key=place_of)[:limit]:
            del self._jobs[job.id]
            if job.idempotency_key is not None:
                del self._ids_by_key[job.owner, job.idempotency_key]
        return min(len(old), limit)

    async def append_log(self, job_id: str, lines: Sequence[LogLine]) -> None:
        """Keep the lines that are new."""
        job = await self.get(job_id)
        kept = self._logs.setdefault(job_id, [])
        last = kept[-1].number if kept else -1
        fresh = [line for line in lines if line.number > last]
        kept += fresh
        self._jobs[job_id] = replace(job, log_bytes=job.log_bytes + log_bytes(fresh))
        self._use(used_by_log(job, fresh))

    async def log(self, job_id: str, *, first: int = 0, limit: int = 1000) -> Sequence[LogLine]:
        """Lines of a job's log."""
        await self.get(job_id)
        return [line for line in self._logs.get(job_id, ()) if line.number >= first][:limit]

    async def usage(self, owner: str | None = None) -> Sequence[Usage]:
        """What users have used, by user and account."""
        keys = sorted(self._usage, key=lambda key: (key[0], key[1] or ""))
        return [self._usage[key] for key in keys if owner in (None, key[0])]

    def _matching(self, which: JobFilter) -> Sequence[JobRecord]:
        check_filter(which)
        return [job for job in self._jobs.values() if matches(job, which)]

    def _use(self, usage: Usage | None) -> None:
        if usage is not None:
            key = usage.owner, usage.account
            self._usage[key] = added(self._usage[key], usage) if key in self._usage else usage

    def _check_room(self, nb_bytes: int) -> None:
        kept = sum(map(len, self._submissions.values())) + sum(map(len, self._results.values()))
        if self._max_bytes is not None and kept + nb_bytes > self._max_bytes:
            raise StorageFull(
                f"{kept} bytes are stored and {nb_bytes} were to be added; the limit is {self._max_bytes}"
            )
