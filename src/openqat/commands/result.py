"""``qat result``: the result of a job, shown or saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openqat.connecting import with_connection
from openqat.results import FORMATS, as_data, shown

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection


@click.command("result")
@click.argument("job_id", metavar="ID")
@click.option("--file", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Save it instead of showing it.")
@click.option(
    "--format", "form", type=click.Choice(["text", *FORMATS]), help="text if shown, native if saved (Result.load)."
)
@click.option("--wait", "-w", is_flag=True, help="Wait for it.")
@click.option("--timeout", type=float, help="How many seconds to wait at most.")
@with_connection
def command(
    connection: QLMaaSConnection, job_id: str, file: Path | None, form: str | None, wait: bool, timeout: float | None
) -> None:
    """Show or save the result of a job."""
    job = connection.get_job(job_id)
    result: Any = job.join(timeout) if wait or timeout is not None else job.get_result()
    form = form or ("text" if file is None else "native")
    data = shown(result).encode() if form == "text" else as_data(result, form)
    if file is not None:
        from qat.core.serialization import write_atomically

        write_atomically(file, data)
    else:
        click.echo(data, nl=False)
