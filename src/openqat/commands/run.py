"""``qat run``: a program of a user inside a batch job of Slurm, or anywhere else."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click
import msgspec

from qat.shared.addresses import BrokerUnknown, client_settings
from qat.shared.guided import VARIABLE, GuidedRun, new_notes
from qhpc.slurm.allocation import allocated_units
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.job_control import CommandControl
from qhpc.slurm.parsers import NotUnderstood

__all__ = ["command"]


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("program", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(program: Path, arguments: tuple[str, ...]) -> None:
    """Run PROGRAM as python would, in a batch job that shares QPUs.

    A program that opens a QPU for which its job has no licence ends with an error that says what to ask for, before
    anything is sent. At its end it says on stderr what it has used of each QPU. Outside Slurm it just runs.

    The process becomes that of the program: signals, exit status and output are its own.
    """
    job = os.environ.get("SLURM_JOB_ID", "")
    units = _units(int(job)) if job.isdecimal() else {}
    if any(units.values()):
        try:
            client_settings()
        except BrokerUnknown as error:
            raise click.ClickException(str(error)) from None
    run = GuidedRun(pid=os.getpid(), job=job, units=units, notes=new_notes())
    environment = {**os.environ, VARIABLE: msgspec.json.encode(run).decode()}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, str(program), *arguments], environment)


def _units(number: int) -> dict[str, int]:
    """What the job has of each QPU; nothing is checked while Slurm does not answer."""
    parts = allocated_units(CommandControl(), number, is_heterogeneous="SLURM_HET_SIZE" in os.environ)
    try:
        return asyncio.run(parts)
    except (ControllerUnreachable, SlurmRefused, NotUnderstood) as error:
        click.echo(f"qat run: the licences of job {number} are not known and not checked: {error}", err=True)
        return {}
