"""What commands print: ``--output table`` for people, ``json`` and ``csv`` for programs, ``quiet`` for shell loops.

JSON and CSV keep their field names from one version to the next; only new fields come. Tables are drawn by rich on a
terminal, and are plain columns in a pipe. Exit codes are those of :class:`ExitCode`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

import click

__all__ = ["Column", "ExitCode", "Output", "exit_code_of", "output_option", "report"]

Command = TypeVar("Command", bound=Callable[..., Any])

MODES = ("table", "json", "csv", "quiet")


class ExitCode(IntEnum):
    """How a command ended; scripts may rely on these numbers."""

    OK = 0
    ERROR = 1
    USAGE = 2
    UNREACHABLE = 3
    LOGIN = 4
    NOT_FOUND = 5
    JOB_FAILED = 6
    TIMEOUT = 7
    INTERRUPTED = 130


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: its heading.
        text: gives the text of a row in it.
    """

    title: str
    text: Callable[[Any], str]


class Output:
    """Prints in one of four modes.

    Args:
        mode: ``table``, ``json``, ``csv`` or ``quiet``.

    >>> Output("quiet").rows([{"id": "a"}, {"id": "b"}], [], key="id")
    a
    b
    """

    def __init__(self, mode: str = "table") -> None:
        self.mode = mode

    def rows(self, items: Sequence[Any], columns: Sequence[Column], *, key: str, total: int | None = None) -> None:
        """Print a list of structures or dictionaries.

        Args:
            items: the rows.
            columns: of the table.
            key: the field that ``quiet`` prints.
            total: how many there are, if these are only some.
        """
        if self.mode == "json":
            click.echo(as_json(list(items)))
        elif self.mode == "csv":
            click.echo(as_csv(items), nl=False)
        elif self.mode == "quiet":
            click.echo("".join(f"{_field(item, key)}\n" for item in items), nl=False)
        else:
            _print_table([[column.text(item) for column in columns] for item in items], [c.title for c in columns])
            if total is not None and total > len(items):
                click.echo(f"{len(items)} of {total}; --limit N shows more, --cursor the next ones", err=True)

    def record(self, item: Any, lines: Mapping[str, str], *, key: str) -> None:
        """Print one structure or dictionary; ``lines`` are what ``table`` shows, by name."""
        if self.mode == "json":
            click.echo(as_json(item))
        elif self.mode == "csv":
            click.echo(as_csv([item]), nl=False)
        elif self.mode == "quiet":
            click.echo(_field(item, key))
        else:
            width = max(map(len, lines), default=0)
            for name, text in lines.items():
                click.echo(f"{name:<{width}}  {text}")

    def message(self, text: str) -> None:
        """Say something to a person; programs do not see it."""
        if self.mode == "table":
            click.echo(text)


def output_option(command: Command) -> Command:
    """Give a command the option ``--output``; its function gets ``output``, an :class:`Output`."""
    return click.option(
        "--output",
        type=click.Choice(MODES),
        default="table",
        envvar="QAT_OUTPUT",
        show_default=True,
        callback=lambda context, parameter, value: Output(value),
        help="table for people, json or csv for programs, quiet for ids only.",
    )(command)


def as_json(value: Any) -> str:
    """JSON of structures, dictionaries and lists of them, indented."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def as_csv(items: Sequence[Any]) -> str:
    """CSV of structures or dictionaries of one kind, after a line with the names of the fields; nothing for none.

    Values that are not single ones stand there as JSON.

    >>> print(as_csv([{"id": "a", "nodes": ["q1", "q2"]}]), end="")
    id,nodes
    a,"[""q1"",""q2""]"
    """
    import csv
    import io

    import msgspec

    rows: list[dict[str, Any]] = [msgspec.to_builtins(item) for item in items]
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            nested = {name: value for name, value in row.items() if isinstance(value, list | tuple | dict)}
            writer.writerow({**row, **{name: msgspec.json.encode(value).decode() for name, value in nested.items()}})
    return text.getvalue()


def report(error: BaseException) -> None:
    """Say on standard error why a command did not do what it should, with notes such as the request's id."""
    from qat.core.errors import ServiceError

    text = error.message if isinstance(error, ServiceError) else error
    click.echo(f"qat: {text}", err=True)
    for note in getattr(error, "__notes__", ()):
        click.echo(f"     {note}", err=True)


def exit_code_of(error: BaseException) -> ExitCode:
    """The exit code that tells scripts what kind of error it was; classes say it in ``exit_name``."""
    from qat.core.errors import ServiceError

    if isinstance(error, ServiceError):  # raised by a service, on the server
        return ExitCode.JOB_FAILED
    return ExitCode[getattr(error, "exit_name", "ERROR")]


def _field(item: Any, key: str) -> str:
    return str(item[key] if isinstance(item, Mapping) else getattr(item, key))


def _print_table(rows: Sequence[Sequence[str]], titles: Sequence[str]) -> None:
    if not sys.stdout.isatty():
        _print_columns([[title.upper() for title in titles], *rows])
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*titles, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))  # as text: what users named may look like rich's markup
    Console().print(table)


def _print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip())
