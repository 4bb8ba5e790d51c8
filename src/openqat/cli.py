"""The command line as a table: ``qat --help`` loads nothing but this, a subcommand's module is imported at its use.

>>> from click.testing import CliRunner
>>> print(CliRunner().invoke(qat, ["--help"]).output.splitlines()[0])
Usage: qat [OPTIONS] COMMAND [ARGS]...
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

__all__ = ["COMMANDS", "LazyGroup", "qat"]

COMMANDS: dict[str, dict[str, str]] = {
    "Programs": {"run": "Run a program in a batch job that shares QPUs."},
    "Jobs": {
        "jobs": "List jobs.",
        "job": "Show a job.",
        "result": "Show or save the result of a job.",
        "wait": "Wait until jobs have ended.",
        "logs": "Show what a job wrote.",
        "explain": "Say why a job is where it is.",
        "cancel": "Cancel jobs.",
        "rerun": "Run a job again.",
        "delete": "Remove the files of jobs.",
        "sessions": "List, open and close sessions.",
    },
    "Server": {
        "login": "Log in and keep a token.",
        "config": "Show or write the configuration of the client.",
        "services": "List the services that the server offers.",
        "usage": "Show what has been used.",
    },
    "Operation": {
        "up": "Start a server for yourself on this machine.",
        "serve": "Start the server of a centre.",
        "users": "Manage the users of a server.",
        "tokens": "Manage API tokens.",
        "store": "Look after the database of a server.",
        "broker": "Share QPUs between the hybrid jobs of a cluster.",
        "slurm": "Configure and check a Slurm cluster, or try one on this machine.",
        "lab": "Compare ways to share QPUs, on a virtual clock.",
    },
}
"""Subcommands with their one-line helps, by heading. The module of each is ``openqat.commands.NAME``."""

_HELPS = {name: text for commands in COMMANDS.values() for name, text in commands.items()}


class LazyGroup(click.Group):
    """A group whose commands are modules of a package, imported when they are used.

    A module names its command ``command``.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(_HELPS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of that name; None when there is none.

        Raises:
            click.ClickException: it needs packages that are not installed.
        """
        if name not in _HELPS:
            return None
        try:
            command: click.Command = import_module(f"openqat.commands.{name}").command
        except ModuleNotFoundError as error:
            raise click.ClickException(_missing(name, error)) from error
        return command

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        """The command to run; near names are suggested for an unknown one."""
        near = get_close_matches(args[0], _HELPS, n=3)
        if args[0] not in _HELPS and near:
            raise click.UsageError(f"no such command {args[0]!r}; did you mean {' or '.join(near)}?", context)
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, without importing anything."""
        for heading, commands in COMMANDS.items():
            with formatter.section(heading):
                formatter.write_dl(list(commands.items()))


def _missing(name: str, error: ModuleNotFoundError) -> str:
    if error.name == f"openqat.commands.{name}":
        return f"qat {name} is not part of this version of openqat; update it: pip install -U openqat"
    extra = "server" if name in COMMANDS["Operation"] else "client"
    return f"qat {name} needs the package {error.name}: pip install 'openqat[{extra}]'"


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="openqat", prog_name="qat")
def qat() -> None:
    """Hybrid quantum/HPC computing: run a server, send jobs, look after them.

    Each command takes --help. Tab completion: eval "$(_QAT_COMPLETE=bash_source qat)".
    """
