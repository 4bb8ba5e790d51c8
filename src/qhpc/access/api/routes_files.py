"""Routes of what belongs to a job: result, submission, log, events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from qat.comm.access.messages import JobView, LogLine
from qhpc.access.api.bodies import MESSAGE, SUBMISSION, json_answer, raw_answer
from qhpc.access.api.context import Asking, Context, caller_of, context_of
from qhpc.access.api.documented import answers, parameter
from qhpc.access.service.events import Event, Place, job_events
from qhpc.access.service.problems import AccessProblem

router = APIRouter(prefix="/v1", tags=["files"])


_WAIT_TEXT = "Longest wait in seconds"


def _seconds(text: str) -> float:
    """
    >>> _seconds("1.5")
    1.5
    """
    with suppress(ValueError):
        if 0 <= (seconds := float(text)) <= 60:
            return seconds
    raise AccessProblem("invalid-argument", f"wait_s is {text[:60]!r}; a number from 0 to 60 was expected")


@router.get(
    "/jobs/{job_id}/result",
    responses=answers(None, raw=MESSAGE, also={202: ("It has not ended yet", JobView)}),
    openapi_extra={
        "parameters": [
            {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}},
            parameter("wait_s", "query", {"type": "number", "minimum": 0, "maximum": 60, "default": 0}, _WAIT_TEXT),
        ],
    },
)
async def get_result(request: Request) -> Response:
    """The result, as soon as there is one; the job, if there is none after ``wait_s``."""
    # Every job comes through here, so the parameters are read without FastAPI's machinery.
    context, caller = await context_of(request), await caller_of(request)
    wait_s = _seconds(request.query_params.get("wait_s", "0"))
    result = await context.service.result(caller, request.path_params["job_id"], wait_s)
    return json_answer(result, 202) if isinstance(result, JobView) else raw_answer(result, MESSAGE)


@router.get("/jobs/{job_id}/submission", responses=answers(None, raw=SUBMISSION))
async def get_submission(context: Context, caller: Asking, job_id: str) -> Response:
    """What was sent."""
    return raw_answer(await context.service.submission(caller, job_id), SUBMISSION)


@router.get("/jobs/{job_id}/log", responses=answers(list[LogLine]))
async def get_log(
    context: Context,
    caller: Asking,
    job_id: str,
    first: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """Lines that the job wrote, from number ``first`` on."""
    return json_answer(list(await context.service.log(caller, job_id, first, limit)))


@router.delete("/jobs/{job_id}/files", responses=answers(JobView))
async def delete_files(context: Context, caller: Asking, job_id: str) -> Response:
    """Remove submission, result and log of a job that has ended."""
    return json_answer(await context.service.delete_files(caller, job_id))


@router.get("/jobs/{job_id}/events", responses=answers(None, raw="text/event-stream"))
async def get_events(
    context: Context,
    caller: Asking,
    job_id: str,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> Response:
    """States, progress and lines of a job as they come, until it has ended; from ``Last-Event-ID`` on."""
    await context.service.record(caller, job_id)
    events = job_events(context.service, context.store, caller, job_id, Place.parse(last_event_id))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(events), media_type="text/event-stream", headers=headers)


async def _stream(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    async for event in events:
        yield event_text(event)


def event_text(event: Event) -> bytes:
    """An event as it is sent.

    >>> event_text(Event("end", "final", Place(3, 7)))
    b'event: end\\nid: 3.7\\ndata: "final"\\n\\n'
    """
    if event.kind == "silence":
        return b": still here\n\n"
    data = msgspec.json.encode(event.value)
    return b"event: %s\nid: %s\ndata: %s\n\n" % (event.kind.encode(), str(event.place).encode(), data)
