"""What the commands of a client share: the connection, and doing one thing to several jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from openqat.output import exit_code_of, report

if TYPE_CHECKING:
    from qat.qlmaas import QLMaaSConnection

__all__ = ["connect", "each_job", "with_connection"]

Command = TypeVar("Command", bound=Callable[..., Any])


def connect(profile: str | None) -> QLMaaSConnection:
    """A connection made from the configuration."""
    from qat.qlmaas import QLMaaSConnection

    return QLMaaSConnection(profile=profile)


def with_connection(command: Command) -> Command:
    """Give a command the option ``--profile``; its function gets ``connection``."""

    @click.option("--profile", envvar="QLMAAS_PROFILE", help="Which server, of those in profiles.toml.")
    @wraps(command)
    def connected(*args: Any, profile: str | None, **kwargs: Any) -> Any:
        return command(*args, connection=connect(profile), **kwargs)

    return connected  # type: ignore[return-value]


def each_job(job_ids: Sequence[str], action: Callable[[str], None]) -> None:
    """Do something to each of several jobs; one that cannot be done does not keep the others from it.

    Raises:
        click.exceptions.Exit: some could not be done; they were reported.
    """
    from qat.qlmaas.errors import QLMaaSError

    codes = []
    for job_id in job_ids:
        try:
            action(job_id)
        except QLMaaSError as error:
            report(error)
            codes.append(exit_code_of(error))
    if codes:
        raise click.exceptions.Exit(codes[0])
