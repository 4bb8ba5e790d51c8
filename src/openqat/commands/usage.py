"""``qat usage``: what has been used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import with_connection
from openqat.output import Column, Output, output_option
from openqat.texts import duration_text, size_text

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection

COLUMNS = (
    Column("User", lambda usage: usage.owner),
    Column("Account", lambda usage: usage.account or ""),
    Column("Jobs", lambda usage: str(usage.nb_jobs)),
    Column("Shots", lambda usage: str(usage.nb_shots)),
    Column("Running", lambda usage: duration_text(usage.running_s)),
    Column("Waiting", lambda usage: duration_text(usage.waiting_s)),
    Column("Stored", lambda usage: size_text(usage.stored_bytes)),
)


@click.command("usage")
@click.option("--all", "all_users", is_flag=True, help="Of everybody (operators).")
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, all_users: bool) -> None:
    """Show what has been used."""
    output.rows(connection.usage(all_users), COLUMNS, key="owner")
