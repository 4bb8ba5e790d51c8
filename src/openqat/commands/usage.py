"""``qat usage``: what has been used."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

import click

from openqat import connecting
from openqat.output import Column, Output, output_option
from openqat.texts import duration_text, moment, size_text

if TYPE_CHECKING:
    from qat.comm.broker.usage import Group

COLUMNS = (
    Column("User", lambda usage: usage.owner),
    Column("Account", lambda usage: usage.account or ""),
    Column("Jobs", lambda usage: str(usage.nb_jobs)),
    Column("Shots", lambda usage: str(usage.nb_shots)),
    Column("Running", lambda usage: duration_text(usage.running_s)),
    Column("Waiting", lambda usage: duration_text(usage.waiting_s)),
    Column("Stored", lambda usage: size_text(usage.stored_bytes)),
)
QPU_COLUMNS = (
    Column("Tasks", lambda usage: str(usage.nb_tasks)),
    Column("Shots", lambda usage: str(usage.nb_shots)),
    Column("QPU", lambda usage: duration_text(usage.used_s)),
    Column("Blocked", lambda usage: duration_text(usage.blocked_s)),
    Column("Failed", lambda usage: duration_text(usage.failed_s)),
    Column("Lost", lambda usage: duration_text(usage.lost_s)),
)
WAIT_COLUMNS = (
    Column("Sessions", lambda usage: str(usage.nb_sessions)),
    Column("Waited", lambda usage: duration_text(usage.waited_s)),
    Column("Nodes waited", lambda usage: duration_text(usage.node_waited_s)),
)
SLURM_COLUMNS = (
    Column("Slurm", lambda usage: usage.slurm_state),
    Column("Nodes", lambda usage: ",".join(usage.slurm_nodes)),
)


@click.command("usage")
@click.option("--all", "all_users", is_flag=True, help="Of everybody (operators).")
@click.option(
    "--qpu",
    "source",
    is_flag=False,
    flag_value="server",
    metavar="[SOURCE]",
    help="Of QPUs that are shared. SOURCE is 'server' (the usual one), 'broker' (that of this machine, or unix:PATH, "
    "tls://HOST:PORT), or the settings of a broker, whose accounts are read (operators).",
)
@click.option(
    "--by",
    type=click.Choice(("user", "account", "qpu", "pool", "job")),
    default="user",
    show_default=True,
    help="With --qpu: what it is summed up by.",
)
@click.option("--since", default="", help="With --qpu: from a date or age on, e.g. 2026-11-01 or 30d.")
@click.option("--until", default="", help="With --qpu: until then.")
@click.option("--sacct", "asks_slurm", is_flag=True, help="With --qpu --by job: what Slurm's accounting says of it.")
@click.option("--profile", envvar="QLMAAS_PROFILE", help="Which server, of those in profiles.toml.")
@output_option
def command(
    output: Output,
    all_users: bool,
    source: str | None,
    by: Group,
    since: str,
    until: str,
    asks_slurm: bool,
    profile: str | None,
) -> None:
    """Show what has been used."""
    if source is None:
        output.rows(connecting.connect(profile).usage(all_users), COLUMNS, key="owner")
        return
    if asks_slurm and by != "job":
        raise click.UsageError("--sacct is about jobs: give --by job with it")
    from openqat import qpu_usage

    when = _moment(since, 0.0), _moment(until, inf)
    usages = qpu_usage.used(source, by, *when, all_users=all_users, profile=profile)
    if asks_slurm:
        usages = qpu_usage.beside_slurm(usages, when[0])
    output.rows(usages, _qpu_columns(by, has_slurm=asks_slurm), key="name")


def _qpu_columns(by: Group, *, has_slurm: bool) -> tuple[Column, ...]:
    name = Column("QPU" if by == "qpu" else by.capitalize(), lambda usage: usage.name)
    return (name, *QPU_COLUMNS, *(WAIT_COLUMNS if by != "qpu" else ()), *(SLURM_COLUMNS if has_slurm else ()))


def _moment(text: str, default_s: float) -> float:
    try:
        return moment(text, time.time()) if text else default_s
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
