"""``qat services``: what the server offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import with_connection
from openqat.output import Column, Output, output_option

if TYPE_CHECKING:
    from qat.comm.access.messages import ServiceView
    from qat.qlmaas.connection import QLMaaSConnection

KINDS = ("qpus", "plugins", "generators")


def _first_line(view: ServiceView) -> str:
    return next(iter(view.doc.strip().splitlines()), "")


COLUMNS = (
    Column("Service", lambda view: f"{view.kind}:{view.name}"),
    Column("Role", lambda view: view.role),
    Column("From", lambda view: view.origin or ""),
    Column("Description", _first_line),
)


@click.command("services")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@click.option("--show", metavar="NAME", help="All about one service, such as qat.qpus:LinAlg.")
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, kind: str | None, show: str | None) -> None:
    """List the services that the server offers."""
    views = connection.services(None if kind is None else f"qat.{kind}")
    if show is None:
        output.rows(views, COLUMNS, key="name")
    else:
        _show(connection, output, show, None if kind is None else f"qat.{kind}")


def _show(connection: QLMaaSConnection, output: Output, name: str, kind: str | None) -> None:
    from qat.qlmaas.catalogue import signature_of

    view = connection.service(name, kind)
    lines = {"Service": f"{view.name}{signature_of(view)}", "Role": view.role, "From": view.origin or ""}
    lines |= {"Warning": view.warning} if view.warning else {}
    output.record(view, lines, key="name")
    output.message(f"\n{view.doc}")
