"""The page on drivers: its tables are up to date, its settings are accepted, its command starts a driver."""

import os
import re
import runpy
import subprocess
import sys
import time

import pytest

from qhpc.broker.drivers import messages as say
from qhpc.broker.settings import settings_in
from tests.acceptance.pages import ROOT
from tests.unit.qhpc.broker.drivers.brokers import DEADLINE_S, Broker, bell, result_in

TEXT = (ROOT / "docs" / "drivers.md").read_text(encoding="utf-8")


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    return found


def test_tables_are_up_to_date():
    page = runpy.run_path(str(ROOT / "docs" / "make_drivers.py"))["page"]
    assert page(TEXT) == TEXT, "run python docs/make_drivers.py"
    assert "| `speedup` | `1` |" in TEXT
    assert "| `neutral-atoms` | 1.2 |" in TEXT


def test_settings_are_accepted():
    settings = settings_in(f'directory = "/var/lib/openqat/broker"\n{block("toml")}', "broker.toml")
    assert settings.qpus["fresnel-1"].options["speedup"] == 60.0


@pytest.fixture
def started(tmp_path):
    (tmp_path / "fresnel-1.json").write_text(block("json"))
    command = f"exec {block('sh').replace('python ', f'{sys.executable} ')}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    driver = subprocess.Popen(command, shell=True, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    end_s = time.monotonic() + DEADLINE_S
    while not (tmp_path / "fresnel-1.sock").exists():
        assert driver.poll() is None
        assert time.monotonic() < end_s
        time.sleep(0.01)
    yield driver, Broker(tmp_path / "fresnel-1.sock")
    driver.kill()
    driver.wait(DEADLINE_S)


def test_the_command_starts_a_driver(started):
    driver, broker = started
    assert broker.attach().qpu == "fresnel-1"
    end = broker.run("k", 1, 10, bell(nbshots=100))
    assert result_in(end).meta_data["nbshots"] == "10"
    assert end.busy_s > 10 * 1.2 / 60, "it takes the time of neutral atoms"
    broker.say(say.AcknowledgeSlice("k", 1), say.Quit())
    assert driver.wait(DEADLINE_S) == 0
    broker.close()
