"""A real server as users start it: ``qat up`` in a directory of its own, on a free port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from configparser import ConfigParser
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from qat.comm.access.messages import JobView, Problem
from qat.qlmaas.configuration import Configuration
from qat.qlmaas.transport import HttpTransport, Response

ROOT = Path(__file__).parents[2]
SUBMISSION = "application/vnd.openqat.submission+msgpack"
_START_S, _STOP_S = 60.0, 30.0


@dataclass
class Server:
    """A server process.

    Attributes:
        home: what the server and its clients take as the home directory.
        options: of ``qat up``.
        environment: more of it.
        with_broker: whether it has QPUs that jobs share.
    """

    home: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    with_broker: bool = False
    process: subprocess.Popen | None = None
    ready: dict = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """Where the server keeps its things."""
        return self.home / "server"

    @property
    def log(self) -> Path:
        """What it and its runners write."""
        return self.home / "server.log"

    @property
    def client_environment(self) -> dict[str, str]:
        """For programs that use the server."""
        paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
        names = ("PATH", "LANG", "TMPDIR", "VIRTUAL_ENV")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        return kept | {
            "HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "QLMAAS_DIR": str(self.directory / "client"),
        }

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.ready['port']}"

    @property
    def certificate(self) -> str:
        """Whom clients trust."""
        return self.ready["certificate"]

    @property
    def token(self) -> str:
        """The token that it made for programs of its user."""
        parser = ConfigParser(interpolation=None)
        parser.read(self.directory / "client" / "config.ini")
        return parser["Server"]["token"]

    @property
    def database(self) -> str:
        """The address of its store."""
        return f"sqlite:///{self.directory / 'openqat.db'}"

    @property
    def pid(self) -> int:
        """Of its process."""
        return int(self.ready["pid"])

    def command(self, *options: str) -> list[str]:
        """How it is started."""
        return [sys.executable, "-m", "openqat", "up", "--directory", str(self.directory), *options]

    def start(self, port: int | None = None, *, process_group: int | None = None) -> Server:
        """Start it, and wait until it takes requests; ``process_group`` 0 is a group of its own, as in a terminal."""
        self.home.mkdir(parents=True, exist_ok=True)
        told = self.home / "ready"
        told.unlink(missing_ok=True)
        port = port or self.ready.get("port", 0)
        command = self.command("--port", str(port), "--ready-file", str(told), *self.options)
        command += [] if self.with_broker else ["--no-broker"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=self.client_environment | self.environment,
                stdout=log,
                stderr=log,
                cwd=self.home,
                process_group=process_group,
            )
        self._wait_until(told.exists)
        self.ready = json.loads(told.read_text(encoding="utf-8"))
        return self

    def _wait_until(self, is_so) -> None:
        deadline = time.monotonic() + _START_S
        while not is_so():
            assert self.process is not None and self.process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, f"not ready: {self.log.read_text(encoding='utf-8')}"
            time.sleep(0.01)

    def stop(self) -> int:
        """Stop it as Ctrl-C does; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(_STOP_S)

    def kill(self) -> None:
        """``kill -9``."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(_STOP_S)

    def client(self, token: str | None = None) -> Http:
        """A client of it; by default with the token of its user."""
        return Http(self.url, self.certificate, self.token if token is None else token)


class Http:
    """Plain requests, for what no client of ours would send."""

    def __init__(self, url: str, certificate: str, token: str) -> None:
        self.token = token
        self._transport = HttpTransport(Configuration(hostname=url, certificate=certificate))

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Response:
        """The answer to a request."""
        headers = {name.replace("_", "-"): text for name, text in headers.items()}
        own = {"Authorization": f"Bearer {self.token}"}
        return self._transport.request(method, path, headers=own | headers, body=body, timeout_s=60.0)

    def submit(self, body: bytes, key: str | None = None) -> Response:
        """The answer to a submission."""
        headers = {} if key is None else {"Idempotency_Key": key}
        return self("POST", "/v1/jobs", body, Content_Type=SUBMISSION, **headers)

    def accepted(self, body: bytes, key: str | None = None) -> JobView:
        """The job of a submission, which has to be accepted."""
        reply = self.submit(body, key)
        assert reply.status in (200, 201), reply.body
        return msgspec.json.decode(reply.body, type=JobView)

    def job(self, job_id: str, wait_s: float = 0.0) -> JobView:
        """A job, at its end or after ``wait_s``."""
        return msgspec.json.decode(self("GET", f"/v1/jobs/{job_id}?wait_s={wait_s}").body, type=JobView)

    def problem(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Problem:
        """The problem that a request has to be answered with."""
        reply = self(method, path, body, **headers)
        assert reply.headers["content-type"] == "application/problem+json", reply.body
        return msgspec.json.decode(reply.body, type=Problem)
