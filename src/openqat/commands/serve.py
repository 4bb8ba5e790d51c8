"""``qat serve``: the server of a centre."""

from __future__ import annotations

from pathlib import Path

import click

from openqat.commands.serving import run
from openqat.server_settings import settings_of
from openqat.systemd import notify_systemd
from qhpc.access.running import Running
from qhpc.access.welcome import write_ready_file

__all__ = ["command"]


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings (TOML); QHPC_… in the environment wins over it. docs/settings.md has them all.",
)
@click.option("--ready-file", type=click.Path(path_type=Path), help="Written when the server takes requests.")
def command(config: Path | None, ready_file: Path | None) -> None:
    """Start the server of a centre: PostgreSQL, systemd, a reverse proxy in front.

    Users are made with 'qat users add'. SIGTERM stops it; running jobs that do not end in time run again at the next
    start.
    """
    settings = settings_of(config)

    async def on_ready(running: Running) -> None:
        click.echo(f"openqat is ready at {', '.join(running.addresses)}", err=True)
        if ready_file is not None:
            write_ready_file(ready_file, running, None)
        notify_systemd("READY=1")

    run(settings, on_ready)
    notify_systemd("STOPPING=1")
