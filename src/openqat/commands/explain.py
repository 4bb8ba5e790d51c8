"""``qat explain``: why a job is where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import with_connection
from openqat.output import Output, output_option
from openqat.texts import date_text

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection


@click.command("explain")
@click.argument("job_id", metavar="ID")
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, job_id: str) -> None:
    """Say why a job is where it is."""
    told = connection.client.explain(job_id)
    lines = {"Summary": told.summary}
    lines |= {f"Reason {number}": reason for number, reason in enumerate(told.reasons, 1)}
    if told.expected_start_s is not None:
        lines["Expected start"] = " to ".join(map(date_text, told.expected_start_s))
    lines |= {f"Story {number}": event for number, event in enumerate(told.story, 1)}
    output.record(told, lines, key="summary")
