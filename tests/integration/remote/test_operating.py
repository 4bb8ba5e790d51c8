"""The guide for operators: its files are written and its commands run in order, against real servers."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.remote.server import Server
from tests.acceptance.pages import ROOT
from tests.unit.qhpc.access.store.postgresql_server import missing, postgresql_server

UNIT = ROOT / "packaging" / "systemd" / "openqat.service"
PAGE = ROOT / "docs" / "operating.md"
_SECTION = re.compile(r"^## (.*?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (/\S+)\n\n")
_FOLDERS = ("/etc/openqat", "/etc/nginx", "/etc/prometheus", "/var/lib/openqat", "/var/backups/openqat", "/run/openqat",
            "/opt/openqat")  # fmt: skip
_NGINX = """
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    include {folder}/etc/nginx/conf.d/*.conf;
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as link:
        return link.getsockname()[1]


class Machine:
    """A machine of which only some folders, addresses and programs are ours."""

    def __init__(self, folder, database):
        self.folder, self.port = folder, str(free_port())
        proxy_port = str(free_port())
        self.names = {path: f"{folder}{path}" for path in _FOLDERS} | {
            "https://qlm.example.org/": f"https://localhost:{proxy_port}/",
            "listen 443 ssl": f"listen {proxy_port} ssl",
            "qlm.example.org": "localhost",
            "8443": self.port,
            "postgresql://postgres@db.example.org/postgres": database,
            "postgresql://openqat@db.example.org/openqat": database.replace("tests@/postgres", "openqat@/openqat"),
        }
        self.environment = Server(folder / "home").client_environment
        del self.environment["QLMAAS_DIR"]
        self.environment["PATH"] = f"{folder}/bin:{self.environment['PATH']}"
        for name in ("bin", "home", "etc/openqat", "etc/systemd", "run/openqat", "etc/nginx"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.program("qat", f'{sys.executable} -m openqat "$@"')
        self.program("python", f'{sys.executable} "$@"')
        self.program("systemctl", f'{sys.executable} {Path(__file__).with_name("systemctl.py")} {folder} "$@"')
        nginx = shutil.which("nginx")
        self.program("nginx", f'{nginx} -q -p {folder} -c {folder}/nginx.conf -e {folder}/nginx.log "$@"')
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, user=user))
        unit = self.ours(UNIT.read_text(encoding="utf-8")).replace(f"{folder}/opt/openqat/bin/qat", f"{folder}/bin/qat")
        (folder / "etc/systemd/openqat.service").write_text(unit)

    def program(self, name, command):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\nexec {command}\n")
        path.chmod(0o755)

    def ours(self, text):
        """A text of the page for this machine."""
        for theirs, our in self.names.items():
            text = text.replace(theirs, our)
        return text

    def do(self, language, text):
        """Write a file that the page shows, or run its commands."""
        text = self.ours(text)
        if language == "sh":
            return self.shell(text)
        path = Path(_FILE.match(text)[1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return ""

    def shell(self, code):
        with (self.folder / "output").open("w+b") as output:  # a server that is left running keeps no pipe open
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", code], stdout=output, stderr=output, env=self.environment,
                cwd=self.folder / "home", timeout=200, check=False,
            )  # fmt: skip
            output.seek(0)
            text = output.read().decode()
        assert done.returncode == 0, f"{code}\n{text}\n{self.log()}"
        return text

    def log(self):
        path = self.folder / "server.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def end(self):
        if (self.folder / "pid").exists():
            self.shell("systemctl kill --signal=KILL openqat")
        if (self.folder / "nginx.pid").exists():
            self.shell("nginx -s stop")


@pytest.fixture
def machine(tmp_path):
    reason = missing() or (None if shutil.which("nginx") else "nginx is not installed: apt-get install nginx-light")
    if reason is not None:
        pytest.skip(reason)
    with postgresql_server() as database:
        made = Machine(tmp_path, database)
        try:
            yield made
        finally:
            made.end()


@pytest.mark.timeout(600)
def test_the_guide_for_operators(machine):
    printed = {}
    for title, text in _SECTION.findall(PAGE.read_text(encoding="utf-8")):
        blocks = [block for block in _BLOCK.findall(text) if block[0] != "console"]
        printed[title] = "".join(machine.do(*block) for block in blocks)
    assert "ada" in printed["Users and tokens"] and "revoked 1 tokens" in printed["Users and tokens"]
    assert '{"status":"ok"}' in printed["Health, metrics, logs"]
    assert '"api":1' in printed["A reverse proxy in front"]
    assert "removed 0 files" in printed["What is kept, and how long"]
    assert "first" in printed["Backup and restore"]
    scraped = yaml.safe_load((machine.folder / "etc/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert scraped["scrape_configs"][0]["static_configs"] == [{"targets": [f"localhost:{machine.port}"]}]
    requests = [entry for entry in map(json.loads, lines_of(machine.log())) if entry["message"] == "request"]
    assert {entry["client"] for entry in requests if entry["path"].endswith("/v1/version")} == {"127.0.0.1"}
    secrets = ["correct horse", (machine.folder / "etc/openqat/robot.token").read_text().strip()]
    assert not any(secret in machine.log() for secret in secrets)


def lines_of(log):
    return [line for line in log.splitlines() if line.startswith("{")]


def test_the_page_shows_nothing_that_is_not_tried():
    languages = {language for language, _ in _BLOCK.findall(PAGE.read_text(encoding="utf-8"))}
    assert languages == {"console", "sh", "toml", "python", "yaml", "nginx"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_of_systemd(tmp_path):
    unit = tmp_path / "openqat.service"
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/openqat/bin/qat", "/bin/true"))
    for command in (["verify"], ["security", "--offline=true", "--threshold=25"]):
        done = subprocess.run(
            ["systemd-analyze", *command, str(unit)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
