"""``qat slurm duty``: what is printed of the accounts, and what is said when there are none."""

import json

import pytest
from click.testing import CliRunner

from openqat.cli import qat
from qhpc.broker.usage import UsageBook
from qhpc.broker.usage_rows import SessionRow

SETTINGS = 'directory = "{place}"\n[pools.p]\nqpus = ["q"]\n[qpus.q]\ndriver = "emulated"\n'


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "broker.toml"
    path.write_text(SETTINGS.format(place=tmp_path), encoding="utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(qat, ["slurm", "duty", *map(str, arguments)])


def test_users_and_what_they_need(settings):
    book = UsageBook(settings.parent / "usage.db")
    book.add(
        [
            SessionRow(f"ada:{number}", 0.0, "ada", "", None, "p", 0.1, 100.0, 40.0, 0.0, 0.0, "ended", "vqe")
            for number in range(3)
        ]
    )
    book.close()
    assert run(settings).output.splitlines()[1].split() == ["ada", "p", "vqe", "3", "108", "408", "more"]
    [ada] = json.loads(run(settings, "--output", "json").output)
    assert (ada["admitted"], ada["needed"]) == (108, 408)
    assert "ada" not in run(settings, "--since", "1d").output


def test_what_cannot_be_read_is_said(settings):
    assert "the accounts of the broker cannot be read" in run(settings).output
    assert run(settings, "--since", "whenever").exit_code == 2
    settings.write_text("directory = 1\n", encoding="utf-8")
    assert run(settings).exit_code == 1
