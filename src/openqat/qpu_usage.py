"""The use of QPUs for ``qat usage --qpu``: told by a server or a broker, or read in a broker's accounts."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Sequence
from datetime import datetime
from math import isinf
from pathlib import Path

import click

from openqat import connecting
from qat.comm.broker.usage import Group, QpuUsage
from qat.core.errors import WireError
from qat.shared.addresses import BrokerUnknown, client_settings
from qat.shared.status import usage_told
from qhpc.broker.accounts import totals, with_slurm
from qhpc.broker.settings import BadSettings, read_settings
from qhpc.broker.usage_reading import AccountsUnreadable, reading_usage
from qhpc.slurm.commands import sacct
from qhpc.slurm.controller import Controller, ControllerUnreachable, SlurmRefused
from qhpc.slurm.parsers import NotUnderstood, parse_accounting

__all__ = ["beside_slurm", "used"]


def used(
    source: str, by: Group, since_s: float, until_s: float, *, all_users: bool, profile: str | None = None
) -> Sequence[QpuUsage]:
    """The use of QPUs in a time.

    Args:
        source: ``server``, ``broker``, the address of a broker, or the settings of one.
        by: what it is summed up by.
        since_s: seconds since 1970.
        until_s: the same.
        all_users: whether everybody's use is asked for; settings always tell of everybody.
        profile: which server.

    Raises:
        click.ClickException: nobody tells, or the settings or accounts cannot be read.
    """
    if source == "server":
        until = None if isinf(until_s) else until_s
        return connecting.connect(profile).qpu_usage(by, since_s, until, all_users)
    if source == "broker" or source.startswith(("unix:", "tls:")):
        user = None if all_users else pwd.getpwuid(os.getuid()).pw_name
        return _told(None if source == "broker" else source, by, user, since_s, until_s)
    return _read(Path(source), by, since_s, until_s)


def _told(address: str | None, by: Group, user: str | None, since_s: float, until_s: float) -> Sequence[QpuUsage]:
    try:
        told = usage_told(client_settings(address), by, user, since_s, until_s)
    except (BrokerUnknown, OSError, WireError) as error:
        raise click.ClickException(f"the broker does not tell: {error}") from error
    if told.nb_left:
        click.echo(f"{told.nb_left} more rows are left out; --since says less", err=True)
    return told.rows


def _read(settings: Path, by: Group, since_s: float, until_s: float) -> Sequence[QpuUsage]:
    try:
        with reading_usage(read_settings(settings).directory / "usage.db") as reader:
            return totals(reader.slices(since_s, until_s), reader.sessions(since_s, until_s), by)
    except (BadSettings, OSError, AccountsUnreadable) as error:
        raise click.ClickException(str(error)) from error


def beside_slurm(usages: Sequence[QpuUsage], since_s: float) -> Sequence[QpuUsage]:
    """Use of jobs, with what Slurm's accounting on this machine says of them.

    Raises:
        click.ClickException: it cannot be asked.
    """
    since = datetime.fromtimestamp(max(since_s, 0.0)).strftime("%Y-%m-%dT%H:%M:%S")
    try:
        jobs = parse_accounting(asyncio.run(Controller().run(sacct(since=since))))
    except (ControllerUnreachable, SlurmRefused, NotUnderstood) as error:
        raise click.ClickException(f"Slurm's accounting: {error}") from error
    return with_slurm(usages, jobs)
