"""``qat sessions``: jobs that belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import with_connection
from openqat.output import Column, Output, output_option
from openqat.texts import date_text

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection

COLUMNS = (
    Column("Id", lambda session: session.id),
    Column("State", lambda session: session.state),
    Column("Name", lambda session: session.name or ""),
    Column("Jobs", lambda session: str(session.nb_jobs)),
    Column("Opened", lambda session: date_text(session.created_s)),
    Column("Closes", lambda session: date_text(session.expires_s)),
)


@click.command("sessions")
@click.option("--close", metavar="ID", help="Close a session first: it takes no more jobs.")
@click.option("--cancel", is_flag=True, help="With --close: also cancel its jobs that have not ended.")
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, close: str | None, cancel: bool) -> None:
    """List sessions; programs open them with connection.session()."""
    if cancel and close is None:
        raise click.UsageError("--cancel goes with --close ID")
    if close is not None:
        connection.client.close_session(close, is_cancelling=cancel)
    output.rows(connection.client.sessions(), COLUMNS, key="id")
