"""docs/cluster.md: its files are written and its commands run in order, against a real Slurm."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from signal import SIGKILL

import pytest

from benchmarks.remote.server import Server
from openqat.server_settings import settings_of
from qhpc.broker.driving import pid_of
from qhpc.embedded.broker_process import BrokerProcess
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.private_cluster import PrivateCluster
from qhpc.slurm.site import Pool, license_units
from tests.acceptance.pages import ROOT
from tests.integration.broker.harness import PATHS

from .conftest import new_directory

UNIT = ROOT / "packaging" / "systemd" / "openqat-broker.service"
TEXT = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"\A(?:#!/bin/bash\n)?# (\S+)\n")


class Machine:
    """A machine of which only some folders and programs are ours, beside a private Slurm."""

    def __init__(self, folder):
        self.folder, self.broker = folder, None
        units = license_units(Pool(name="fresnel"))
        settings = {"JobSubmitPlugins": "", "MinJobAge": "3600"}
        self.cluster = PrivateCluster(folder, ClusterShape(licenses={"qpu_fresnel": units}, settings=settings))
        for name in ("bin", "home", "etc/openqat", "var/lib"):
            (folder / name).mkdir(parents=True)
        for name, command in {"qat": "python -m openqat", "python": sys.executable}.items():
            path = folder / "bin" / name
            path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
            path.chmod(0o755)
        self.environment = {
            **os.environ,
            **self.cluster.environment,
            "PATH": f"{folder}/bin:{self.cluster.environment['PATH']}",
            "PYTHONPATH": PATHS,
            "OMP_NUM_THREADS": "1",
            "QAT_BROKER_SETTINGS": f"{folder}/etc/openqat/broker.toml",
        }

    def do(self, section):
        """Write the files of a section and run its commands; gives what they print."""
        blocks = _BLOCK.findall(SECTIONS[section])
        return "".join(self._do(*block) for block in blocks if block[0] != "console")

    def _do(self, language, text):
        for place in ("/etc/openqat", "/var/lib/openqat"):
            text = text.replace(place, f"{self.folder}{place}")
        if language == "sh":
            return self._shell(text)
        path = self.folder / "home" / _FILE.match(text)[1]
        path.write_text(text, encoding="utf-8")
        return ""

    def _shell(self, code):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=self.environment, cwd=self.folder / "home", timeout=200, check=False,
        )  # fmt: skip
        outputs = "".join(path.read_text() for path in sorted((self.folder / "home").glob("*.out")))
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{outputs}"
        return done.stdout

    def start_broker(self):
        """As systemd would."""
        broker = BrokerProcess(self.folder / "etc/openqat/qpus.toml", self.folder / "broker.log", self.environment)
        self.broker = broker.__enter__()
        broker.wait_until_ready()

    def end(self):
        if self.broker is not None:
            self.broker.__exit__()
        pid = pid_of(self.folder / "var/lib/openqat-broker/drivers/fresnel-1.sock")
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)


@pytest.fixture
def machine():
    folder = new_directory()
    machine = Machine(folder)
    try:
        with machine.cluster:
            yield machine
            machine.end()
    finally:
        shutil.rmtree(folder)


@pytest.mark.timeout(600)
def test_the_page_for_centres(machine):
    assert "fresnel-1; shortest-in-share" in machine.do("The broker")
    machine.start_broker()
    told = machine.do("Slurm")
    assert "Licenses=qpu_fresnel:1103" in told.splitlines()
    assert re.search(r"licence qpu_fresnel +ok +1103 units", told)
    told = machine.do("Batch jobs")
    assert re.search(r"energy -[01]\.\d", told)
    assert re.search(r"^qat run: fresnel-1: \d+ tasks, \d+\.\d s of QPU, \d+\.\d s waiting$", told, re.MULTILINE)
    assert "submit it with --licenses=qpu_fresnel:250 (1000 units are a whole QPU)" in told
    told = machine.do("Arrays")
    assert told.count("energy -") == told.count("qat run: fresnel-1: ") == 2
    told = machine.do("Heterogeneous jobs")
    assert "energy -" in told and "qat run: fresnel-1: " in told and os.uname().nodename in told
    told = machine.do("Why a job waits")
    assert "PENDING JobHeldUser" in told
    assert "its owner holds it" in told and "1103 units of 'fresnel' are handed out" in told
    told = machine.do("What jobs ask for")
    assert re.search(r"^openqat-duties 1 \w+$", told, re.MULTILINE)
    assert "duty_table = " in (machine.folder / "home" / "job_submit.lua").read_text()
    used = machine.do("What was used")
    assert len(re.findall(r"^\d+ +\d+ +\d+ ", used, re.MULTILINE)) == 4 and '"nb_sessions": 4' in used
    assert re.search(r"^POOL .*\nfresnel +\d+ ", used, re.MULTILINE)
    assert machine.do("The access server") == ""
    settings = settings_of(machine.folder / "etc/openqat/server.toml")
    assert settings.launcher == "slurm" and settings.slurm.pools["fresnel"].units == 250
    assert settings_of(machine.folder / "etc/openqat/elsewhere.toml").slurm.rest.address.startswith("https://")


@pytest.mark.timeout(600)
def test_four_jobs_on_one_machine():
    """``qat up --slurm``, and the program of the page."""
    folder = new_directory()
    try:
        [(_, program)] = [block for block in _BLOCK.findall(SECTIONS["On one machine"]) if block[0] == "python"]
        server = Server(folder / "server", ("--slurm",), with_broker=True).start()
        done = subprocess.run(
            [sys.executable, "-c", program], env=server.client_environment, cwd=server.home, capture_output=True,
            text=True, timeout=300, check=False,
        )  # fmt: skip
        assert server.stop() == 0
        assert done.stdout == "[-1.0, -1.0, -1.0, -1.0]\n", done.stderr + server.log.read_text()
    finally:
        shutil.rmtree(folder)


def test_the_page_shows_nothing_that_is_not_tried():
    assert {language for language, _ in _BLOCK.findall(TEXT)} == {"console", "sh", "toml", "python", "bash"}
    assert UNIT.name in TEXT and "qat broker run /etc/openqat/qpus.toml" in UNIT.read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_of_systemd(tmp_path):
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/opt/openqat/bin/qat", "/bin/true")
    unit.write_text(text.replace("User=slurm", "User=nobody").replace("Group=slurm", "Group=nogroup"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
