"""What the commands of a client share: the connection, and doing one thing to several jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from openqat.output import ExitCode, exit_code_of, report

if TYPE_CHECKING:
    from qat.qlmaas import QLMaaSConnection
    from qat.shared.addresses import ClientSettings

__all__ = ["ask_broker", "connect", "each_job", "with_connection"]

Told = TypeVar("Told")
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


def ask_broker(address: str | None, question: Callable[[ClientSettings], Told]) -> Told:
    """What a broker tells.

    Args:
        address: of the broker; None for what the environment or the machine says.
        question: asks it.

    Raises:
        click.ClickException: it does not tell, or its address is wrong.
        click.exceptions.Exit: it cannot be reached; that was reported.
    """
    from qat.shared.addresses import BrokerUnknown, client_settings
    from qat.shared.status import StatusRefused

    try:
        return question(client_settings(address))
    except (BrokerUnknown, StatusRefused) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        click.echo(f"qat: the broker cannot be reached: {error}", err=True)
        raise click.exceptions.Exit(ExitCode.UNREACHABLE) from None


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
