"""``qat store``: the database of a server."""

from __future__ import annotations

import asyncio
import time

import click

from openqat.server_store import in_store, with_settings
from qhpc.access.settings import AccessSettings
from qhpc.access.store.protocol import StoreError

__all__ = ["command"]


@click.group()
def command() -> None:
    """Look after the database of a server."""


@command.command()
@with_settings
def migrate(settings: AccessSettings) -> None:
    """Create the tables in a PostgreSQL database, or bring them up to date.

    Servers create and migrate an SQLite database by themselves.
    """
    if not settings.database_url.startswith("postgresql:"):
        raise click.ClickException("a server migrates this database by itself; only PostgreSQL has to be migrated")
    from qhpc.access.store.sql.postgresql import PostgresqlDatabase

    async def run() -> None:
        database = PostgresqlDatabase(settings.database_url)
        try:
            await database.migrate()
        finally:
            await database.close()

    try:
        asyncio.run(run())
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    click.echo("the tables are up to date")


@command.command()
@with_settings
def sweep(settings: AccessSettings) -> None:
    """Remove files that belong to no job, as a crash leaves them; a server that starts does so too."""
    click.echo(f"removed {in_store(settings, lambda store: store.sweep(time.time()))} files")
