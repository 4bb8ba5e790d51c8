"""What ``qat up`` and ``qat serve`` share."""

from __future__ import annotations

import click

from qhpc.access.logs import install_logs
from qhpc.access.running import AlreadyRunning, OnReady, run_server
from qhpc.access.settings import AccessSettings
from qhpc.access.store.factory import InvalidStoreUrl

__all__ = ["run"]


def run(settings: AccessSettings, on_ready: OnReady) -> None:
    """Run a server until it is stopped.

    Raises:
        click.ClickException: it cannot be started.
    """
    install_logs(settings.log_level)
    try:
        run_server(settings, on_ready)
    except (AlreadyRunning, InvalidStoreUrl, OSError) as error:
        raise click.ClickException(str(error)) from error
