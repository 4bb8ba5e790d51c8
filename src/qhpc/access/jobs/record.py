"""A job as the server keeps it. Its input and its result are files; see the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from qat.comm.access.messages import Estimate, Failure, JobState, Progress, Resources, Task

__all__ = ["JobRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job. Times in seconds since 1970 (UTC).

    Attributes:
        id: unique, unguessable, sorts by time of creation; see ``ids``.
        owner: user name.
        account: account that is charged.
        idempotency_key: the client's key of the submission; unique for its owner.
        submission_sha256: checksum of the submission, hex.
        submission_bytes: its size.
        state: see ``life_cycle``.
        version: counts the changes, so that writers notice each other.
        stack: the stack as text.
        task: what is done with it.
        created_s: when it was accepted.
        started_s: when its last attempt began to run.
        ended_s: when it ended.
        retention_s: its files are kept so long after its end; None keeps them.
        expires_s: when its files are removed; set at its end.
        estimate: what its services say that it needs.
        resources: what was asked for.
        name: its name.
        tags: its labels.
        session_id: its session.
        parent_id: the job it runs again.
        attempt: how often it was launched.
        is_cancel_requested: whether it has to end.
        launcher: which launcher has it.
        handle: its handle there.
        message: the latest news for people.
        failure: why it failed or was stopped.
        progress: how far it is.
        result_bytes: size of its result.
        result_sha256: checksum of its result, hex.
        log_bytes: size of the text of its log.
        meta_data: of the submission.
    """

    id: str
    owner: str
    account: str | None = None
    idempotency_key: str | None = None
    submission_sha256: str = ""
    submission_bytes: int = 0
    state: JobState = "waiting"
    version: int = 0
    stack: str = ""
    task: Task = "submit"
    created_s: float = 0.0
    started_s: float | None = None
    ended_s: float | None = None
    retention_s: float | None = None
    expires_s: float | None = None
    estimate: Estimate | None = None
    resources: Resources = field(default_factory=Resources)
    name: str | None = None
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    parent_id: str | None = None
    attempt: int = 0
    is_cancel_requested: bool = False
    launcher: str | None = None
    handle: str | None = None
    message: str | None = None
    failure: Failure | None = None
    progress: Progress | None = None
    result_bytes: int | None = None
    result_sha256: str | None = None
    log_bytes: int = 0
    meta_data: dict[str, str] = field(default_factory=dict)
