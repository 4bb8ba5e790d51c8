"""``qat jobs``: a list of jobs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from openqat.connecting import with_connection
from openqat.output import Column, Output, output_option
from openqat.texts import date_text, duration_text, moment

if TYPE_CHECKING:
    from qat.comm.access.messages import JobView
    from qat.qlmaas.connection import JobList, QLMaaSConnection

STATES = ("waiting", "pending", "running", "done", "failed", "cancelled", "stopped", "deleted")
WATCH_S = 2.0


class Moment(click.ParamType[float]):
    """A date, or an age such as ``2h``."""

    name = "when"

    def convert(self, value: Any, parameter: Any, context: Any) -> Any:
        """Seconds since 1970."""
        try:
            return moment(value, time.time())
        except ValueError as error:
            self.fail(str(error), parameter, context)


def _running_s(job: JobView) -> float | None:
    return None if job.started_s is None else (job.ended_s or time.time()) - job.started_s


def _state(job: JobView) -> str:
    return job.state if job.queue_position is None else f"{job.state} ({job.queue_position})"


COLUMNS = (
    Column("Id", lambda job: job.id),
    Column("State", _state),
    Column("Submitted", lambda job: date_text(job.created_s)),
    Column("Running", lambda job: duration_text(_running_s(job))),
    Column("Stack", lambda job: job.stack),
    Column("Name", lambda job: job.name or ""),
    Column("Tags", lambda job: ", ".join(job.tags)),
)


@click.command("jobs")
@click.option("--state", "-s", multiple=True, type=click.Choice(STATES), help="Only these states.")
@click.option("--tag", "-t", multiple=True, help="Only jobs with all of these tags.")
@click.option("--name", help="Only jobs of this name.")
@click.option("--session", help="Only jobs of this session.")
@click.option("--owner", help="Jobs of another user, * for everybody's (operators).")
@click.option("--since", "created_after", type=Moment(), help="Only newer ones: a date, or an age such as 2h.")
@click.option("--before", "created_before", type=Moment(), help="Only older ones.")
@click.option("--oldest-first", "order", flag_value="oldest", default=None, help="In the order of submission.")
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--cursor", help="Go on after another part of the list.")
@click.option("--watch", "-w", is_flag=True, help="Show the list again every two seconds, until Ctrl-C.")
@output_option
@with_connection
def command(connection: QLMaaSConnection, output: Output, watch: bool, **filters: Any) -> None:
    """List jobs, the newest first."""
    chosen = {name: value for name, value in filters.items() if value not in (None, ())}
    if watch:
        _watch(connection, output, chosen)
    page = connection.jobs(**chosen)
    _print(output, page)
    if page.next_cursor is not None:
        output.message(f"the next ones: --cursor {page.next_cursor}")


def _print(output: Output, page: JobList) -> None:
    output.rows([job.known for job in page], COLUMNS, key="id", total=page.total)


def _watch(connection: QLMaaSConnection, output: Output, filters: dict[str, Any]) -> None:
    while True:  # until Ctrl-C
        page = connection.jobs(**filters)
        click.clear()
        _print(output, page)
        time.sleep(WATCH_S)
