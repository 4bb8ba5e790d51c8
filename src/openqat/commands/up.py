"""``qat up``: a server for yourself on this machine, without any configuration."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import click

from openqat.commands.serving import run
from openqat.server_settings import settings_of
from qhpc.access.running import Running
from qhpc.access.welcome import welcome, write_ready_file
from qhpc.broker.settings import BadSettings
from qhpc.embedded.own_centre import own_centre

__all__ = ["command"]


@click.command()
@click.option("--directory", type=click.Path(path_type=Path), help="Where the server keeps its things.")
@click.option("--host", default=None, help="Address to listen at. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one. [default: 8443]")
@click.option("--workers", type=click.IntRange(1), help="Jobs that run at once. [default: usable cores]")
@click.option("--ready-file", type=click.Path(path_type=Path), help="Written when the server takes requests.")
@click.option("--ready-fd", type=click.IntRange(0), help="File descriptor to write a line to at that moment.")
@click.option("--slurm", is_flag=True, help="Run the jobs in a private Slurm on this machine.")
@click.option("--no-broker", is_flag=True, help="Leave out the QPUs that jobs share.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: warning]")
def command(
    directory: Path | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    ready_file: Path | None,
    ready_fd: int | None,
    slurm: bool,
    no_broker: bool,
    log_level: str | None,
) -> None:
    """Start a server for yourself on this machine; Ctrl-C stops it.

    Makes a certificate, a database, a user and a token at the first start. Jobs and results are kept until the next.
    SharedQPU("emulator") is there too, through the broker whose settings are broker.toml in the directory. With --slurm
    each job is a job of Slurm, which hands out the QPU's time as licences; Debian: apt-get install slurm-wlm munge.
    """
    settings = settings_of(
        None, directory=directory, host=host, port=port, workers=workers, log_level=log_level or "warning"
    )

    async def on_ready(running: Running) -> None:
        told = await welcome(running, time.time(), Path.home())
        click.echo(f"openqat is ready at {told.url} for {told.username}; Ctrl-C stops it.")
        click.echo("In another terminal:\n" + "\n".join(f"    {line}" for line in told.lines if line))
        if ready_file is not None:
            write_ready_file(ready_file, running, told)
        if ready_fd is not None:
            os.write(ready_fd, b"ready\n")
            os.close(ready_fd)

    if slurm and (no_broker or settings.broker):
        raise click.UsageError("--slurm needs the broker of this server: leave out --no-broker, and QHPC_BROKER")
    if no_broker or settings.broker:
        run(settings, on_ready)
        return
    try:
        with own_centre(settings, with_slurm=slurm) as (all_settings, wait_until_ready):

            async def on_all_ready(running: Running) -> None:
                await asyncio.to_thread(wait_until_ready)
                await on_ready(running)

            run(all_settings, on_all_ready)
    except (RuntimeError, BadSettings) as error:
        raise click.ClickException(str(error)) from error
