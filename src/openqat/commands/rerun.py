"""``qat rerun``: run a job again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import with_connection
from openqat.output import Output, output_option

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection


@click.command("rerun")
@click.argument("job_id", metavar="ID")
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, job_id: str) -> None:
    """Run a job again: the same submission as a new job, which knows the old one."""
    view = connection.get_job(job_id).rerun().known
    output.record(view, {"Job": view.id, "State": view.state, "Runs again": view.parent_id or ""}, key="id")
