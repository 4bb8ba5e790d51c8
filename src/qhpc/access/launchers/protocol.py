"""What every launcher offers: it starts jobs somewhere and tells what becomes of them.

The server hands over a :class:`Launch` and hears reports. A launcher keeps nothing that it cannot find again: after a
restart the server calls ``adopt`` with the handles it knows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from qat.comm.access.messages import Estimate, Failure, LogLine, Progress, Resources, ServiceView

__all__ = [
    "Catalogue", "Ended", "Inspection", "InvalidSubmission", "JobLogged", "JobProgressed", "JobStarted", "Launch",
    "LaunchError", "Launcher", "Lost", "Report", "Standing", "handle_of",
]  # fmt: skip


class LaunchError(Exception):
    """A launcher cannot take a job now; the message says why and whether to try again (``retryable``)."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A job to start.

    Attributes:
        job_id: its id.
        owner: user name; jobs of different users never share a process.
        attempt: 1 for the first.
        submission: the message :class:`~qat.comm.access.messages.Submission`, as it came.
        resources: memory, cores and time that it may use at most, with the site's defaults filled in.
        estimate: what its services say that it needs, and whether it may run twice; None if nobody has said.
    """

    job_id: str
    owner: str
    attempt: int
    submission: bytes
    resources: Resources
    estimate: Estimate | None = None

    @property
    def is_safe_to_retry(self) -> bool:
        """Whether running it twice does no harm, as far as is known."""
        return self.estimate is not None and self.estimate.is_safe_to_retry

    @property
    def handle(self) -> str:
        """What the launcher finds this attempt by. The server writes it down before it launches.

        >>> Launch(job_id="a", owner="ada", attempt=2, submission=b"", resources=Resources()).handle
        'a.2'
        """
        return handle_of(self.job_id, self.attempt)


def handle_of(job_id: str, attempt: int) -> str:
    """The handle of an attempt of a job."""
    return f"{job_id}.{attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """News of a job. ``attempt`` tells late news of an earlier attempt apart."""

    job_id: str
    attempt: int
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted(Report):
    """It runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgressed(Report):
    """It told how far it is."""

    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLogged(Report):
    """It wrote lines."""

    lines: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Report):
    """It ended by itself or at a limit: with a result, or with a failure.

    Attributes:
        result: a message of ``qat.comm.wire`` (Result, BatchResult, Batch, HardwareSpecs), or of a packed value.
        failure: why there is none.
        is_limit: whether a limit of time or memory ended it.
    """

    result: bytes | None = None
    failure: Failure | None = None
    is_limit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Report):
    """What ran it has gone without a word, e.g. was killed.

    Attributes:
        reason: why.
        has_begun: False if it is certain that nothing of it ran, nor ever will: it may be launched again.
    """

    reason: str
    has_begun: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a job is in a cluster.

    Attributes:
        reasons: sentences for people: its state, what it waits for, what is before it.
        latest_start_s: when the cluster means to start it at the latest, seconds since 1970; None if it does not say.
    """

    reasons: tuple[str, ...]
    latest_start_s: float | None = None


class Launcher(Protocol):
    """Starts jobs."""

    name: str

    async def open(self) -> None:
        """Get ready, e.g. start warm processes."""

    async def close(self) -> None:
        """Let go. What runs in processes of its own stays; what cannot live on ends and is reported as lost."""

    async def submit(self, launch: Launch) -> str:
        """Start a job, and tell its handle: ``launch.handle``. A handle that is known already starts nothing again.

        Raises:
            LaunchError: it cannot be taken.
        """

    async def cancel(self, handle: str, *, grace_s: float = 0.5) -> None:
        """End a job with all its children, at the latest after ``grace_s``; it is reported as ``Ended`` or ``Lost``."""

    async def adopt(self, handles: Sequence[str]) -> None:
        """Care for jobs that a former server process launched. Those that are no more are reported as lost."""

    def reports(self) -> AsyncIterator[Report]:
        """News of all jobs, in order for each of them, from one consumer's loop until ``close``."""

    @property
    def free_slots(self) -> int:
        """How many more jobs could start at once."""

    def cluster_id(self, handle: str) -> str | None:
        """What the cluster's scheduler calls a job; None where there is no such scheduler, or it has not said yet."""

    async def standing(self, handle: str) -> Standing | None:
        """Where a job is in the cluster, and why; None if nothing is known, or there is no cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a look at a submission shows, without running it.

    Attributes:
        stack: the stack as text.
        estimate: what it needs.
    """

    stack: str
    estimate: Estimate


class Catalogue(Protocol):
    """What services there are, and what a submission would mean. Site code runs in a process of its own, not here."""

    async def services(self) -> Sequence[ServiceView]:
        """All services that may be used."""

    async def inspect(self, submission: bytes) -> Inspection:
        """Check a submission.

        Raises:
            InvalidSubmission: it cannot be run; carries the code of ``qat.comm.access.problems`` and near names.
            LaunchError: it could not be looked at; ``retryable`` if another try may succeed.
        """


class InvalidSubmission(Exception):  # noqa: N818 (says what it is)
    """A submission cannot be run.

    Attributes:
        code: ``unknown-service``, ``invalid-stack``, ``invalid-argument``, ``does-not-fit``, ``too-large``,
            ``malformed-request`` or ``too-new``.
        detail: what was wrong, what was expected, what to do.
        near_names: services of a similar name.
    """

    def __init__(self, code: str, detail: str, near_names: Sequence[str] = ()) -> None:
        super().__init__(code, detail, tuple(near_names))
        self.code, self.detail, self.near_names = code, detail, tuple(near_names)
