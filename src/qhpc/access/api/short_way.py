"""The two requests of every job go straight to their routes: the machinery between takes longer than the work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from qhpc.access.api.errors import answer_of
from qhpc.access.api.routes_files import get_result
from qhpc.access.api.routes_jobs import submit

__all__ = ["ShortWay"]

_SUBMIT = "/v1/jobs"
_BEFORE, _AFTER = "/v1/jobs/", "/result"


class _Route(NamedTuple):
    """A route, as metrics see it."""

    path: str
    endpoint: Callable[[Request], Awaitable[Response]]


_SUBMIT_ROUTE, _RESULT_ROUTE = _Route(_SUBMIT, submit), _Route("/v1/jobs/{job_id}/result", get_result)


class ShortWay:
    """An ASGI application around another, which answers all other requests and those behind a path of a proxy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        route = _found(scope) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive)
        try:
            answer = await route.endpoint(request)
        except Exception as error:
            problem = await answer_of(request, error)
            if problem is None:
                raise
            answer = problem
        await answer(scope, receive, send)


def _found(scope: Scope) -> _Route | None:
    """The route of a request, if it is one of the two; puts what the path holds into the scope."""
    method, path = scope["method"], scope["path"]
    if method == "POST":
        return _SUBMIT_ROUTE if path == _SUBMIT else None
    if method != "GET" or not (path.startswith(_BEFORE) and path.endswith(_AFTER)):
        return None
    job_id = path[len(_BEFORE) : -len(_AFTER)]
    if not job_id or "/" in job_id:
        return None
    scope["path_params"] = {"job_id": job_id}
    return _RESULT_ROUTE
