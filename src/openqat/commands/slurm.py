"""``qat slurm``: what a cluster needs for hybrid jobs, and a Slurm to try things on."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import threading
import time
from pathlib import Path

import click

from openqat.output import Column, Output, output_option
from openqat.texts import moment
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.controller import Controller, ControllerUnreachable, SlurmRefused
from qhpc.slurm.directory import described
from qhpc.slurm.duty_table import table_finding
from qhpc.slurm.job_submit import job_submit_lua
from qhpc.slurm.private_cluster import ClusterError, PrivateCluster
from qhpc.slurm.site import Pool, check, resource_commands, slurm_lines

__all__ = ["command"]


@click.group()
def command() -> None:
    """Use a Slurm cluster: configure and check one, or try one on this machine."""


@command.command("try")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--nodes", type=click.IntRange(1, 64), default=2, show_default=True, help="Nodes it claims to have.")
@click.option("--cores", type=click.IntRange(1, 1024), default=8, show_default=True, help="Cores of each.")
@click.option("--memory-mb", type=click.IntRange(256), default=8000, show_default=True, help="Memory of each.")
@click.option("--qpu", "pools", multiple=True, help="Offer a pool of QPUs as a licence, in duty units: NAME:UNITS.")
@click.option("--accounting", is_flag=True, help="With a database of what jobs used (slurmdbd), for sacct.")
@click.option("--rest", is_flag=True, help="Take jobs over HTTP, too (slurmrestd), on a Unix socket.")
@click.option("--ready-fd", type=click.IntRange(0), help="File descriptor to write a line to when jobs can run.")
def try_cluster(
    directory: Path,
    nodes: int,
    cores: int,
    memory_mb: int,
    pools: tuple[str, ...],
    accounting: bool,
    rest: bool,
    ready_fd: int | None,
) -> None:
    """Run a private Slurm on this machine, with all its files in DIRECTORY, until Ctrl-C.

    Needs the programs of Slurm and MUNGE (Debian: apt-get install slurm-wlm munge), for --accounting slurmdbd and
    mariadb-server, for --rest slurmrestd and slurm-wlm-jwt-plugin, but no root, no systemd, no containers. It listens
    on loopback alone and leaves another Slurm of the machine as it is.
    """
    shape = ClusterShape(
        nb_nodes=nodes,
        nb_cores=cores,
        memory_mb=memory_mb,
        licenses=dict(_licence(pool) for pool in pools),
        has_accounting=accounting,
        has_rest=rest,
    )
    cluster = PrivateCluster(directory, shape)
    is_told_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_told_to_end.set())
    try:
        with cluster:
            click.echo(f"Slurm is ready with {nodes} nodes; Ctrl-C ends it. In another terminal:")
            click.echo(f"    export SLURM_CONF={cluster.configuration}\n    sinfo")
            if rest:
                click.echo(f"    export $(scontrol token)  # of this user, for HTTP at {cluster.rest}")
            if ready_fd is not None:
                os.write(ready_fd, b"ready\n")
                os.close(ready_fd)
            is_told_to_end.wait()
    except ClusterError as error:
        raise click.ClickException(str(error)) from None


pools_option = click.option(
    "--qpu", "pools", multiple=True, required=True, help="A pool of QPUs: NAME, NAME:NUMBER or NAME:NUMBER:ALPHA."
)


@command.command()
@pools_option
@click.option("--lua", is_flag=True, help="Print job_submit.lua instead of lines of slurm.conf.")
@click.option("--duty-table", default="", help="With --lua: file of what jobs need, as [slurm] of the broker names it.")
@click.option("--database", is_flag=True, help="The site has slurmdbd.")
@click.option("--resource", "cluster", metavar="CLUSTER", help="Have the licences in that database, for this cluster.")
@click.option("--server", default="openqat", show_default=True, help="With --resource: that the licences belong to.")
def configure(
    pools: tuple[str, ...], lua: bool, duty_table: str, database: bool, cluster: str | None, server: str
) -> None:
    """Print what an operator adds to Slurm so that hybrid jobs are admitted to QPUs. Nothing is changed.

    A QPU becomes a licence in duty units: 1000 are its whole time, and ALPHA times as many are offered, 1.1 by default.
    """
    known = [_pool(text) for text in pools]
    of_server = server if cluster else ""
    if lua:
        click.echo(job_submit_lua(known, duty_table=duty_table, server=of_server))
        return
    for words in resource_commands(known, server=server, cluster=cluster) if cluster else ():
        click.echo(f"# to be run once: {shlex.join(words)}")
    click.echo("\n".join(slurm_lines(known, has_database=database, server=of_server)))


@command.command("check")
@pools_option
@click.option(
    "--duty-table", type=click.Path(path_type=Path), help="File of what jobs need, if jobs are to ask for it."
)
@output_option
def check_cluster(pools: tuple[str, ...], duty_table: Path | None, output: Output) -> None:
    """Say what the cluster of this machine has for hybrid jobs and what it lacks, each with its cure.

    The exit status is 1 if hybrid jobs cannot work.
    """
    known = [_pool(text) for text in pools]
    try:
        cluster = asyncio.run(described(Controller()))
    except (ControllerUnreachable, SlurmRefused) as error:
        raise click.ClickException(f"{error}; is SLURM_CONF right, and does slurmctld run?") from None
    findings = [*([] if duty_table is None else [table_finding(duty_table)]), *check(cluster, known)]
    output.rows(findings, _COLUMNS, key="title")
    if any(finding.level == "wrong" for finding in findings):
        raise SystemExit(1)


_COLUMNS = (
    Column("What", lambda finding: finding.title),
    Column("Level", lambda finding: finding.level),
    Column("Found", lambda finding: finding.found),
    Column("Cure", lambda finding: finding.cure),
)


@command.command()
@click.argument("settings", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", default="", help="Sessions that ended from a date or age on, e.g. 2026-11-01 or 30d.")
@output_option
def duty(settings: Path, since: str, output: Output) -> None:
    """Say how many duty units the jobs of each user and stack need, by the accounts of the broker of SETTINGS.

    For operators, and for users who do not know what to ask for. It is the median of the last nine jobs of a user and
    stack at a pool: QPU time over the time in which they did not wait. Fewer than three jobs tell nothing. A broker
    with a duty_table has jobs ask for it by themselves.
    """
    from qhpc.broker.needed_duty import needed_duties
    from qhpc.broker.settings import BadSettings, read_settings
    from qhpc.broker.usage_reading import AccountsUnreadable, reading_usage

    try:
        since_s = moment(since, time.time()) if since else 0.0
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    try:
        with reading_usage(read_settings(settings).directory / "usage.db") as reader:
            needed = needed_duties(reader.sessions(since_s))
    except (AccountsUnreadable, BadSettings, OSError) as error:
        raise click.ClickException(str(error)) from None
    output.rows(needed, _DUTY_COLUMNS, key="user")


_DUTY_COLUMNS = (
    Column("User", lambda needed: needed.user),
    Column("Pool", lambda needed: needed.pool),
    Column("Stack", lambda needed: needed.stack),
    Column("Jobs", lambda needed: str(needed.nb_jobs)),
    Column("Admitted", lambda needed: str(needed.admitted)),
    Column("Needed", lambda needed: str(needed.needed)),
    Column("Should ask for", lambda needed: needed.advice),
)


def _pool(text: str) -> Pool:
    """A pool as it is written on a command line."""
    name, _, rest = text.partition(":")
    number, _, alpha = rest.partition(":")
    try:
        pool = Pool(name=name, nb_qpus=int(number or "1"), alpha=float(alpha or "1.1"))
    except ValueError:
        pool = Pool(name="")
    if not pool.name.isidentifier() or pool.nb_qpus < 1 or not 0.1 <= pool.alpha <= 10:
        raise click.UsageError(f"--qpu is {text!r}; NAME:NUMBER:ALPHA was expected, e.g. fresnel:1:1.1")
    return pool


def _licence(text: str) -> tuple[str, int]:
    """The licence of a pool and its units."""
    name, _, units = text.partition(":")
    if not name.isidentifier() or not units.isdecimal():
        raise click.UsageError(f"--qpu is {text!r}; NAME:UNITS was expected, e.g. fresnel:1200")
    return f"qpu_{name}", int(units)
