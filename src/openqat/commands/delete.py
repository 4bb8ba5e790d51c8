"""``qat delete``: remove the files of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import each_job, with_connection
from openqat.output import Output, output_option

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection


@click.command("delete")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, job_ids: tuple[str, ...]) -> None:
    """Remove the files of jobs that have ended, their results among them."""

    def delete(job_id: str) -> None:
        connection.delete_job_files(job_id)
        output.message(f"the files of {job_id} were removed")

    each_job(job_ids, delete)
