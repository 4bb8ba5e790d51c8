"""Routes of the site: version, services, usage, health, metrics."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Response

from qat.comm.access.messages import API_VERSION, ServiceView, Usage
from qat.comm.broker.usage import Group, QpuUsage
from qhpc.access.api.bodies import JSON, json_answer
from qhpc.access.api.context import Asking, Context
from qhpc.access.api.documented import answers
from qhpc.access.service.problems import AccessProblem
from qhpc.version import OPENQAT

router = APIRouter(prefix="/v1", tags=["site"])
FAR_S = 1e11
plain_router = APIRouter(tags=["operation"])


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Of the API and of the server."""

    api: int
    server: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """``ok``, or ``failing``: jobs are not started or not recorded now; the log says why."""

    status: str


@router.get("/version", responses=answers(Version))
async def version() -> Response:
    """Which API and server this is; no log-in is needed."""
    return json_answer(Version(api=API_VERSION, server=OPENQAT))


@router.get("/services", responses=answers(list[ServiceView], also={304: ("As in If-None-Match", None)}))
async def list_services(
    context: Context, caller: Asking, known: Annotated[str | None, Header(alias="If-None-Match")] = None
) -> Response:
    """What there is to build stacks from."""
    content = msgspec.json.encode(list(await context.service.services()))
    headers = {"etag": f'"{sha256(content).hexdigest()[:32]}"', "cache-control": "private, no-cache"}
    if known is not None and headers["etag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=JSON)


@router.get("/usage", responses=answers(list[Usage]))
async def get_usage(
    context: Context, caller: Asking, everyone: Annotated[bool, Query(alias="all", description="For operators")] = False
) -> Response:
    """What was used: jobs, shots, time, bytes."""
    if everyone and not caller.is_operator:
        raise AccessProblem("forbidden", "only operators see the usage of others")
    return json_answer(list(await context.service.usage(None if everyone else caller.name)))


@router.get("/usage/qpus", responses=answers(list[QpuUsage]))
async def get_qpu_usage(
    context: Context,
    caller: Asking,
    by: Annotated[Group, Query(description="What it is summed up by")] = "user",
    since: Annotated[float, Query(ge=0, description="From then on, in seconds since 1970")] = 0.0,
    until: Annotated[float, Query(ge=0, description="Before that")] = FAR_S,
    everyone: Annotated[bool, Query(alias="all", description="For operators")] = False,
) -> Response:
    """What was used of the QPUs that are shared, by the accounts of their broker."""
    if everyone and not caller.is_operator:
        raise AccessProblem("forbidden", "only operators see the usage of others")
    user = None if everyone else caller.name
    return json_answer(list(await context.service.qpu_usage(user, by, since, until)))


@plain_router.get("/healthz", responses=answers(Health, also={503: ("Failing", Health)}))
async def health(context: Context) -> Response:
    """Whether the server does its work; no log-in is needed."""
    is_healthy = context.service.is_healthy
    return json_answer(Health(status="ok" if is_healthy else "failing"), 200 if is_healthy else 503)


@plain_router.get("/metrics", responses=answers(None, raw="text/plain"))
async def metrics(context: Context) -> Response:
    """Metrics for Prometheus; no log-in is needed, and no user is named."""
    return Response(context.metrics.text(), media_type="text/plain; version=0.0.4")
