"""What ``qat up`` and ``qat serve`` share."""

from __future__ import annotations

import os
import socket
import tomllib
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from qhpc.access.logs import install_logs
from qhpc.access.running import AlreadyRunning, OnReady, run_server
from qhpc.access.settings import AccessSettings, read_settings
from qhpc.access.store.factory import InvalidStoreUrl

__all__ = ["notify_systemd", "run", "settings_of"]


def settings_of(config: Path | None, **values: Any) -> AccessSettings:
    """The settings of a server.

    Raises:
        click.ClickException: a value or the file is wrong.
    """
    try:
        return read_settings(config, **values)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, entry['loc'])) or 'settings'}: {entry['msg']}" for entry in error.errors()]
        raise click.ClickException("; ".join(wrong)) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{config} cannot be read: {error}") from None


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


def notify_systemd(state: str) -> None:
    """Tell systemd, if it has started us and wants to know."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.connect("\0" + address[1:] if address.startswith("@") else address)
        link.sendall(state.encode())
