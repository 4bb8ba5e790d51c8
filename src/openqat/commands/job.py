"""``qat job``: one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import with_connection
from openqat.output import Output, output_option
from openqat.texts import date_text, duration_text, size_text

if TYPE_CHECKING:
    from qat.comm.access.messages import JobView
    from qat.qlmaas.connection import QLMaaSConnection


@click.command("job")
@click.argument("job_id", metavar="ID")
@click.option("--name", help="Give it another name.")
@click.option("--tag", "-t", "tags", multiple=True, help="Give it these tags instead of those it has.")
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, job_id: str, name: str | None, tags: tuple[str, ...]) -> None:
    """Show a job; with --name or --tag, change it first."""
    job = connection.get_job(job_id)
    if name is not None or tags:
        job.edit(name, tags or None)
    view = job.view
    output.record(view, {key: text for key, text in lines_of(view).items() if text}, key="state")


def lines_of(view: JobView) -> dict[str, str]:
    """What there is to say about a job, by name."""
    estimate = view.estimate
    return {
        "Job": view.id,
        "Name": view.name or "",
        "Tags": ", ".join(view.tags),
        "State": view.state,
        "Before it": "" if view.queue_position is None else str(view.queue_position),
        "Slurm job": view.cluster_id or "",
        "Stack": view.stack,
        "Task": view.task,
        "Owner": view.owner,
        "Account": view.account or "",
        "Session": view.session_id or "",
        "Runs again": view.parent_id or "",
        "Submitted": date_text(view.created_s),
        "Started": date_text(view.started_s),
        "Ended": date_text(view.ended_s),
        "Kept until": date_text(view.expires_s),
        "Jobs": "" if estimate is None else str(estimate.nb_jobs),
        "Qubits": "" if estimate is None else str(estimate.nb_qubits),
        "Memory": "" if estimate is None else size_text(estimate.memory_bytes),
        "Expected": "" if estimate is None else duration_text(estimate.duration_s),
        "Result": size_text(view.result_bytes),
        "Step": "" if view.progress is None or not view.progress.iteration else str(view.progress.iteration),
        "Message": view.message or "",
        "Failure": "" if view.failure is None else f"{view.failure.exception}: {view.failure.message}",
    }
