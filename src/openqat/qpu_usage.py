"""The use of QPUs for ``qat usage --qpu``: from the accounts of a broker, with what Slurm's accounting says of jobs."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import click

from qhpc.broker.accounts import Group, QpuUsage, totals, with_slurm
from qhpc.broker.settings import BadSettings, read_settings
from qhpc.broker.usage_reading import AccountsUnreadable, reading_usage
from qhpc.slurm.commands import sacct
from qhpc.slurm.controller import Controller, ControllerUnreachable, SlurmRefused
from qhpc.slurm.parsers import NotUnderstood, parse_accounting

__all__ = ["qpu_usage"]


def qpu_usage(settings: Path, by: Group, since_s: float, until_s: float, *, asks_slurm: bool) -> list[QpuUsage]:
    """The use of QPUs in a time.

    Args:
        settings: of the broker.
        by: what it is summed up by.
        since_s: seconds since 1970.
        until_s: the same.
        asks_slurm: whether Slurm's accounting is asked about the jobs.

    Raises:
        click.ClickException: the settings, the accounts or Slurm's accounting cannot be read.
    """
    try:
        with reading_usage(read_settings(settings).directory / "usage.db") as reader:
            usages = totals(reader.slices(since_s, until_s), reader.sessions(since_s, until_s), by)
    except (BadSettings, OSError, AccountsUnreadable) as error:
        raise click.ClickException(str(error)) from error
    if not asks_slurm:
        return usages
    since = datetime.fromtimestamp(max(since_s, 0.0)).strftime("%Y-%m-%dT%H:%M:%S")
    try:
        jobs = parse_accounting(asyncio.run(Controller().run(sacct(since=since))))
    except (ControllerUnreachable, SlurmRefused, NotUnderstood) as error:
        raise click.ClickException(f"Slurm's accounting: {error}") from error
    return with_slurm(usages, jobs)
