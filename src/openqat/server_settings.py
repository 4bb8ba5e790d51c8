"""The settings of a server, for the commands that run one or look after one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from qhpc.access.settings import AccessSettings, read_settings

__all__ = ["settings_of"]


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
