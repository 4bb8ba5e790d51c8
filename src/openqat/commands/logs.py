"""``qat logs``: what a job wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openqat.connecting import with_connection

if TYPE_CHECKING:
    from qat.comm.access.messages import LogLine
    from qat.qlmaas.connection import QLMaaSConnection
    from qat.qlmaas.following import News

PAGE = 1000


@click.command("logs")
@click.argument("job_id", metavar="ID")
@click.option("--follow", "-f", is_flag=True, help="Go on until the job has ended.")
@click.option("--first", type=click.IntRange(0), default=0, help="Number of the first line.")
@with_connection
def command(connection: QLMaaSConnection, job_id: str, follow: bool, first: int) -> None:
    """Show what a job wrote."""
    lines = connection.client.log(job_id, first=first, limit=PAGE)
    while lines:
        for line in lines:
            _print(line)
        first = lines[-1].number + 1
        lines = connection.client.log(job_id, first=first, limit=PAGE) if len(lines) == PAGE else []
    if follow:
        _follow(connection, job_id, first)


def _follow(connection: QLMaaSConnection, job_id: str, first: int) -> None:
    from qat.comm.access.messages import LogLine
    from qat.qlmaas.following import follow

    def show(news: News) -> None:
        if isinstance(news, LogLine) and news.number >= first:
            _print(news)

    follow(connection.client, job_id, show)


def _print(line: LogLine) -> None:
    click.echo(line.text, err=line.stream == "stderr")
