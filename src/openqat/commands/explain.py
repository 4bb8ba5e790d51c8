"""``qat explain``: why a job is where it is."""

from __future__ import annotations

import click

from openqat import connecting
from openqat.output import Output, output_option
from openqat.texts import date_text

__all__ = ["command"]


@click.command("explain")
@click.argument("job_id", metavar="ID")
@click.option("--profile", envvar="QLMAAS_PROFILE", help="Which server, of those in profiles.toml.")
@click.option("--broker", help="Where to ask about slurm-ID. [default: QAT_BROKER, or the file of the machine]")
@output_option
def command(output: Output, job_id: str, profile: str | None, broker: str | None) -> None:
    """Say why a job is where it is.

    ID is that of a job of the access server, or slurm-NUMBER for a batch job of Slurm with a share of a QPU.
    """
    if job_id.startswith("slurm-"):
        _explain_batch_job(output, job_id, broker)
    else:
        _explain_job(output, job_id, profile)


def _explain_batch_job(output: Output, job_id: str, broker: str | None) -> None:
    from qat.shared.status import job_explained

    told = connecting.ask_broker(broker, lambda settings: job_explained(settings, job_id))
    lines = told.text.splitlines() or ["it neither waits in Slurm nor has a session at the broker"]
    output.record(told, {f"Reason {number}": line for number, line in enumerate(lines, 1)}, key="text")


def _explain_job(output: Output, job_id: str, profile: str | None) -> None:
    told = connecting.connect(profile).client.explain(job_id)
    lines = {"Summary": told.summary}
    lines |= {f"Reason {number}": reason for number, reason in enumerate(told.reasons, 1)}
    if told.expected_start_s is not None:
        lines["Expected start"] = " to ".join(map(date_text, told.expected_start_s))
    lines |= {f"Story {number}": event for number, event in enumerate(told.story, 1)}
    output.record(told, lines, key="summary")
