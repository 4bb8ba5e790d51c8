"""``qat login``: a token for a password, kept for other programs."""

from __future__ import annotations

import sys
from typing import Any

import click

from openqat.texts import date_text
from qat.qlmaas.client import AccessClient
from qat.qlmaas.config_files import ini_path, read_configuration, save_profile
from qat.qlmaas.configuration import Configuration
from qat.qlmaas.credentials import Password, user_and_password
from qat.qlmaas.transport import HttpTransport


@click.command("login")
@click.argument("hostname", required=False)
@click.option("--port", type=int, help="Port of the server.")
@click.option("--username", help="User name; asked for if not given.")
@click.option("--certificate", type=click.Path(exists=True, resolve_path=True), help="File that says whom to trust.")
@click.option("--profile", default="default", show_default=True, help="Name under which the token is kept.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def command(profile: str, password_stdin: bool, **given: Any) -> None:
    """Log in at HOSTNAME, or at the server that is configured, and keep a token in profiles.toml."""
    configuration = read_configuration(given)
    username, password = _credentials(configuration, password_stdin)
    client = AccessClient(transport_of(configuration), Password(lambda: (username, password)))
    token = client.log_in(username, password, "qat login")
    names = ("hostname", "port", "check_host", "proxy_host", "proxy_port", "timeout", "certificate", "ca")
    values = {name: getattr(configuration, name) for name in names if configuration.sources[name] != "default"}
    kept = {**values, "hostname": configuration.required_hostname, "authentication": "token", "token": token.secret}
    path = save_profile(profile, kept, is_default=True)
    click.echo(f"logged in as {username} until {date_text(token.expires_s)}; profile {profile} in {path}")
    if ini_path().exists():
        click.echo(f"{ini_path()} comes before it: set QLMAAS_PROFILE={profile} to use it", err=True)


def transport_of(configuration: Configuration) -> HttpTransport:
    """What sends the requests."""
    return HttpTransport(configuration)


def _credentials(configuration: Configuration, password_stdin: bool) -> tuple[str, str]:
    if not password_stdin:
        return user_and_password(configuration)
    if configuration.username is None:
        raise click.UsageError("--password-stdin needs --username")
    return configuration.username, sys.stdin.readline().rstrip("\n")
