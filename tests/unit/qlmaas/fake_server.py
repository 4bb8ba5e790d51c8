"""An access server in this process: the same messages, no network. Jobs run when they are sent."""

import re
from functools import cached_property
from importlib import import_module
from urllib.parse import parse_qs, urlsplit

import msgspec

from qat.comm.access.messages import (
    Estimate,
    Explanation,
    Failure,
    JobPage,
    JobView,
    LogLine,
    Parameter,
    Problem,
    ServiceView,
    SessionView,
    Submission,
    TokenView,
    Usage,
    UserView,
)
from qat.comm.access.problems import PROBLEMS
from qat.comm.arguments import decode_message, encode_argument, unpack_argument
from qat.comm.broker.usage import QpuUsage
from qat.comm.wire import encode
from qat.core.errors import GeneratorException, ServiceError, WireError
from qat.qlmaas.transport import Response

STEP = msgspec.structs.replace
LINALG = ServiceView(
    kind="qat.qpus", name="LinAlg", role="qpu", doc="A simulator.\n\nExact.",
    parameters=(
        Parameter(name="use_GPU", kind="positional", default="False", annotation="bool"),
        Parameter(name="seed", kind="keyword", default="None"),
    ),
)  # fmt: skip
VIEWS = [
    LINALG,
    ServiceView(
        kind="qat.plugins", name="ScipyMinimizePlugin", role="junction", doc="Minimises.",
        parameters=(Parameter(name="options", kind="variadic-keyword"),),
    ),
    ServiceView(kind="qat.plugins", name="ObservableSplitter", role="plugin", doc="Splits.", warning="being mended"),
    ServiceView(
        kind="qat.generators", name="MaxCutGenerator", role="generator", doc="Cuts.",
        parameters=(Parameter(name="options", kind="variadic-keyword"),),
    ),
]  # fmt: skip


class RefusalError(Exception):
    """A problem to answer with."""

    def __init__(self, code, detail="", **fields):
        super().__init__(code)
        kind = PROBLEMS[code]
        self.problem = Problem(title=kind.title, status=kind.status, detail=detail or kind.title, code=code, **fields)


class FakeServer:
    """Answers requests; ``faults`` are exceptions or responses that come first, ``pending`` keeps jobs from ending."""

    def __init__(self):
        self.jobs, self.submissions, self.results, self.keys, self.sessions = {}, {}, {}, {}, {}
        self.requests, self.faults, self.streams = [], [], []
        self.tokens = {"secret": "me"}
        self.passwords = {"me": "right"}
        self.pending = 0
        self.views = list(VIEWS)

    # ---------------------------------------------------------------- transport
    def request(self, method, path, *, headers, body=None, timeout_s, on_data=None):
        assert timeout_s > 0
        parts = urlsplit(path)
        self.requests.append((method, parts.path.removeprefix("/v1")))
        self.headers, self.query = headers, parse_qs(parts.query)
        if self.faults and (fault := self.faults.pop(0)) is not None:
            if isinstance(fault, Response):
                return fault
            raise fault
        try:
            return self._answer(method, parts.path.removeprefix("/v1"), body, on_data)
        except RefusalError as refusal:
            problem = STEP(refusal.problem, request_id="r-1")
            return Response(problem.status, {"content-type": "application/problem+json"}, msgspec.json.encode(problem))

    def _answer(self, method, path, body, on_data):
        for (verb, pattern), handler in self._routes.items():
            if verb == method and (match := re.fullmatch(pattern, path)):
                if path not in ("/version", "/login"):
                    self._authenticate()
                answer = handler(*match.groups(), **({"body": body} if body else {}), **(_on(on_data)))
                return answer if isinstance(answer, Response) else Response(200, {}, msgspec.json.encode(answer))
        raise RefusalError("unknown-route", f"{method} {path}")

    def _authenticate(self):
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise RefusalError("not-authenticated", "log in first")

    @cached_property
    def _routes(self):
        job = "/jobs/([^/]+)"
        return {
            ("GET", "/version"): lambda: {"api": 1, "server": "fake"},
            ("POST", "/login"): self._login,
            ("GET", "/me"): lambda: UserView(name="me", scopes=("user", "operator")),
            ("POST", "/me/password"): self._password,
            ("GET", "/services"): self._services,
            ("GET", "/usage"): lambda: [Usage(owner="me", nb_jobs=len(self.jobs), running_s=1.5)],
            ("GET", "/usage/qpus"): lambda: [QpuUsage(name="me", nb_tasks=3, used_s=2.5, nb_sessions=1, waited_s=0.5)],
            ("POST", "/jobs"): self._submit,
            ("GET", "/jobs"): self._list,
            ("GET", job): self._job,
            ("PATCH", job): self._edit,
            ("GET", f"{job}/result"): self._result,
            ("GET", f"{job}/submission"): lambda i: Response(200, {}, msgspec.msgpack.encode(self._known(i, True))),
            ("GET", f"{job}/events"): self._events,
            ("GET", f"{job}/log"): self._log,
            ("GET", f"{job}/explain"): lambda i: self._known(i) and Explanation(summary="it runs", reasons=("luck",)),
            ("POST", f"{job}/cancel"): self._cancel,
            ("POST", f"{job}/rerun"): self._rerun,
            ("DELETE", f"{job}/files"): self._delete,
            ("POST", "/sessions"): self._open,
            ("GET", "/sessions"): lambda: list(self.sessions.values()),
            ("GET", "/sessions/([^/]+)"): lambda i: self.sessions[i],
            ("DELETE", "/sessions/([^/]+)"): self._close,
        }

    # ---------------------------------------------------------------- user and services
    def _login(self, body):
        given = msgspec.json.decode(body)
        if self.passwords.get(given["username"]) != given["password"]:
            raise RefusalError("not-authenticated", "the password is wrong")
        secret = f"token-{len(self.tokens)}"
        self.tokens[secret] = given["username"]
        return TokenView(id="t", owner="me", scopes=("user",), created_s=0.0, secret=secret)

    def _password(self, body):
        given = msgspec.json.decode(body)
        if given["old"] != self.passwords["me"]:
            raise RefusalError("forbidden", "the old password is wrong")
        self.passwords["me"] = given["new"]
        return Response(204, {})

    def _services(self):
        version = str(len(self.views))
        if self.headers.get("If-None-Match") == version:
            return Response(304, {})
        return Response(200, {"etag": version}, msgspec.json.encode(self.views))

    # ---------------------------------------------------------------- jobs
    def _known(self, job_id, is_submission=False):
        if job_id not in self.jobs:
            raise RefusalError("unknown-job", f"no job {job_id!r}")
        return (self.submissions if is_submission else self.jobs)[job_id]

    def _submit(self, body):
        key = self.headers["Idempotency-Key"]
        return self._accept(msgspec.msgpack.decode(body, type=Submission), key)

    def _rerun(self, job_id):
        return self._accept(self._known(job_id, True), self.headers["Idempotency-Key"], parent_id=job_id)

    def _accept(self, submission, key, **fields):
        if key in self.keys:
            return self.jobs[self.keys[key]]
        job_id = self.keys[key] = f"j{len(self.jobs) + 1}"
        self.submissions[job_id] = submission
        self.jobs[job_id] = JobView(
            id=job_id, owner="me", state="running", stack=str(submission.recipe), task=submission.task,
            name=submission.name, tags=submission.tags, resources=submission.resources,
            created_s=1000.0 + len(self.jobs), started_s=1001.0, session_id=submission.session_id,
            estimate=Estimate(nb_jobs=1, nb_qubits=2, memory_bytes=3 << 20), meta_data=submission.meta_data, **fields,
        )  # fmt: skip
        accepted = self.jobs[job_id]
        self._run(job_id, submission)
        return Response(201, {}, msgspec.json.encode(accepted))

    def _run(self, job_id, submission):
        try:
            self.results[job_id] = _run(submission)
            self._set(job_id, state="done", ended_s=1002.0)
        except ServiceError as error:
            failure = Failure(
                exception=type(error).__name__, message=error.message, code=error.code, modulename=error.modulename
            )
            self._set(job_id, state="failed", failure=failure)

    def _set(self, job_id, **fields):
        self.jobs[job_id] = STEP(self.jobs[job_id], **fields)
        return self.jobs[job_id]

    def _job(self, job_id):
        view = self._known(job_id)
        return STEP(view, state="running") if self._is_pending() else view

    def _is_pending(self):
        self.pending = max(0, self.pending - 1)
        return self.pending > 0

    def _result(self, job_id):
        view = self._known(job_id)
        if self._is_pending():
            return Response(202, {}, msgspec.json.encode(STEP(view, state="running")))
        if view.state != "done":
            code = {"failed": "job-failed", "cancelled": "job-cancelled", "stopped": "job-stopped"}
            raise RefusalError(code.get(view.state, "files-deleted"), failure=view.failure)
        return Response(200, {}, self.results[job_id])

    def _list(self):
        jobs = [view for view in reversed(self.jobs.values()) if view.state in self.query.get("state", [view.state])]
        jobs = [view for view in jobs if set(self.query.get("tag", ())) <= set(view.tags)]
        jobs = [view for view in jobs if view.session_id in self.query.get("session", [view.session_id])]
        first, limit = int(self.query.get("cursor", "0")[0]), int(self.query.get("limit", ["50"])[0])
        rest = str(first + limit) if first + limit < len(jobs) else None
        return JobPage(items=tuple(jobs[first : first + limit]), total=len(jobs), next_cursor=rest)

    def _edit(self, job_id, body):
        changes = msgspec.json.decode(body)
        return self._set(job_id, **{k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()})

    def _cancel(self, job_id):
        is_open = self._known(job_id).state in ("waiting", "pending", "running")
        return self._set(job_id, state="cancelled") if is_open else self.jobs[job_id]

    def _delete(self, job_id):
        if self._known(job_id).state == "running":
            raise RefusalError("not-final", "it runs")
        return self._set(job_id, state="deleted")

    def _log(self, job_id):
        first = int(self.query.get("first", ["0"])[0])
        lines = [LogLine(number=n, time_s=0.0, stream="stdout", text=f"line {n}") for n in range(3)]
        return self._known(job_id) and lines[first:]

    def _events(self, job_id, on_data):
        self._known(job_id)
        for data in self.streams.pop(0):
            if isinstance(data, Exception):
                raise data
            if not on_data(data):
                break
        return Response(200, {})

    # ---------------------------------------------------------------- sessions
    def _open(self, body):
        given = msgspec.json.decode(body)
        session = SessionView(
            id=f"s{len(self.sessions)}", owner="me", state="open", created_s=0.0, name=given.get("name")
        )
        self.sessions[session.id] = session
        return session

    def _close(self, session_id):
        self.sessions[session_id] = STEP(self.sessions[session_id], state="closed")
        if "cancel" in self.query:
            for view in self.jobs.values():
                self._cancel(view.id)
        return self.sessions[session_id]


def _on(on_data):
    return {"on_data": on_data} if on_data else {}


def _run(submission):
    """What a runner does, with any service that is installed here."""
    stack = _built(submission.recipe)
    arguments = [unpack_argument(value) for value in submission.arguments]
    if submission.task == "execute":
        keywords = {name: unpack_argument(value) for name, value in submission.keywords.items()}
        try:
            return encode_argument(stack.execute(*arguments, **keywords), "the answer")
        except WireError as error:
            raise GeneratorException(message=str(error)) from None
    if submission.task == "specs":
        return encode(stack.get_specs())
    batch = decode_message(submission.batch)
    if submission.task == "compile":
        return encode(stack.compile(batch, *arguments))
    work = batch.jobs[0] if submission.is_single else batch
    return encode(stack.submit(work, meta_data=submission.meta_data))


def _built(recipe):
    parts = []
    for call in recipe.services:
        service = getattr(import_module(call.kind), call.name)
        keywords = {name: unpack_argument(value) for name, value in call.keywords.items()}
        parts.append(service(*map(unpack_argument, call.arguments), **keywords))
    stack = parts[0]
    for part in parts[1:]:
        stack = stack | part
    return stack
