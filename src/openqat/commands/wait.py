"""``qat wait``: until jobs have ended."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from openqat.connecting import with_connection
from openqat.output import ExitCode, Output, output_option

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection


@click.command("wait")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--timeout", type=float, help="How many seconds to wait at most.")
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, job_ids: tuple[str, ...], timeout: float | None) -> None:
    """Wait until jobs have ended; on a terminal, with a line that shows how far one is.

    The exit code is 0 if all are done, 6 if one has no result, 7 if the time is over.
    """
    end = None if timeout is None else time.monotonic() + timeout
    states = []
    for job_id in job_ids:
        job = connection.get_job(job_id)
        remaining_s = None if end is None else max(0.0, end - time.monotonic())
        if sys.stderr.isatty():
            job.show_progress(remaining_s)
            remaining_s = None if end is None else max(0.0, end - time.monotonic())
        if not job.wait(remaining_s):
            raise click.exceptions.Exit(ExitCode.TIMEOUT)
        states.append(job.known.state)
        output.message(f"{job_id} {states[-1]}")
    if set(states) != {"done"}:
        raise click.exceptions.Exit(ExitCode.JOB_FAILED)
