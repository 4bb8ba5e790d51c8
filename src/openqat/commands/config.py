"""``qat config``: what a connection is made with, and where each value comes from."""

from __future__ import annotations

from typing import Any

import click

from openqat.output import Column, Output, output_option
from qat.qlmaas.config_files import ini_path, read_configuration, write_ini
from qat.qlmaas.configuration import FIELDS

SECRET = "(set)"

COLUMNS = (
    Column("Setting", lambda row: row["name"]),
    Column("Value", lambda row: "" if row["value"] is None else str(row["value"])),
    Column("From", lambda row: row["source"]),
    Column("What", lambda row: row["help"]),
)


@click.group("config")
def command() -> None:
    """Show or write the configuration of the client."""


@command.command("show")
@click.option("--profile", envvar="QLMAAS_PROFILE", help="Which server, of those in profiles.toml.")
@output_option
def show(output: Output, profile: str | None) -> None:
    """Show each setting, and where its value comes from."""
    configuration = read_configuration({}, profile=profile)
    rows = []
    for entry in FIELDS.values():
        value = getattr(configuration, entry.name)
        value = SECRET if entry.name == "token" and value else value
        rows.append({"name": entry.name, "value": value, "source": configuration.sources[entry.name]})
    output.rows([{**row, "help": FIELDS[row["name"]].help} for row in rows], COLUMNS, key="name")


@command.command("create")
@click.option("--hostname", required=True, help=FIELDS["hostname"].help)
@click.option("--port", type=int, help=FIELDS["port"].help)
@click.option("--authentication", help=FIELDS["authentication"].help)
@click.option("--certificate", type=click.Path(exists=True, resolve_path=True), help=FIELDS["certificate"].help)
@click.option("--key", type=click.Path(exists=True, resolve_path=True), help=FIELDS["key"].help)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def create(force: bool, **values: Any) -> None:
    """Write config.ini; passwords belong into ~/.netrc, tokens are kept by qat login."""
    path = ini_path()
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force writes over it")
    click.echo(write_ini(read_configuration(values, {"QLMAAS_DIR": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"})))
