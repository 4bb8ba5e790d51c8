"""What travels between a client and an access server, as frozen structures.

JSON for everything that a person or a script may want to read; msgpack for what holds jobs and results. Times are
seconds since 1970 (UTC), durations seconds, memory bytes, unless a name says otherwise. Unknown fields in requests are
refused; clients ignore unknown fields in answers, so that a server may be newer.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from qat.comm.arguments import Argument
from qat.comm.recipe import ServiceKind, StackRecipe

__all__ = [
    "API_VERSION", "Explanation", "JobPage", "JobState", "JobView", "LogLine", "Parameter", "Problem", "Progress",
    "Resources", "ServiceView", "SessionView", "Submission", "Task", "TokenView", "Usage", "UserView",
]  # fmt: skip

API_VERSION = 1

JobState = Literal["waiting", "pending", "running", "done", "failed", "cancelled", "stopped", "deleted"]
"""State of a job: ``pending`` is waiting in the cluster's scheduler, ``stopped`` ended at a limit, ``deleted`` is a job
whose files were removed. The last five are final."""

FINAL_STATES: frozenset[str] = frozenset({"done", "failed", "cancelled", "stopped", "deleted"})

Task = Literal["submit", "compile", "execute", "specs"]
"""What to do with a stack: submit jobs, only compile them, execute an application, or tell its specs."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what clients send."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what servers answer."""


class Resources(Request, frozen=True, kw_only=True):
    """What a client asks for; None leaves it to the server.

    Attributes:
        memory_bytes: memory of the whole job.
        nb_cores: cores of a node.
        nb_nodes: nodes.
        max_time_s: the job is stopped after so many seconds of running.
        scheduling: passed to the cluster's scheduler, as far as the site allows.
    """

    memory_bytes: int | None = None
    nb_cores: int | None = None
    nb_nodes: int | None = None
    max_time_s: float | None = None
    scheduling: dict[str, str] = {}


class Submission(Request, frozen=True, kw_only=True):
    """A job for the server, sent as msgpack.

    Attributes:
        recipe: the stack.
        task: what to do with it.
        batch: the message of a Batch (``qat.comm.wire``); None for ``execute`` and ``specs``.
        is_single: whether one Job was submitted, so that one Result comes back.
        arguments: positional arguments of ``execute``.
        keywords: keyword arguments of ``execute``.
        meta_data: meta data of the submission.
        resources: what it needs.
        name: a name for lists.
        tags: labels for lists.
        session_id: the session it belongs to.
    """

    recipe: StackRecipe
    task: Task = "submit"
    batch: bytes | None = None
    is_single: bool = False
    arguments: tuple[Argument, ...] = ()
    keywords: dict[str, Argument] = {}
    meta_data: dict[str, str] = {}
    resources: Resources = Resources()
    name: str | None = None
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    version: int = API_VERSION


class Estimate(Answer, frozen=True, kw_only=True):
    """What a job will need, as its services estimate it.

    Attributes:
        nb_jobs: jobs in the batch.
        nb_qubits: qubits of the largest.
        nb_shots: shots of all.
        memory_bytes: of the largest.
        duration_s: of one pass over all jobs; None when nobody knows.
        is_safe_to_retry: whether running it twice does no harm.
        qpu_pools: pools of shared QPUs that its stack uses, and the part of a QPU's time asked of each; None for the
            site's usual one.
    """

    nb_jobs: int = 0
    nb_qubits: int = 0
    nb_shots: int = 0
    memory_bytes: int | None = None
    duration_s: float | None = None
    is_safe_to_retry: bool = True
    qpu_pools: dict[str, float | None] = {}


class Progress(Answer, frozen=True, kw_only=True):
    """How far a job is.

    Attributes:
        iteration: evaluations so far.
        value: the last value.
        best_value: the lowest value.
        parameters: variables of the last evaluation.
        fraction: of the work done, 0 to 1, when it is known.
        time_s: when.
    """

    iteration: int = 0
    value: float | None = None
    best_value: float | None = None
    parameters: dict[str, float] = {}
    fraction: float | None = None
    time_s: float = 0.0


class Failure(Answer, frozen=True, kw_only=True):
    """Why a job failed: the exception of a service, or the server's own reason.

    Attributes:
        exception: ``QPUException``, ``PluginException``, ``GeneratorException`` or ``ServerError``.
        message: for people.
        code: of the exception, or None.
        modulename: of the exception, or None.
        reason: stable word for programs, e.g. ``service-error``, ``runner-lost``, ``out-of-memory``, ``time-limit``.
    """

    exception: str
    message: str
    code: int | None = None
    modulename: str | None = None
    reason: str = "service-error"


class JobView(Answer, frozen=True, kw_only=True):
    """A job as its owner sees it.

    Attributes:
        id: its id.
        state: where it is.
        owner: user name.
        account: account that is charged.
        stack: the stack as text.
        task: what is done with it.
        created_s: when it was accepted.
        started_s: when it began to run.
        ended_s: when it ended.
        expires_s: when its files are removed.
        estimate: what it will need.
        resources: what was asked for.
        name: its name.
        tags: its labels.
        session_id: its session.
        parent_id: the job it runs again.
        attempt: how often it was started.
        queue_position: jobs before it, 0 for the next one; None when it does not wait.
        message: the latest news for people.
        failure: why it failed.
        progress: how far it is.
        result_bytes: size of the result.
        meta_data: of the submission.
        cluster_id: id in the cluster's scheduler.
    """

    id: str
    state: JobState
    owner: str
    account: str | None = None
    stack: str = ""
    task: Task = "submit"
    created_s: float = 0.0
    started_s: float | None = None
    ended_s: float | None = None
    expires_s: float | None = None
    estimate: Estimate | None = None
    resources: Resources = Resources()
    name: str | None = None
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    parent_id: str | None = None
    attempt: int = 0
    queue_position: int | None = None
    message: str | None = None
    failure: Failure | None = None
    progress: Progress | None = None
    result_bytes: int | None = None
    meta_data: dict[str, str] = {}
    cluster_id: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it, but for the removal of its files."""
        return self.state in FINAL_STATES


class JobPage(Answer, frozen=True, kw_only=True):
    """Part of a list of jobs.

    Attributes:
        items: the jobs.
        total: how many there are in all parts.
        next_cursor: names the next part; None after the last.
    """

    items: tuple[JobView, ...]
    total: int
    next_cursor: str | None = None


class Parameter(Answer, frozen=True, kw_only=True):
    """A parameter of a service's constructor; ``default`` and ``annotation`` are texts as Python prints them."""

    name: str
    kind: Literal["positional", "keyword", "variadic", "variadic-keyword"]
    default: str | None = None
    annotation: str | None = None


class ServiceView(Answer, frozen=True, kw_only=True):
    """A service that the server offers.

    Attributes:
        kind: its service module.
        name: its name there.
        role: ``qpu``, ``plugin``, ``junction`` or ``generator``.
        doc: its documentation.
        parameters: of its constructor.
        warning: shown when it is imported.
        origin: distribution and version it comes from.
    """

    kind: ServiceKind
    name: str
    role: Literal["qpu", "plugin", "junction", "generator"]
    doc: str = ""
    parameters: tuple[Parameter, ...] = ()
    warning: str | None = None
    origin: str | None = None


class LogLine(Answer, frozen=True, kw_only=True):
    """A line that a job wrote.

    Attributes:
        number: counts from 0.
        time_s: when.
        stream: ``stdout``, ``stderr`` or ``server``.
        text: the line, without its end.
    """

    number: int
    time_s: float
    stream: Literal["stdout", "stderr", "server"]
    text: str


class Explanation(Answer, frozen=True, kw_only=True):
    """Why a job is where it is.

    Attributes:
        summary: one sentence.
        reasons: what holds it, the most important first.
        queue_position: jobs before it.
        expected_start_s: earliest and latest likely start.
        story: what happened so far, oldest first.
    """

    summary: str
    reasons: tuple[str, ...] = ()
    queue_position: int | None = None
    expected_start_s: tuple[float, float] | None = None
    story: tuple[str, ...] = ()


class SessionView(Answer, frozen=True, kw_only=True):
    """A session: jobs that belong together.

    Attributes:
        id: its id.
        owner: user name.
        state: ``open`` takes jobs, ``closed`` does not.
        created_s: when it was opened.
        expires_s: when it closes by itself.
        name: its name.
        nb_jobs: jobs so far.
    """

    id: str
    owner: str
    state: Literal["open", "closed"]
    created_s: float
    expires_s: float | None = None
    name: str | None = None
    nb_jobs: int = 0


class UserView(Answer, frozen=True, kw_only=True):
    """A user: name, account, scopes (``user``, ``operator``) and quotas (None: unlimited)."""

    name: str
    account: str | None = None
    scopes: tuple[str, ...] = ("user",)
    is_active: bool = True
    max_waiting_jobs: int | None = None
    max_running_jobs: int | None = None
    max_stored_bytes: int | None = None


class TokenView(Answer, frozen=True, kw_only=True):
    """An API token, without its secret; ``secret`` is only there in the answer that makes it."""

    id: str
    owner: str
    scopes: tuple[str, ...]
    created_s: float
    expires_s: float | None = None
    label: str | None = None
    secret: str | None = None


class Usage(Answer, frozen=True, kw_only=True):
    """What a user or account has used: jobs, shots, seconds of running and of waiting, bytes stored."""

    owner: str
    account: str | None = None
    nb_jobs: int = 0
    nb_shots: int = 0
    running_s: float = 0.0
    waiting_s: float = 0.0
    stored_bytes: int = 0


class Problem(Answer, frozen=True, kw_only=True):
    """An error of the server, as ``application/problem+json`` (RFC 9457).

    Attributes:
        type: ``about:blank``, or an address that explains it.
        title: what kind of error.
        status: HTTP status.
        detail: what was wrong (with the value), what was expected, what to do.
        code: stable word for programs, see :mod:`qat.comm.access.problems`.
        request_id: names the request in the server's log.
        retry_after_s: when to try again.
        failure: of the job, for ``job-failed``.
        context: further values, e.g. near names.
    """

    title: str
    status: int
    detail: str
    code: str
    type: str = "about:blank"
    request_id: str | None = None
    retry_after_s: float | None = None
    failure: Failure | None = None
    context: dict[str, Any] = {}
