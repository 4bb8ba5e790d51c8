"""The outermost layer of the application: request ids, limits of bodies, logs, metrics, and a last net for errors."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qhpc.access.api.errors import problem_answer
from qhpc.access.api.metrics import Metrics
from qhpc.access.logs import request_id
from qhpc.access.service.problems import AccessProblem

__all__ = ["Guard", "RequestLimits"]

_log = logging.getLogger("qhpc.access.requests")
_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """Limits of one request.

    Attributes:
        max_body_bytes: of a body.
        read_timeout_s: the next part of a body has to come within this time.
    """

    max_body_bytes: int = 256 * 2**20
    read_timeout_s: float = 30.0


class Guard:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, limits: RequestLimits, metrics: Metrics) -> None:
        self._app, self._limits, self._metrics = app, limits, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        name = _request_name(headers.get(b"x-request-id"))
        token = request_id.set(name)
        answer = _Answer(send, name.encode())
        began_s = time.perf_counter()
        try:
            await self._app(scope, _LimitedReceive(receive, self._limits, headers), answer)
        except Exception as error:
            await self._failed(scope, error, answer)
        finally:
            self._account(scope, answer.status, time.perf_counter() - began_s)
            request_id.reset(token)

    async def _failed(self, scope: Scope, error: Exception, answer: _Answer) -> None:
        """Say that the server failed; what exactly is only in the log."""
        _log.error("a request failed", exc_info=error, extra={"method": scope["method"], "path": scope["path"][:200]})
        if answer.status:
            raise error
        problem = AccessProblem("internal-error", "the server failed; its log has more under the id of this request")
        await problem_answer(problem.answer(request_id.get()))(scope, _no_more, answer)

    def _account(self, scope: Scope, status: int, duration_s: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.served(route, scope["method"], status, duration_s)
        if _log.isEnabledFor(logging.INFO):
            extra = {
                "method": scope["method"],
                "path": scope["path"][:200],
                "status": status,
                "duration_ms": round(1000 * duration_s, 3),
                "client": (scope.get("client") or ("local",))[0],
            }
            _log.info("request", extra=extra)


def _request_name(given: bytes | None) -> str:
    return given.decode() if given is not None and _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


async def _no_more() -> Message:
    return {"type": "http.disconnect"}


class _Answer:
    """Sends an answer with the id of its request."""

    def __init__(self, send: Send, name: bytes) -> None:
        self._send, self._name, self.status = send, name, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self._name)]
        await self._send(message)


class _LimitedReceive:
    """Receives a body in time and up to a size."""

    def __init__(self, receive: Receive, limits: RequestLimits, headers: dict[bytes, bytes]) -> None:
        self._receive, self._limits = receive, limits
        self._nb_bytes, self._is_complete = 0, False
        length = headers.get(b"content-length", b"")
        self._announced = int(length) if length.isdigit() else 0

    async def __call__(self) -> Message:
        if self._is_complete:
            return await self._receive()
        self._check(self._announced)
        try:
            async with asyncio.timeout(self._limits.read_timeout_s):
                message = await self._receive()
        except TimeoutError:
            detail = f"no part of the body came for {self._limits.read_timeout_s} s"
            raise AccessProblem("too-slow", detail) from None
        self._nb_bytes += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        self._check(self._nb_bytes)
        return message

    def _check(self, nb_bytes: int) -> None:
        if nb_bytes > self._limits.max_body_bytes:
            detail = f"the body has {nb_bytes} bytes or more; this server takes {self._limits.max_body_bytes}"
            raise AccessProblem("too-large", detail)
