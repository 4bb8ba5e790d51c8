"""``qat tokens``: the API tokens of a server on this machine."""

from __future__ import annotations

import time

import click

from openqat.output import Column, Output, output_option
from openqat.server_store import existing_user, in_store, time_text, with_settings
from qat.comm.access.messages import TokenView
from qhpc.access.identity import Identity
from qhpc.access.service.caller import Caller
from qhpc.access.service.views import token_view
from qhpc.access.settings import AccessSettings
from qhpc.access.store.protocol import Store

__all__ = ["command"]

_DAY_S = 86400.0
_COLUMNS = [
    Column("Id", lambda token: token.id),
    Column("User", lambda token: token.owner),
    Column("Label", lambda token: token.label or "-"),
    Column("Scopes", lambda token: " ".join(token.scopes)),
    Column("Made", lambda token: time_text(token.created_s)),
    Column("Expires", lambda token: time_text(token.expires_s)),
]


@click.group()
def command() -> None:
    """Manage API tokens of a server on this machine, whether it runs or not."""


@command.command()
@click.argument("user")
@click.option("--label", help="What it is for.")
@click.option("--scope", "scopes", multiple=True, help="What it allows. [default: all that the user may]")
@click.option("--days", type=click.FloatRange(0, 36500, min_open=True), help="How long it is good for. [default: ever]")
@with_settings
def add(settings: AccessSettings, user: str, label: str | None, scopes: tuple[str, ...], days: float | None) -> None:
    """Make a token for a user and print its secret, which is not shown again."""
    lifetime_s = None if days is None else days * _DAY_S

    async def issue(store: Store) -> str:
        account = await existing_user(store, user)
        caller = Caller(user=account, scopes=account.scopes)
        return (await Identity(store).issue_token(caller, label, scopes or None, lifetime_s, time.time())).secret

    click.echo(in_store(settings, issue))


@command.command("list")
@click.argument("user", required=False)
@output_option
@with_settings
def list_tokens(settings: AccessSettings, user: str | None, output: Output) -> None:
    """List the tokens of a user, or of all."""

    async def views(store: Store) -> list[TokenView]:
        users = [await existing_user(store, user)] if user else await store.accounts()
        tokens = [token for account in users for token in await store.tokens(account.name)]
        return [token_view(token) for token in tokens]

    output.rows(in_store(settings, views), _COLUMNS, key="id")


@command.command()
@click.argument("user")
@click.argument("token_id", required=False)
@click.option("--all", "is_all", is_flag=True, help="All tokens of the user.")
@with_settings
def revoke(settings: AccessSettings, user: str, token_id: str | None, is_all: bool) -> None:
    """Make a token worthless; a server that runs honours it within a second."""
    if (token_id is None) != is_all:
        raise click.UsageError("name a token, or give --all")
    if token_id is None:
        click.echo(f"revoked {in_store(settings, lambda store: _revoke_all(store, user))} tokens")
        return
    if not in_store(settings, lambda store: store.delete_token(token_id, user)):
        raise click.ClickException(f"{user} has no token {token_id!r}; 'qat tokens list {user}' shows all")
    click.echo(f"revoked {token_id}")


async def _revoke_all(store: Store, user: str) -> int:
    return await Identity(store).revoke_all((await existing_user(store, user)).name)
