"""Routes of what belongs to a job: result, submission, log, events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from qat.comm.access.messages import JobView, LogLine
from qhpc.access.api.bodies import MESSAGE, SUBMISSION, json_answer, raw_answer
from qhpc.access.api.context import Asking, Context
from qhpc.access.api.documented import answers
from qhpc.access.api.routes_jobs import Wait
from qhpc.access.service.events import Event, Place, job_events

router = APIRouter(prefix="/v1", tags=["files"])


@router.get(
    "/jobs/{job_id}/result",
    responses=answers(None, raw=MESSAGE, also={202: ("It has not ended yet", JobView)}),
)
async def get_result(context: Context, caller: Asking, job_id: str, wait_s: Wait = 0.0) -> Response:
    """The result, as soon as there is one; the job, if there is none after ``wait_s``."""
    result = await context.service.result(caller, job_id, wait_s)
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
