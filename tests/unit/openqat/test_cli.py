"""The command line: what it lists, loads and says; how it prints and ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import click
import pytest
from click.testing import CliRunner

import openqat
from openqat import __main__, cli
from openqat.output import Column, ExitCode, Output, exit_code_of, output_option
from qat.core.errors import QatError


@pytest.fixture
def command(monkeypatch):
    """Installs a function as the module of ``qat jobs``."""

    def install(function):
        module = ModuleType("openqat.commands.jobs")
        module.command = click.command()(function)
        monkeypatch.setitem(sys.modules, "openqat.commands.jobs", module)

    return install


def invoke(*arguments):
    return CliRunner().invoke(cli.qat, arguments)


def test_help_lists_every_command_and_imports_none():
    program = (
        "import sys; from openqat.__main__ import main\n"
        "try: main(['--help'])\n"
        "finally: print([m for m in sys.modules if m.split('.')[0] in ('numpy', 'rich', 'msgspec', 'ssl')"
        " or m.startswith('openqat.commands.')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(openqat.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    *page, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    assert all(any(line.split()[:1] == [name] for line in page) for part in cli.COMMANDS.values() for name in part)


def test_unknown_commands():
    done = invoke("jbos")
    assert done.exit_code == ExitCode.USAGE and "did you mean jobs" in done.output
    assert invoke("zzzz").exit_code == ExitCode.USAGE


def test_a_command_is_loaded_when_it_is_used(command):
    command(lambda: click.echo("here"))
    assert invoke("jobs").output == "here\n"


@pytest.mark.parametrize(
    ("missing", "text"),
    [("openqat.commands.up", "is not part of this version"), ("fastapi", "pip install 'openqat[server]'")],
)
def test_what_is_not_installed(monkeypatch, missing, text):
    def refuse(name):
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(cli, "import_module", refuse)
    done = invoke("up")
    assert done.exit_code == ExitCode.ERROR and text in done.output


def test_without_click(monkeypatch):
    monkeypatch.delitem(sys.modules, "openqat.cli")
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit, match="pip install 'openqat"):
        __main__.main(["jobs"])


class LostError(QatError):
    exit_name = "NOT_FOUND"

    def __str__(self):
        return "no such job [request 7]"


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (LostError(), ExitCode.NOT_FOUND, "qat: no such job [request 7]"),
        (OSError("disk"), ExitCode.ERROR, "qat: disk"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, ""),
    ],
)
def test_errors_are_one_line_and_a_code(command, capsys, error, code, text):
    def fail():
        error.add_note("a note")
        raise error

    command(fail)
    with pytest.raises(SystemExit) as ended:
        __main__.main(["jobs"])
    printed = capsys.readouterr().err
    assert ended.value.code == code and text in printed and "Traceback" not in printed
    assert ("a note" in printed) == bool(text)


def test_exit_codes():
    assert (exit_code_of(LostError()), exit_code_of(ValueError())) == (5, 1)


# ---------------------------------------------------------------- printing
ITEMS = [SimpleNamespace(id="a", size=1), SimpleNamespace(id="bb", size=22)]
COLUMNS = [Column("Id", lambda item: item.id), Column("Size", lambda item: str(item.size))]


def test_tables_in_a_pipe_are_columns(capsys):
    Output().rows(ITEMS, COLUMNS, key="id", total=5)
    printed = capsys.readouterr()
    assert printed.out == "ID  SIZE\na   1\nbb  22\n" and "2 of 5" in printed.err


def test_tables_on_a_terminal_keep_texts_as_they_are(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Output().rows([SimpleNamespace(id="[red]x", size=1)], COLUMNS, key="id")
    assert "[red]x" in capsys.readouterr().out


def test_json_and_quiet(capsys):
    Output("json").rows([{"id": "a"}], COLUMNS, key="id")
    assert json.loads(capsys.readouterr().out) == [{"id": "a"}]
    Output("quiet").rows(ITEMS, COLUMNS, key="id", total=5)
    assert capsys.readouterr() == ("a\nbb\n", "")


def test_records(capsys):
    for mode, expected in (("table", "Id     a\nState  done\n"), ("quiet", "a\n")):
        Output(mode).record({"id": "a"}, {"Id": "a", "State": "done"}, key="id")
        assert capsys.readouterr().out == expected
    Output("json").record({"id": "a"}, {}, key="id")
    assert json.loads(capsys.readouterr().out) == {"id": "a"}


def test_messages_are_for_people(capsys):
    for mode in ("table", "json", "quiet"):
        Output(mode).message("hello")
    assert capsys.readouterr().out == "hello\n"


def test_the_option(command):
    @output_option
    def show(output):
        click.echo(output.mode)

    command(show)
    assert invoke("jobs").output == "table\n"
    assert invoke("jobs", "--output", "json").output == "json\n"
    assert CliRunner(env={"QAT_OUTPUT": "quiet"}).invoke(cli.qat, ["jobs"]).output == "quiet\n"
    assert invoke("jobs", "--output", "xml").exit_code == ExitCode.USAGE
