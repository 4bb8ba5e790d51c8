"""What importing the client costs, beside what it is made of.

    python -m benchmarks.remote.imports [--rounds 15]

Each figure is of a fresh interpreter. ``qlmaas`` connects when it is imported, here to a stand-in on this machine which
answers with the real catalogue at once, so that the figure is the client's own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

import msgspec

from qat.comm.access.messages import UserView

PROGRAMS = {
    "an empty program": "pass",
    "import numpy": "import numpy",
    "import socket, ssl": "import socket, ssl",
    "from qat.qlmaas import QLMaaSConnection": "from qat.qlmaas import QLMaaSConnection",
    "from qlmaas.qpus import LinAlg (connects)": "from qlmaas.qpus import LinAlg",
}
TIMED = """
import time
begin, cpu = time.perf_counter(), time.process_time()
{program}
print(1e3 * (time.perf_counter() - begin), 1e3 * (time.process_time() - cpu))
"""


class StandIn(BaseHTTPRequestHandler):
    """Answers what a client asks when it connects."""

    protocol_version = "HTTP/1.1"
    answers: dict[str, bytes] = {}  # noqa: RUF012

    def do_GET(self) -> None:
        """Answer."""
        body = self.answers[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def catalogue() -> bytes:
    """The catalogue of a real server."""
    from qhpc.access.rebuild.table import ServiceTable
    from qhpc.access.rebuild.views import view_of

    return msgspec.json.encode([view_of(*entry) for entry in ServiceTable()])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    StandIn.answers = {"/v1/me": msgspec.json.encode(UserView(name="me")), "/v1/services": catalogue()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    environment = {**os.environ, "QLMAAS_HOSTNAME": url, "QLMAAS_TOKEN": "x", "QLMAAS_DIR": "/nonexistent"}
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, program in PROGRAMS.items():
            figures[name].append(measured(TIMED.format(program=program), environment))
    for name, pairs in figures.items():
        wall, cpu = (median(column) for column in zip(*pairs, strict=True))
        print(f"{name:45} {wall:7.1f} ms   CPU {cpu:7.1f} ms")
    server.shutdown()


def measured(program: str, environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU time of a program in milliseconds."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=Path.cwd())
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)


if __name__ == "__main__":
    main()
