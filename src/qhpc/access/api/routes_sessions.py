"""Routes of sessions."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from qat.comm.access.messages import SessionView
from qhpc.access.api.bodies import json_answer, read_json
from qhpc.access.api.context import Asking, Context
from qhpc.access.api.documented import answers, asks_json

router = APIRouter(prefix="/v1", tags=["sessions"])


class NewSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session to open: its name, and after how many seconds it closes by itself."""

    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    max_time_s: Annotated[float, msgspec.Meta(gt=0, le=3.2e9)] | None = None


@router.post(
    "/sessions", status_code=201, responses=answers(SessionView, status=201), openapi_extra=asks_json(NewSession)
)
async def open_session(request: Request, context: Context, caller: Asking) -> Response:
    """Open a session: jobs that belong together."""
    new = await read_json(request, NewSession)
    return json_answer(await context.service.sessions.open(caller, new.name, new.max_time_s), 201)


@router.get("/sessions", responses=answers(list[SessionView]))
async def list_sessions(context: Context, caller: Asking) -> Response:
    """Own sessions, the newest first."""
    return json_answer(list(await context.service.sessions.list(caller)))


@router.get("/sessions/{session_id}", responses=answers(SessionView))
async def get_session(context: Context, caller: Asking, session_id: str) -> Response:
    """A session."""
    return json_answer(await context.service.sessions.get(caller, session_id))


@router.delete("/sessions/{session_id}", responses=answers(SessionView))
async def close_session(
    context: Context,
    caller: Asking,
    session_id: str,
    cancel: Annotated[bool, Query(description="Also cancel its jobs that have not ended")] = False,
) -> Response:
    """Close a session: it takes no more jobs."""
    return json_answer(await context.service.sessions.close(caller, session_id, cancels=cancel))
