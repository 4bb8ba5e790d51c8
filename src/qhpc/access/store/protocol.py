"""What every store offers. One suite of tests runs on all of them.

All methods are coroutines. What a method has done when it returns survives ``kill -9`` of the server; ``sync`` waits
until it survives a loss of power, too. Times are passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from qat.comm.access.messages import JobState, LogLine, Usage
from qhpc.access.jobs.life_cycle import JobEvent
from qhpc.access.jobs.record import JobRecord

__all__ = [
    "Account", "ApiToken", "DamagedContent", "IdentityStore", "InvalidCursor", "InvalidText", "JobFilter", "JobList",
    "JobStore", "KeyReused", "Session", "StorageFull", "Store", "StoreError", "StoreUnavailable", "UnknownJob",
]  # fmt: skip


class StoreError(OSError):
    """Root of what stores refuse to do, but for :class:`LookupError` and :class:`ValueError`."""


class UnknownJob(LookupError):  # noqa: N818 (says what it is)
    """There is no job with this id."""


class KeyReused(ValueError):  # noqa: N818 (says what it is)
    """The idempotency key belongs to a job whose submission was different."""


class StorageFull(StoreError):  # noqa: N818 (says what it is)
    """The store cannot keep more; nothing was kept of what was to be added."""


class StoreUnavailable(StoreError):  # noqa: N818 (says what it is)
    """The database does not answer now; the same call may succeed later. What was to be changed may be changed."""


class InvalidText(ValueError):  # noqa: N818 (says what it is)
    """A text that cannot be kept or looked for: not every database takes a zero byte."""


class InvalidCursor(ValueError):  # noqa: N818 (says what it is)
    """A cursor that no list gave out."""

    def __init__(self, cursor: str) -> None:
        super().__init__(cursor)
        self.cursor = cursor

    def __str__(self) -> str:
        return f"{self.cursor!r} is no cursor; expected the next_cursor of a part of the list, unchanged"


class DamagedContent(StoreError):  # noqa: N818 (says what it is)
    """What is stored of a job is not what was put there: its checksum differs, or its file has gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs a list shows: all that agree with every field that is not None. ``tags``: all of them.

    The times are exclusive.
    """

    owner: str | None = None
    account: str | None = None
    states: tuple[JobState, ...] | None = None
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    name: str | None = None
    created_after_s: float | None = None
    created_before_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """Part of a list, the number of jobs in all parts, and the name of the next part."""

    items: tuple[JobRecord, ...]
    total: int
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Jobs that belong together; ``closed_s`` is None while it takes jobs."""

    id: str
    owner: str
    created_s: float
    expires_s: float | None = None
    closed_s: float | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user. ``password_hash`` is argon2's text; None means that only tokens log in. Quotas: None is unlimited."""

    name: str
    account: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("user",)
    is_active: bool = True
    created_s: float = 0.0
    max_waiting_jobs: int | None = None
    max_running_jobs: int | None = None
    max_stored_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token: SHA-256 (hex) of its secret, never the secret."""

    id: str
    owner: str
    secret_sha256: str = field(repr=False)
    scopes: tuple[str, ...]
    created_s: float
    expires_s: float | None = None
    label: str | None = None


class JobStore(Protocol):
    """Jobs and their files."""

    async def add(self, job: JobRecord, submission: bytes) -> tuple[JobRecord, bool]:
        """Keep a new job and its submission; the store fills in ``submission_sha256`` and ``submission_bytes``.

        Returns:
            The job, and whether it is new: if the owner has a job with the same idempotency key, that one, unchanged.

        Raises:
            KeyReused: the key's job has another submission.
            ValueError: the id is taken, or none of ``qhpc.access.jobs.ids``.
            StorageFull: there is no room.
        """

    async def get(self, job_id: str) -> JobRecord:
        """The job. Raises :class:`UnknownJob`."""

    async def find(self, owner: str, idempotency_key: str) -> JobRecord | None:
        """The owner's job with this key, if there is one."""

    async def apply(self, job_id: str, *events: JobEvent) -> JobRecord:
        """Advance a job by events, all or none of them, and tell its new record.

        Raises:
            UnknownJob: there is none.
            IllegalTransition: an event cannot happen to it; nothing changed.
            ValueError: ``Succeeded`` and ``FilesDeleted`` come through ``finish`` and ``delete_files``.
        """

    async def finish(self, job_id: str, result: bytes, time_s: float, *, before: Sequence[JobEvent] = ()) -> JobRecord:
        """Keep the result, then mark the job as done (``Succeeded``). The result is there if the job is done.

        Args:
            job_id: the job.
            result: its result.
            time_s: when it ended.
            before: events that come before the end, and are told together with it.

        Raises:
            UnknownJob, IllegalTransition, StorageFull: nothing changed.
        """

    async def edit(self, job_id: str, *, name: str | None = None, tags: Sequence[str] | None = None) -> JobRecord:
        """Change what its owner may: None leaves a field as it is."""

    async def submission(self, job_id: str) -> bytes:
        """The submission, checked against its checksum.

        Raises:
            UnknownJob: there is none, or it was deleted.
            DamagedContent: it is not what was stored.
        """

    async def result(self, job_id: str) -> bytes | None:
        """The result, checked against its checksum; None if there is none, or it was deleted.

        Raises:
            UnknownJob: there is none.
            DamagedContent: it is not what was stored.
        """

    async def delete_files(self, job_id: str, time_s: float) -> JobRecord:
        """Remove submission, result and log of a final job (``FilesDeleted``)."""

    async def list(
        self,
        which: JobFilter,
        *,
        limit: int = 50,
        cursor: str | None = None,
        order: Literal["newest", "oldest"] = "newest",
    ) -> JobList:
        """Part of the jobs, by time of creation. Cost O(limit), and a scan of an index for the total.

        Raises:
            InvalidCursor: the cursor is none.
            InvalidText: the filter looks for what no job can have.
        """

    async def count(self, which: JobFilter) -> int:
        """How many jobs there are, e.g. for quotas."""

    async def unfinished(self) -> Sequence[JobRecord]:
        """All jobs that are not final, oldest first: what a server that starts has to care for."""

    async def expired(self, time_s: float, limit: int = 100) -> Sequence[JobRecord]:
        """Final jobs with files whose ``expires_s`` is before ``time_s``."""

    async def forget_jobs(self, before_s: float, limit: int = 100) -> int:
        """Forget jobs that were created before a time and whose files were removed, and their idempotency keys.

        What they used stays in the usage of their owners.

        Returns:
            How many there were, at most ``limit``.
        """

    async def forget_sessions(self, before_s: float) -> int:
        """Forget sessions that were closed or over before a time; how many there were."""

    async def append_log(self, job_id: str, lines: Sequence[LogLine]) -> None:
        """Keep lines of a job's log; those whose numbers are there already are left out. Raises :class:`UnknownJob`.

        Launchers see to it that no log grows without end.
        """

    async def log(self, job_id: str, *, first: int = 0, limit: int = 1000) -> Sequence[LogLine]:
        """Lines of a job's log from number ``first`` on."""

    async def usage(self, owner: str | None = None) -> Sequence[Usage]:
        """What users have used."""

    async def add_session(self, session: Session) -> None:
        """Keep a new session."""

    async def session(self, session_id: str) -> Session | None:
        """A session."""

    async def close_session(self, session_id: str, time_s: float) -> Session | None:
        """Close a session; closing it again changes nothing."""

    async def sessions(self, owner: str) -> Sequence[Session]:
        """A user's sessions, newest first."""


class IdentityStore(Protocol):
    """Users and tokens."""

    async def put_account(self, account: Account) -> None:
        """Keep a user, new or changed."""

    async def account(self, name: str) -> Account | None:
        """A user."""

    async def accounts(self) -> Sequence[Account]:
        """All users, by name."""

    async def put_token(self, token: ApiToken) -> None:
        """Keep a new token."""

    async def token_by_hash(self, secret_sha256: str) -> ApiToken | None:
        """The token with this hash."""

    async def tokens(self, owner: str) -> Sequence[ApiToken]:
        """A user's tokens."""

    async def delete_token(self, token_id: str, owner: str) -> bool:
        """Remove a token; whether there was one."""

    async def forget_tokens(self, before_s: float) -> int:
        """Remove tokens that expired before a time; how many there were."""


class Store(JobStore, IdentityStore, Protocol):
    """All of it."""

    async def open(self) -> None:
        """Connect; create or migrate the schema."""

    async def claim(self) -> bool:
        """Become the one server of the store until it is closed; asked again, whether this one still is.

        A server believes that nobody else runs the store's jobs, so there must not be two.

        Raises:
            StoreUnavailable: the database does not answer, so nobody knows.
        """

    async def sync(self) -> None:
        """Wait until all that was done before is on disk. Those who wait at the same time share the disk's work."""

    async def sweep(self, time_s: float) -> int:
        """Remove files that belong to no job, as a crash between two steps leaves them; how many there were."""

    async def close(self) -> None:
        """Disconnect."""
