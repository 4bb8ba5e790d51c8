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

__all__ = ["ApiContext", "Asking", "Context", "caller_of", "context_of"]


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


async def context_of(request: Request) -> ApiContext:
    """What the routes of this application work with."""
    context: ApiContext = request.app.state.context
    return context


Context = Annotated[ApiContext, Depends(context_of)]


async def caller_of(request: Request) -> Caller:
    """Who sends a request.

    Raises:
        AccessProblem: ``not-authenticated``.
    """
    context: ApiContext = request.app.state.context
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise AccessProblem("not-authenticated", "the header 'Authorization: Bearer TOKEN' was expected; log in first")
    caller = await context.identity.authenticate(secret.strip(), context.clock())
    if caller is None:
        raise AccessProblem("not-authenticated", "the token is not known, has expired or was revoked; log in again")
    return caller


Asking = Annotated[Caller, Depends(caller_of)]
