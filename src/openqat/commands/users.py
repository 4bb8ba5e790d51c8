"""``qat users``: the users of a server on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from openqat.output import Column, Output, output_option
from openqat.server_store import existing_user, in_store, new_password, with_settings
from qat.comm.access.messages import UserView
from qhpc.access.identity import Identity
from qhpc.access.service.views import user_view
from qhpc.access.settings import AccessSettings
from qhpc.access.store.protocol import Account, Store

__all__ = ["command"]

_MIB = 1 << 20
_COLUMNS = [
    Column("User", lambda user: user.name),
    Column("Account", lambda user: user.account or "-"),
    Column("Scopes", lambda user: " ".join(user.scopes)),
    Column("Active", lambda user: "yes" if user.is_active else "no"),
    Column("Waiting", lambda user: _limit(user.max_waiting_jobs)),
    Column("Running", lambda user: _limit(user.max_running_jobs)),
    Column("Stored", lambda user: _limit(user.max_stored_bytes and user.max_stored_bytes / _MIB, " MiB")),
]


def _limit(limit: float | None, unit: str = "") -> str:
    return "-" if limit is None else f"{limit:g}{unit}"


def _quotas(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of what a user may do."""
    for option in reversed(
        (
            click.option("--account", help="Account that is charged."),
            click.option("--operator/--no-operator", "is_operator", default=None, help="Whether all jobs are theirs."),
            click.option("--max-waiting", type=click.IntRange(-1), help="Jobs that may wait; -1 for no limit."),
            click.option("--max-running", type=click.IntRange(-1), help="Jobs that may run at once; -1 for no limit."),
            click.option("--max-stored-mib", type=click.IntRange(-1), help="Size of all files; -1 for no limit."),
        )
    ):
        command = option(command)
    return command


def _changed(
    user: Account,
    account: str | None,
    is_operator: bool | None,
    max_waiting: int | None,
    max_running: int | None,
    max_stored_mib: int | None,
) -> Account:
    """A user with what was asked for; None leaves it as it is."""
    quotas = {
        "max_waiting_jobs": max_waiting,
        "max_running_jobs": max_running,
        "max_stored_bytes": max_stored_mib and max_stored_mib * _MIB,
    }
    changes: dict[str, Any] = {
        "account": account,
        "scopes": None if is_operator is None else ("user", "operator") if is_operator else ("user",),
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    changes |= {name: None if limit < 0 else limit for name, limit in quotas.items() if limit is not None}
    return replace(user, **changes)


@click.group()
def command() -> None:
    """Manage the users of a server on this machine, whether it runs or not.

    A server that runs honours the changes within a second.
    """


@command.command()
@click.argument("name")
@_quotas
@click.option("--no-password", is_flag=True, help="Only tokens log in; see 'qat tokens add'.")
@with_settings
def add(settings: AccessSettings, name: str, no_password: bool, **quotas: Any) -> None:
    """Add a user.

    The password is asked for, or read from the first line of the standard input.
    """
    password = None if no_password else new_password()
    user = _changed(Account(name=name), **quotas)
    in_store(settings, lambda store: Identity(store).add_user(user, password, time.time()))
    click.echo(f"added {name}")


@command.command("list")
@output_option
@with_settings
def list_users(settings: AccessSettings, output: Output) -> None:
    """List all users."""

    async def views(store: Store) -> list[UserView]:
        return [user_view(user) for user in await store.accounts()]

    output.rows(in_store(settings, views), _COLUMNS, key="name")


@command.command()
@click.argument("name")
@_quotas
@with_settings
def change(settings: AccessSettings, name: str, **quotas: Any) -> None:
    """Change what a user may do; what is not given stays as it is."""
    _change(settings, name, lambda user: _changed(user, **quotas))
    click.echo(f"changed {name}")


@command.command()
@click.argument("name")
@with_settings
def disable(settings: AccessSettings, name: str) -> None:
    """Keep a user out; jobs and results stay."""
    _change(settings, name, lambda user: replace(user, is_active=False))
    click.echo(f"disabled {name}")


@command.command()
@click.argument("name")
@with_settings
def enable(settings: AccessSettings, name: str) -> None:
    """Let a disabled user in again."""
    _change(settings, name, lambda user: replace(user, is_active=True))
    click.echo(f"enabled {name}")


@command.command()
@click.argument("name")
@click.option("--keep-tokens", is_flag=True, help="Do not revoke the user's tokens.")
@with_settings
def password(settings: AccessSettings, name: str, keep_tokens: bool) -> None:
    """Set the password of a user, and revoke all tokens that were made before.

    The password is asked for, or read from the first line of the standard input.
    """
    text = new_password()

    async def set_password(store: Store) -> None:
        identity = Identity(store)
        await identity.set_password(await existing_user(store, name), text)
        if not keep_tokens:
            await identity.revoke_all(name)

    in_store(settings, set_password)
    click.echo(f"changed the password of {name}")


def _change(settings: AccessSettings, name: str, changed: Callable[[Account], Account]) -> None:
    async def change_it(store: Store) -> None:
        await Identity(store).change_user(changed(await existing_user(store, name)))

    in_store(settings, change_it)
