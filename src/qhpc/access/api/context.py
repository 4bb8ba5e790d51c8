"""What the routes work with, and who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from qhpc.access.api.metrics import Metrics
from qhpc.access.identity import Identity
from qhpc.access.service.caller import Caller
from qhpc.access.service.problems import AccessProblem
from qhpc.access.service.service import AccessService
from qhpc.access.store.protocol import Store

__all__ = ["ApiContext", "Asking", "Context", "Operator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiContext:
    """Handed to :func:`~qhpc.access.api.app.create_app`.

    Attributes:
        service: jobs and sessions.
        store: for what is only read.
        identity: users and tokens.
        metrics: counts requests.
        clock: seconds since 1970.
    """

    service: AccessService
    store: Store
    identity: Identity
    metrics: Metrics
    clock: Callable[[], float]


async def _context(request: Request) -> ApiContext:
    context: ApiContext = request.app.state.context
    return context


Context = Annotated[ApiContext, Depends(_context)]


async def _caller(request: Request) -> Caller:
    context: ApiContext = request.app.state.context
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise AccessProblem("not-authenticated", "the header 'Authorization: Bearer TOKEN' was expected; log in first")
    caller = await context.identity.authenticate(secret.strip(), context.clock())
    if caller is None:
        raise AccessProblem("not-authenticated", "the token is not known, has expired or was revoked; log in again")
    return caller


Asking = Annotated[Caller, Depends(_caller)]


async def _operator(caller: Asking) -> Caller:
    if not caller.is_operator:
        raise AccessProblem("forbidden", f"{caller.name} is no operator")
    return caller


Operator = Annotated[Caller, Depends(_operator)]
