"""What operators' commands share: they work on the store of a server on this machine, whether it runs or not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from openqat.server_settings import settings_of
from qhpc.access.service.problems import AccessProblem
from qhpc.access.settings import AccessSettings
from qhpc.access.store.factory import InvalidStoreUrl, store_at
from qhpc.access.store.protocol import Account, Store

__all__ = ["existing_user", "in_store", "new_password", "time_text", "with_settings"]

Command = TypeVar("Command", bound=Callable[..., Any])
Answer = TypeVar("Answer")


def with_settings(command: Command) -> Command:
    """Give a command the options that say which server it is about; its function gets ``settings``."""

    def read(context: click.Context, parameter: click.Parameter, path: Path | None) -> AccessSettings:
        return settings_of(path, directory=context.params.pop("directory", None))

    directory = click.option(
        "--directory",
        type=click.Path(path_type=Path, file_okay=False),
        is_eager=True,
        help="Directory of the server. [default: that of 'qat up']",
    )
    config = click.option(
        "--config",
        "settings",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        callback=read,
        help="Settings (TOML) of the server, as for 'qat serve'; QHPC_… in the environment wins over it.",
    )
    return directory(config(command))


def in_store(settings: AccessSettings, work: Callable[[Store], Awaitable[Answer]]) -> Answer:
    """Open the store of a server, do some work in it, close it.

    Raises:
        click.ClickException: it cannot be opened, or what was asked for is not right.
    """

    async def run() -> Answer:
        store = store_at(settings.database_url, directory=settings.directory / "files")
        await store.open()
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except AccessProblem as problem:
        raise click.ClickException(problem.detail) from None
    except (InvalidStoreUrl, OSError) as error:
        raise click.ClickException(str(error)) from error


async def existing_user(store: Store, name: str) -> Account:
    """A user who has to be there.

    Raises:
        click.ClickException: there is none of that name.
    """
    user = await store.account(name)
    if user is None:
        raise click.ClickException(f"there is no user {name!r}; 'qat users list' shows all")
    return user


def new_password() -> str:
    """A password from the prompt, or the first line of the standard input if that is no terminal."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def time_text(time_s: float | None) -> str:
    """A time for people, in their own time zone; a dash for none."""
    from datetime import datetime

    return "-" if time_s is None else datetime.fromtimestamp(time_s).strftime("%Y-%m-%d %H:%M")
