"""docs/broker.md: its tables are up to date, its settings and commands do what it says."""

import re
import runpy
import subprocess

from click.testing import CliRunner

from openqat.cli import qat
from qhpc.broker.settings import settings_in
from tests.acceptance.pages import ROOT
from tests.integration.broker.harness import BrokerProcess

TEXT = (ROOT / "docs" / "broker.md").read_text(encoding="utf-8")
SETTINGS = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)[1]
START, USE = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)


def test_its_tables_are_up_to_date():
    page = runpy.run_path(str(ROOT / "docs" / "make_broker.py"))["page"]
    assert page(TEXT) == TEXT, "run python docs/make_broker.py"


def test_its_settings_are_right(tmp_path):
    path = tmp_path / "broker.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    assert START.splitlines() == ["qat broker check broker.toml", "qat broker run broker.toml"]
    done = CliRunner().invoke(qat, ["broker", "check", str(path)])
    assert done.exit_code == 0 and "fresnel-1; shortest-in-share" in done.stdout
    assert settings_in(SETTINGS).unix_socket.as_posix() == "/tmp/my-broker/broker.sock"


def test_what_it_says_to_do_works(tmp_path, monkeypatch):
    directory = tmp_path / "b"
    broker = BrokerProcess(directory)
    broker.settings.write_text(SETTINGS.replace("/tmp/my-broker", str(directory)), encoding="utf-8")
    broker.qpu = "fresnel-1"
    try:
        broker.start()
        export, *program, status = USE.strip().splitlines()
        assert export == "export QAT_BROKER=unix:/tmp/my-broker/broker.sock" and status == "qat broker status"
        environment = {**broker.environment(), "QAT_BROKER": f"unix:{broker.socket}"}
        done = subprocess.run(
            ["sh", "-c", "\n".join(program)], env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0 and done.stdout.startswith("Result("), done.stderr
        monkeypatch.setenv("QAT_BROKER", f"unix:{broker.socket}")
        for options in ([], ["--tasks"], ["--sessions"], ["--output", "json"], ["--output", "quiet"]):
            shown = CliRunner().invoke(qat, ["broker", "status", *options])
            assert shown.exit_code == 0, shown.output
            assert "fresnel" in shown.stdout or options in (["--tasks"], ["--sessions"])
    finally:
        broker.close()
    gone = CliRunner().invoke(qat, ["broker", "status"])
    assert gone.exit_code == 3 and "cannot be reached" in gone.output
