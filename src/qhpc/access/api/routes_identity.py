"""Routes of users and tokens."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from qat.comm.access.messages import TokenView, UserView
from qhpc.access.api.bodies import json_answer, read_json
from qhpc.access.api.context import Asking, Context
from qhpc.access.api.documented import answers, asks_json
from qhpc.access.service.problems import AccessProblem
from qhpc.access.service.views import token_view, user_view

router = APIRouter(prefix="/v1", tags=["identity"])

_Text = Annotated[str, msgspec.Meta(max_length=200)]
_Password = Annotated[str, msgspec.Meta(max_length=1024)]


class LogIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """User name and password; the label names the token in lists."""

    username: _Text
    password: _Password
    label: _Text | None = None

    def __repr__(self) -> str:
        return f"LogIn({self.username!r})"


class NewPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The old password and the new one."""

    old: _Password
    new: _Password

    def __repr__(self) -> str:
        return "NewPassword()"


class NewTokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to make: its label, its scopes (the user's, if left out) and how many seconds it is good for."""

    label: _Text | None = None
    scopes: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=10)] | None = None
    lifetime_s: Annotated[float, msgspec.Meta(gt=0, le=3.2e9)] | None = None


@router.post("/login", responses=answers(TokenView), openapi_extra=asks_json(LogIn))
async def log_in(request: Request, context: Context) -> Response:
    """A token that expires, for user name and password. Failed log-ins make the next ones wait."""
    asked = await read_json(request, LogIn)
    address = request.client.host if request.client is not None else "local"
    made = await context.identity.log_in(asked.username, asked.password, address, asked.label, context.clock())
    return json_answer(token_view(made.token, made.secret), headers={"cache-control": "no-store"})


@router.get("/me", responses=answers(UserView))
async def get_me(caller: Asking) -> Response:
    """Who the token belongs to, with quotas."""
    return json_answer(user_view(caller.user))


@router.post("/me/password", status_code=204, responses=answers(None, status=204), openapi_extra=asks_json(NewPassword))
async def change_password(request: Request, context: Context, caller: Asking) -> Response:
    """Set another password; all other tokens of the user are revoked."""
    asked = await read_json(request, NewPassword)
    await context.identity.change_password(caller, asked.old, asked.new, context.clock())
    return Response(status_code=204)


@router.get("/tokens", responses=answers(list[TokenView]))
async def list_tokens(context: Context, caller: Asking) -> Response:
    """Own tokens, without their secrets."""
    return json_answer([token_view(token) for token in await context.identity.tokens(caller)])


@router.post("/tokens", responses=answers(TokenView), openapi_extra=asks_json(NewTokenRequest))
async def make_token(request: Request, context: Context, caller: Asking) -> Response:
    """A new token; its secret is told this once."""
    asked = await read_json(request, NewTokenRequest)
    made = await context.identity.issue_token(caller, asked.label, asked.scopes, asked.lifetime_s, context.clock())
    return json_answer(token_view(made.token, made.secret), headers={"cache-control": "no-store"})


@router.delete("/tokens/{token_id}", status_code=204, responses=answers(None, status=204))
async def revoke_token(context: Context, caller: Asking, token_id: str) -> Response:
    """Make a token of one's own worthless."""
    if not await context.identity.revoke_token(caller, token_id):
        raise AccessProblem("unknown-token", f"there is no token {token_id[:60]!r} of yours")
    return Response(status_code=204)
