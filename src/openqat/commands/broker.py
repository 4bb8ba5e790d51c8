"""``qat broker``: the low-level scheduler of QPUs that hybrid jobs share."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openqat.connecting import ask_broker
from openqat.output import Column, Output, output_option
from openqat.texts import date_text, duration_text
from openqat.timeline import Bar, timeline

if TYPE_CHECKING:
    from qat.comm.broker.status import BrokerStatus
    from qhpc.broker.settings import BrokerSettings
    from qhpc.broker.usage_rows import SliceRow

__all__ = ["command"]

POOLS = (
    Column("Pool", lambda pool: pool.name),
    Column("Policy", lambda pool: pool.policy),
    Column("Sessions", lambda pool: str(pool.nb_sessions)),
    Column("Waiting", lambda pool: str(pool.nb_waiting)),
    Column("QPU time", lambda pool: duration_text(pool.waiting_s)),
)
LICENCES = (
    Column("Units", lambda pool: "" if pool.units is None else str(pool.units)),
    Column("Alpha", lambda pool: "" if pool.alpha is None else f"{pool.alpha:.2f}"),
)
QPUS = (
    Column("QPU", lambda row: row[0].name),
    Column("Pool", lambda row: row[0].pool),
    Column("State", lambda row: row[0].state),
    Column("Runs", lambda row: row[0].running),
    Column("Ends in", lambda row: _until(row[0].ends_s, row[1])),
    Column("Up in", lambda row: _until(row[0].until_s, row[1])),
    Column("Reason", lambda row: row[0].reason),
)
SESSIONS = (
    Column("Session", lambda session: session.id),
    Column("Account", lambda session: session.account),
    Column("Pool", lambda session: session.pool),
    Column("Slurm job", lambda session: str(session.slurm_job or "")),
    Column("Share", lambda session: f"{session.share:g}"),
    Column("There", lambda session: "yes" if session.is_connected else "no"),
    Column("Waiting", lambda session: str(session.nb_waiting)),
    Column("Running", lambda session: str(session.nb_running)),
    Column("Used", lambda session: duration_text(session.used_s)),
    Column("Waited", lambda session: duration_text(session.waited_s)),
    Column("Opened", lambda session: date_text(session.opened_s)),
)
TASKS = (
    Column("Pool", lambda task: task.pool),
    Column("Place", lambda task: str(task.position)),
    Column("Task", lambda task: task.key),
    Column("Needs", lambda task: duration_text(task.remaining_s)),
    Column("Shots", lambda task: str(task.remaining_shots)),
    Column("Came", lambda task: date_text(task.came_s)),
)


@click.group()
def command() -> None:
    """Share QPUs between the hybrid jobs that run on a cluster."""


settings_argument = click.argument("settings", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@command.command()
@settings_argument
@click.option("--ready-fd", type=click.IntRange(0), help="File descriptor to write a line to when it takes jobs.")
@click.option("--end-with-stdin", is_flag=True, help="End when standard input is closed, as when who started it ends.")
@click.option("--slurm", is_flag=True, help="Ask Slurm about jobs, and drive its licences, whatever SETTINGS says.")
def run(settings: Path, ready_fd: int | None, end_with_stdin: bool, slurm: bool) -> None:
    """Run the broker that the file SETTINGS (TOML) describes, until Ctrl-C or SIGTERM.

    Whatever kills it, the next start goes on where it was: accepted tasks are kept, and what QPUs run meanwhile is
    found again.
    """
    from openqat.systemd import notify_systemd
    from qhpc.access.logs import install_logs
    from qhpc.broker.journal import DamagedJournal, JournalTooNew
    from qhpc.broker.running import BrokerAlreadyRunning, RunningBroker, run_broker

    site = _settings(settings).in_slurm() if slurm else _settings(settings)
    install_logs(site.log_level)

    def on_ready(running: RunningBroker) -> None:
        click.echo(f"the broker is ready at {', '.join(running.addresses)}", err=True)
        if ready_fd is not None:
            os.write(ready_fd, b"ready\n")
            os.close(ready_fd)
        notify_systemd("READY=1")

    if end_with_stdin:
        threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), name="stdin", daemon=True).start()
    try:
        run_broker(site, on_ready)
    except (BrokerAlreadyRunning, DamagedJournal, JournalTooNew, sqlite3.Error, OSError) as error:
        raise click.ClickException(str(error)) from error
    notify_systemd("STOPPING=1")


@command.command()
@settings_argument
@output_option
def check(settings: Path, output: Output) -> None:
    """Say whether the file SETTINGS is right, and what it means."""
    site = _settings(settings)
    lines = {"Cluster": site.cluster, "Directory": str(site.directory), "Jobs connect to": f"unix:{site.unix_socket}"}
    if site.listen.host:
        lines["and to"] = f"tls://{site.listen.host}:{site.listen.port}"
    lines |= {f"Pool {name}": f"{', '.join(pool.qpus)}; {pool.policy}" for name, pool in site.pools.items()}
    lines |= {f"QPU {name}": _driver_text(qpu) for name, qpu in site.qpus.items()}
    told = {"directory": str(site.directory), "pools": {name: list(pool.qpus) for name, pool in site.pools.items()}}
    output.record(told, lines, key="directory")


@command.command()
@click.option("--broker", help="unix:/PATH or tls://HOST:PORT. [default: QAT_BROKER, or the file of the machine]")
@click.option("--tasks", "only_tasks", is_flag=True, help="Show the waiting tasks.")
@click.option("--sessions", "only_sessions", is_flag=True, help="Show the sessions.")
@output_option
def status(broker: str | None, only_tasks: bool, only_sessions: bool, output: Output) -> None:
    """Show what goes on at a running broker: pools, QPUs, sessions, waiting tasks (operators)."""
    from qat.shared.status import broker_status

    told = ask_broker(broker, broker_status)
    if output.mode == "json":
        output.record(told, {}, key="cluster")
    elif only_tasks:
        output.rows(told.waiting, TASKS, key="key", total=sum(pool.nb_waiting for pool in told.pools))
    elif only_sessions:
        output.rows(told.sessions, SESSIONS, key="id")
    else:
        _show_all(told, output)


@command.command("timeline")
@settings_argument
@click.option(
    "--last",
    "last_s",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds before the last task to show.",
)
@click.option("--width", type=click.IntRange(10, 1000), default=72, show_default=True, help="Characters of a line.")
def show_timeline(settings: Path, last_s: float, width: int) -> None:
    """Draw which session had which QPU when, by the accounts of the broker of SETTINGS.

    Each session has a letter; in its own line, a dot is time between its tasks.
    """
    from qhpc.broker.usage_reading import AccountsUnreadable, reading_usage

    try:
        with reading_usage(_settings(settings).directory / "usage.db") as reader:
            slices = list(reader.slices())
    except AccountsUnreadable as error:
        raise click.ClickException(str(error)) from None
    since_s = max((row.start_s for row in slices), default=0.0) - last_s
    bars = [Bar(row.qpu, _who(row), row.start_s, row.start_s + row.busy_s) for row in slices if row.start_s > since_s]
    click.echo("\n".join(timeline(bars, width=width)) or "no task has run yet")


def _who(row: SliceRow) -> str:
    """Whose slice it was, in a few letters: the Slurm job, or the begin of the session's name."""
    name = row.session.partition(":")[2]
    return f"{row.user}, job {row.slurm_job}" if row.slurm_job is not None else f"{row.user}, {name[:16]}"


def _show_all(told: BrokerStatus, output: Output) -> None:
    if output.mode == "quiet":
        output.rows(told.pools, POOLS, key="name")
        return
    output.message(f"broker of {told.cluster}, since {date_text(told.started_s)}")
    output.message("")
    drives_licences = any(pool.units is not None for pool in told.pools)
    output.rows(told.pools, (*POOLS, *LICENCES) if drives_licences else POOLS, key="name")
    for pool in told.pools:
        if pool.trouble:
            output.message(f"the licences of {pool.name}: {pool.trouble}")
    output.message("")
    output.rows([(qpu, told.now_s) for pool in told.pools for qpu in pool.qpus], QPUS, key="name")
    if told.sessions:
        output.message("")
        output.rows(told.sessions, SESSIONS, key="id")


def _settings(path: Path) -> BrokerSettings:
    from qhpc.broker.settings import BadSettings, read_settings

    try:
        return read_settings(path)
    except (BadSettings, OSError) as error:
        raise click.ClickException(str(error)) from None


def _driver_text(qpu: Any) -> str:
    options = ", ".join(f"{name} = {value!r}" for name, value in qpu.options.items())
    return f"{qpu.driver}{f' ({options})' if options else ''}"


def _end_with(descriptor: int) -> None:
    """Have this process end politely when nothing will come from a file any more."""
    while os.read(descriptor, 4096):  # no stream: its lock would be held when this process ends for another reason
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _until(time_s: float | None, now_s: float) -> str:
    return "" if time_s is None else duration_text(max(time_s - now_s, 0.0))
