"""Routes of jobs: send, list, wait, cancel, run again, edit."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response

from qat.comm.access.messages import Explanation, JobPage, JobState, JobView
from qhpc.access.api.bodies import SUBMISSION, json_answer, read_json, read_raw
from qhpc.access.api.context import Asking, Context, caller_of, context_of
from qhpc.access.api.documented import answers, asks_json, asks_raw, parameter
from qhpc.access.service.caller import Caller
from qhpc.access.service.problems import AccessProblem
from qhpc.access.store.protocol import JobFilter

router = APIRouter(prefix="/v1", tags=["jobs"])

_KEY_TEXT = "Made by the client; makes it safe to retry"
Key = Annotated[str | None, Header(alias="Idempotency-Key", description=_KEY_TEXT)]
Wait = Annotated[float, Query(ge=0, le=60, description="Longest wait in seconds")]


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the owner of a job may change; what is left out stays."""

    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    tags: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=200)], ...], msgspec.Meta(max_length=50)] | None = None


@router.post(
    "/jobs",
    status_code=201,
    responses=answers(JobView, status=201, also={200: ("The job of this key", JobView)}),
    openapi_extra=asks_raw(SUBMISSION)
    | {"parameters": [parameter("Idempotency-Key", "header", {"type": "string"}, _KEY_TEXT)]},
)
async def submit(request: Request) -> Response:
    """Send a job. The same key and body again give the same job."""
    # Every job comes through here, so the parameters are read without FastAPI's machinery.
    context, caller = await context_of(request), await caller_of(request)
    key = request.headers.get("idempotency-key")
    view, is_new = await context.service.submit(caller, await read_raw(request, SUBMISSION), key)
    return json_answer(view, 201 if is_new else 200)


@router.get("/jobs", responses=answers(JobPage))
async def list_jobs(
    context: Context,
    caller: Asking,
    state: Annotated[list[JobState] | None, Query()] = None,
    tag: Annotated[list[str] | None, Query(description="All of them")] = None,
    session: str | None = None,
    name: str | None = None,
    created_after: Annotated[float | None, Query(description="Seconds since 1970")] = None,
    created_before: Annotated[float | None, Query(description="Seconds since 1970")] = None,
    owner: Annotated[str | None, Query(description="For operators; * is everyone")] = None,
    order: Literal["newest", "oldest"] = "newest",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: str | None = None,
) -> Response:
    """Part of the jobs, the newest first."""
    which = JobFilter(
        owner=_owner(caller, owner),
        states=tuple(state) if state else None,
        tags=tuple(tag or ()),
        session_id=session,
        name=name,
        created_after_s=created_after,
        created_before_s=created_before,
    )
    return json_answer(await context.service.list(which, limit=limit, cursor=cursor, order=order))


def _owner(caller: Caller, asked: str | None) -> str | None:
    if asked in (None, caller.name):
        return caller.name
    if not caller.is_operator:
        raise AccessProblem("forbidden", "only operators list the jobs of others")
    return None if asked == "*" else asked


@router.get("/jobs/{job_id}", responses=answers(JobView))
async def get_job(
    context: Context, caller: Asking, job_id: str, wait_s: Wait = 0.0, until: Literal["started", "final"] = "final"
) -> Response:
    """A job; with ``wait_s`` as soon as it has ended or started, or after that time."""
    return json_answer(context.service.view(await context.service.wait(caller, job_id, wait_s, until)))


@router.get("/jobs/{job_id}/explain", responses=answers(Explanation))
async def explain_job(context: Context, caller: Asking, job_id: str) -> Response:
    """Why a job is where it is."""
    return json_answer(await context.service.explain(caller, job_id))


@router.post("/jobs/{job_id}/cancel", responses=answers(JobView))
async def cancel_job(context: Context, caller: Asking, job_id: str) -> Response:
    """End a job; one that has ended stays as it is."""
    return json_answer(await context.service.cancel(caller, job_id))


@router.post(
    "/jobs/{job_id}/rerun",
    status_code=201,
    responses=answers(JobView, status=201, also={200: ("The job of this key", JobView)}),
)
async def rerun_job(context: Context, caller: Asking, job_id: str, key: Key = None) -> Response:
    """The same submission as a new job."""
    view, is_new = await context.service.rerun(caller, job_id, key)
    return json_answer(view, 201 if is_new else 200)


@router.patch("/jobs/{job_id}", responses=answers(JobView), openapi_extra=asks_json(Changes))
async def edit_job(request: Request, context: Context, caller: Asking, job_id: str) -> Response:
    """Give a job another name or other tags."""
    changes = await read_json(request, Changes)
    return json_answer(await context.service.edit(caller, job_id, changes.name, changes.tags))
