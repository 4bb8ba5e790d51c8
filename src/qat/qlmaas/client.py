"""Calls of the server's interface, one method each: messages in, messages out. Logs in, tries again, raises."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from qat.comm.access.messages import (
    Explanation,
    JobPage,
    JobView,
    LogLine,
    Problem,
    ServiceView,
    SessionView,
    Submission,
    TokenView,
    Usage,
    UserView,
)
from qat.comm.broker.usage import QpuUsage
from qat.qlmaas.credentials import Credentials
from qat.qlmaas.errors import LoginError, QLMaaSError, exception_of
from qat.qlmaas.events import Event, EventParser
from qat.qlmaas.patience import Patience
from qat.qlmaas.transport import Response, Transport

__all__ = ["LONGEST_POLL_S", "AccessClient"]

LONGEST_POLL_S = 25.0
"""How long one long poll lasts: less than what proxies on the way take for a dead connection."""

_MARGIN_S = 15.0
"""How much longer than a long poll its answer may take."""

_SUBMISSION = "application/vnd.openqat.submission+msgpack"
_encode = msgspec.msgpack.Encoder().encode
Answer = TypeVar("Answer")


class AccessClient:
    """Talks to one access server; threads may share it.

    Args:
        transport: sends requests.
        credentials: who the user is.
        patience: how long the server may be away.
        timeout_s: how long an answer may take.

    >>> from qat.qlmaas.credentials import Token
    >>> from qat.qlmaas.transport import TableTransport
    >>> client = AccessClient(TableTransport({"GET /v1/me": UserView(name="ada")}), Token("secret"))
    >>> client.me().name
    'ada'
    """

    def __init__(
        self, transport: Transport, credentials: Credentials, patience: Patience | None = None, timeout_s: float = 60.0
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._patience = patience or Patience(timeout_s)
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._secret: str | None = None
        self._has_secret = False

    # ---------------------------------------------------------------- server and user
    def version(self) -> dict[str, Any]:
        """What runs there: ``{"api": 1, "server": "openqat 0.1.0"}``."""
        return self._json("GET", "/version", type=dict[str, Any], is_anonymous=True)

    def log_in(self, username: str, password: str, label: str | None = None) -> TokenView:
        """A token for a password.

        Raises:
            LoginError: the server does not know them.
        """
        content = {"username": username, "password": password, **({"label": label} if label else {})}
        return self._json("POST", "/login", content, type=TokenView, is_anonymous=True)

    def me(self, *, patience_s: float | None = None) -> UserView:
        """The user who is logged in."""
        return self._json("GET", "/me", type=UserView, patience_s=patience_s)

    def log_in_again(self, refused: str | None = None) -> None:
        """Forget the token that is in use, and get a new one where a password is known.

        Args:
            refused: the token that the server did not take; when another thread has got a new one, that is kept.

        Raises:
            LoginError: there is no password, or the server does not take it.
        """
        with self._lock:
            if refused is not None and refused != self._secret:
                return
            self._secret = self._credentials.secret(self._secret_for, is_renewed=True)

    def change_password(self, old: str, new: str) -> None:
        """Change the user's password."""
        self._call("POST", "/me/password", content={"old": old, "new": new}, is_safe=False)

    def services(self, etag: str | None = None) -> tuple[str | None, list[ServiceView] | None]:
        """The catalogue and its version; None for the catalogue when the version is still that of ``etag``."""
        response = self._call("GET", "/services", headers={"If-None-Match": etag} if etag else None)
        views = None if response.status == 304 else _decoded(response, list[ServiceView])
        return response.headers.get("etag", etag), views

    def usage(self, *, is_all: bool = False) -> list[Usage]:
        """What the user has used; ``is_all`` for everybody (operators)."""
        return self._json("GET", "/usage", query={"all": "1"} if is_all else None, type=list[Usage])

    def qpu_usage(self, query: Mapping[str, Any]) -> list[QpuUsage]:
        """What was used of shared QPUs; ``by``, ``since``, ``until``, ``all``."""
        return self._json("GET", "/usage/qpus", query=query, type=list[QpuUsage])

    # ---------------------------------------------------------------- jobs
    def submit(self, submission: Submission, key: str | None = None) -> JobView:
        """Send a job. The same key never makes a second one, so this is tried again like any other call."""
        headers = {"Content-Type": _SUBMISSION, "Idempotency-Key": key or _fresh_id()}
        return _decoded(self._call("POST", "/jobs", body=_encode(submission), headers=headers), JobView)

    def jobs(self, filters: Mapping[str, Any] | None = None) -> JobPage:
        """A part of the list of jobs; filters with several values are given as lists."""
        return self._json("GET", "/jobs", query=filters, type=JobPage)

    def job(self, job_id: str, *, wait_s: float = 0.0, until: str = "final") -> JobView:
        """A job; with ``wait_s``, when it is final (or started) or after so many seconds."""
        query = {"wait_s": wait_s, "until": until} if wait_s else None
        return self._json("GET", _job(job_id), query=query, type=JobView, timeout_s=wait_s + _MARGIN_S)

    def result(self, job_id: str, *, wait_s: float = 0.0, patience_s: float | None = None) -> bytes | JobView:
        """The message with the result; the job instead while it has not ended, after ``wait_s`` seconds.

        Args:
            job_id: the job.
            wait_s: how long the server may keep us waiting.
            patience_s: how long the server may be away; None for as usual.

        Raises:
            QatError: the job failed, was cancelled or stopped, or its files are gone.
        """
        query = {"wait_s": wait_s} if wait_s else None
        response = self._call(
            "GET", f"{_job(job_id)}/result", query=query, timeout_s=wait_s + _MARGIN_S, patience_s=patience_s
        )
        return _decoded(response, JobView) if response.status == 202 else response.body

    def submission(self, job_id: str) -> Submission:
        """What was sent as a job."""
        body = self._call("GET", f"{_job(job_id)}/submission").body
        return msgspec.msgpack.decode(body, type=Submission)

    def log(self, job_id: str, *, first: int = 0, limit: int = 1000) -> list[LogLine]:
        """Lines that a job wrote, from number ``first`` on."""
        query = {"first": first, "limit": limit}
        return self._json("GET", f"{_job(job_id)}/log", query=query, type=list[LogLine])

    def explain(self, job_id: str) -> Explanation:
        """Why a job is where it is."""
        return self._json("GET", f"{_job(job_id)}/explain", type=Explanation)

    def cancel(self, job_id: str) -> JobView:
        """Cancel a job; cancelling it twice does nothing more."""
        return self._json("POST", f"{_job(job_id)}/cancel", type=JobView)

    def rerun(self, job_id: str, key: str | None = None) -> JobView:
        """The same submission as a new job."""
        headers = {"Idempotency-Key": key or _fresh_id()}
        return _decoded(self._call("POST", f"{_job(job_id)}/rerun", headers=headers), JobView)

    def edit(self, job_id: str, *, name: str | None = None, tags: Sequence[str] | None = None) -> JobView:
        """Change a job's name and tags; None leaves them."""
        content: dict[str, Any] = {} if name is None else {"name": name}
        return self._json("PATCH", _job(job_id), content if tags is None else {**content, "tags": list(tags)}, JobView)

    def delete_files(self, job_id: str) -> JobView:
        """Remove a job's files."""
        return self._json("DELETE", f"{_job(job_id)}/files", type=JobView)

    def events(
        self, job_id: str, on_event: Callable[[Event], bool], *, last_id: str | None = None, silence_s: float = 60.0
    ) -> None:
        """Follow a job on one connection, until the server or ``on_event`` (with False) ends it.

        Args:
            job_id: the job.
            on_event: gets each event.
            last_id: id of the last event that is known.
            silence_s: how long nothing may come; servers send a sign of life every 15 seconds.

        Raises:
            UnreachableError: the connection was lost; go on after the last event's id.
        """
        parser = EventParser()
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
        self._call(
            "GET", f"{_job(job_id)}/events", headers=headers, timeout_s=silence_s, patience_s=0.0,
            on_data=lambda data: all(on_event(event) for event in parser.feed(data)),
        )  # fmt: skip

    # ---------------------------------------------------------------- sessions
    def open_session(self, name: str | None = None, max_time_s: float | None = None) -> SessionView:
        """Open a session."""
        content = {key: value for key, value in (("name", name), ("max_time_s", max_time_s)) if value is not None}
        return self._json("POST", "/sessions", content, type=SessionView, is_safe=False)

    def sessions(self) -> list[SessionView]:
        """The user's sessions."""
        return self._json("GET", "/sessions", type=list[SessionView])

    def session(self, session_id: str) -> SessionView:
        """A session."""
        return self._json("GET", f"/sessions/{quote(session_id, safe='')}", type=SessionView)

    def close_session(self, session_id: str, *, is_cancelling: bool = False) -> SessionView:
        """Close a session; its jobs go on, or are cancelled."""
        query = {"cancel": "1"} if is_cancelling else None
        return self._json("DELETE", f"/sessions/{quote(session_id, safe='')}", query=query, type=SessionView)

    # ---------------------------------------------------------------- how
    def _json(
        self, method: str, path: str, content: Any = None, type: type[Answer] = JobView, **options: Any  # type: ignore[assignment]  # noqa: A002
    ) -> Answer:  # fmt: skip
        return _decoded(self._call(method, path, content=content, **options), type)

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: Any = None,
        body: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        patience_s: float | None = None,
        is_safe: bool = True,
        is_anonymous: bool = False,
        on_data: Callable[[bytes], bool] | None = None,
    ) -> Response:
        """Send a request until there is an answer, logging in once more if the token has expired.

        Raises:
            QatError: what the server's problem stands for.
            UnreachableError: the server was away for too long.
        """
        if content is not None:
            body, headers = msgspec.json.encode(content), {"Content-Type": "application/json", **(headers or {})}
        address = f"/v1{path}?{urlencode(query, doseq=True)}" if query else f"/v1{path}"
        given = {"X-Request-ID": _fresh_id(), **(headers or {})}

        def attempt() -> Response:
            return self._transport.request(
                method, address, headers={**given, **self._authorization(is_anonymous)}, body=body,
                timeout_s=timeout_s or self._timeout_s, on_data=on_data,
            )  # fmt: skip

        patience = self._patience if patience_s is None else replace(self._patience, limit_s=patience_s)
        used = self._secret
        response = patience.run(attempt, is_safe=is_safe)
        if response.status == 401 and not is_anonymous:
            self.log_in_again(refused=used)
            response = patience.run(attempt, is_safe=is_safe)
        if response.status >= 300 and response.status != 304:
            raise exception_of(_problem(response, given["X-Request-ID"]))
        return response

    def _authorization(self, is_anonymous: bool) -> dict[str, str]:
        if is_anonymous:
            return {}
        with self._lock:
            if not self._has_secret:
                self._secret = self._credentials.secret(self._secret_for, is_renewed=False)
                self._has_secret = True
        return {"Authorization": f"Bearer {self._secret}"} if self._secret else {}

    def _secret_for(self, username: str, password: str) -> str:
        secret = self.log_in(username, password, "qlmaas").secret
        if secret is None:
            raise LoginError("the server gave no token for this password; is it an access server of openqat?")
        return secret


def _fresh_id() -> str:
    return os.urandom(16).hex()


def _job(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"


def _decoded(response: Response, type: type[Answer]) -> Answer:  # noqa: A002
    try:
        return msgspec.json.decode(response.body, type=type)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        shown = response.body[:60].decode(errors="replace")
        raise QLMaaSError(f"the server answered {shown!r}, which is no answer of an access server: {error}") from None


def _problem(response: Response, request_id: str) -> Problem:
    """What the server says is wrong; for an answer of something else on the way, as much as can be said."""
    with suppress(msgspec.DecodeError, msgspec.ValidationError):
        problem = msgspec.json.decode(response.body, type=Problem)
        return msgspec.structs.replace(problem, request_id=problem.request_id or request_id)
    text = f"status {response.status} without a reason; is it an access server of openqat, or a proxy before one?"
    return Problem(title="", status=response.status, detail=text, code="unknown-answer", request_id=request_id)
