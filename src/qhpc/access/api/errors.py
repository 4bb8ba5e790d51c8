"""Every error as ``application/problem+json``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from qat.comm.access.messages import Problem
from qhpc.access.logs import current_request_id
from qhpc.access.service.problems import AccessProblem
from qhpc.access.store.protocol import InvalidText, StorageFull, StoreUnavailable

__all__ = ["PROBLEM", "answer_of", "install_errors", "problem_answer"]

PROBLEM = "application/problem+json"

_log = logging.getLogger(__name__)

_CODES = {404: "unknown-route", 405: "wrong-method", 413: "too-large", 415: "wrong-media-type"}


def problem_answer(problem: Problem) -> Response:
    """A problem as an answer."""
    headers = {} if problem.retry_after_s is None else {"retry-after": str(max(1, round(problem.retry_after_s)))}
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(msgspec.json.encode(problem), problem.status, headers=headers, media_type=PROBLEM)


def install_errors(app: FastAPI) -> None:
    """Make an app answer all errors as problems."""
    for kind, answer in {**_ANSWERS, HTTPException: _http_error, RequestValidationError: _invalid_parameter}.items():
        app.add_exception_handler(kind, answer)


async def answer_of(request: Request, error: Exception) -> Response | None:
    """The answer to a request that raised an error; None if it is not one that is answered."""
    answer = next((_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS), None)
    return None if answer is None else await answer(request, error)


async def _access_problem(request: Request, error: Exception) -> Response:
    return problem_answer(cast(AccessProblem, error).answer(current_request_id()))


async def _http_error(request: Request, error: Exception) -> Response:
    status = cast(HTTPException, error).status_code
    code = _CODES.get(status, "malformed-request" if status < 500 else "internal-error")
    path = request.url.path[:200]
    answer = problem_answer(AccessProblem(code, f"{request.method} {path}: {_WHAT[code]}").answer(current_request_id()))
    answer.headers.update(cast(HTTPException, error).headers or {})
    return answer


_WHAT = {
    "unknown-route": "there is no such address; see /v1/openapi.json for those there are",
    "wrong-method": "the address exists, but does not take this method",
    "too-large": "the body is too large",
    "wrong-media-type": "the body is of another type than expected",
    "malformed-request": "the request cannot be read",
    "internal-error": "the server failed",
}


async def _invalid_parameter(request: Request, error: Exception) -> Response:
    wrong = [
        f"{'.'.join(map(str, entry['loc'][1:]))} is {str(entry.get('input'))[:60]!r}: {entry['msg']}"
        for entry in cast(RequestValidationError, error).errors()
    ]
    return problem_answer(AccessProblem("invalid-argument", "; ".join(wrong)).answer(current_request_id()))


async def _invalid_text(request: Request, error: Exception) -> Response:
    return problem_answer(AccessProblem("invalid-argument", str(error)).answer(current_request_id()))


async def _store_failed(request: Request, error: Exception) -> Response:
    """What the database says is for the operator, who finds it in the log."""
    _log.error("the store failed: %s", error)
    problem = (
        AccessProblem("storage-full", "there is no room to keep this; try again later", retry_after_s=60.0)
        if isinstance(error, StorageFull)
        else AccessProblem("overloaded", "the database does not answer now; try again", retry_after_s=1.0)
    )
    return problem_answer(problem.answer(current_request_id()))


_ANSWERS: dict[type, Callable[[Request, Exception], Awaitable[Response]]] = {
    AccessProblem: _access_problem,
    InvalidText: _invalid_text,
    StorageFull: _store_failed,
    StoreUnavailable: _store_failed,
}
