"""``qat cancel``: cancel jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import each_job, with_connection
from openqat.output import Output, output_option

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection


@click.command("cancel")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, job_ids: tuple[str, ...]) -> None:
    """Cancel jobs. One that has ended stays as it is."""

    def cancel(job_id: str) -> None:
        is_cancelled = connection.cancel_job(job_id)
        output.message(f"{job_id} {'is cancelled' if is_cancelled else 'had ended before'}")

    each_job(job_ids, cancel)
