"""Many open connections to one server: does it live, what do they cost, and does a job still get its turn?

    python -m benchmarks.remote.connections [--connections 10000] [--jobs 30]

All are TLS. One half has been answered once and stays open; the other half has begun a request and does not end it, as
slow clients do, until the server cuts them off.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.remote.server import Server
from benchmarks.remote.service import one_job, spread, timed
from benchmarks.remote.submissions import bell_job, submission
from qat.qlmaas.http1 import AnswerParser
from qat.qlmaas.links import is_quiet

_SPARE_FILES = 200
_REQUEST = b"GET /v1/version HTTP/1.1\r\nHost: localhost\r\n"
_SLOW_S = 150
_ENVIRONMENT = {"QHPC_IDLE_TIMEOUT_S": "1200", "QHPC_HEADER_TIMEOUT_S": str(_SLOW_S)}


def memory_mib(server: Server) -> float:
    """Memory of the server process."""
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def slow(server: Server, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A connection with a request that does not end."""
    plain = socket.create_connection(("127.0.0.1", server.ready["port"]), 60)
    link = context.wrap_socket(plain, server_hostname="localhost")
    link.sendall(_REQUEST)
    return link


def answered(server: Server, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A connection that has been answered once."""
    link = slow(server, context)
    link.sendall(b"\r\n")
    parser = AnswerParser()
    while not parser.is_complete:
        data = link.recv(4096)
        parser.feed(data) if data else parser.end()
    assert parser.head is not None and parser.head.status == 200
    return link


def nb_open(links: list[ssl.SSLSocket]) -> int:
    """How many of them the server has kept."""
    return sum(map(is_quiet, links))


def measured(server: Server, nb_connections: int, nb_jobs: int) -> dict[str, str]:
    """The rows of the table."""
    http, body = server.client(), submission(bell_job(4))
    context = ssl.create_default_context(cafile=server.certificate)

    def jobs() -> np.ndarray:
        return timed(lambda: one_job(http, body), nb_jobs)

    rows = {"one job, nobody else connected": spread(jobs()[nb_jobs // 3 :])}
    before_mib, began_s = memory_mib(server), time.perf_counter()
    quiet = [answered(server, context) for _ in range(nb_connections // 2)]
    endless = [slow(server, context) for _ in range(nb_connections // 2)]
    links, opened_s = quiet + endless, time.perf_counter() - began_s
    rows["connections"] = f"{len(quiet)} answered once, {len(endless)} in the middle of a request; {opened_s:.0f} s"
    rows["one job beside them"] = spread(jobs())
    rows["… still open afterwards"] = f"{nb_open(quiet)} and {nb_open(endless)}"
    used_mib = memory_mib(server) - before_mib
    rows["memory of the server"] = f"{before_mib:.0f} MiB before, {used_mib * 1024 / len(links):.0f} KiB a connection"
    deadline = time.monotonic() + 2 * _SLOW_S
    while nb_open(endless) and time.monotonic() < deadline:
        time.sleep(1)
    rows["open when the time of slow ones is over"] = f"{nb_open(quiet)} and {nb_open(endless)}"
    for link in links:
        link.close()
    rows["one job after all have gone"] = spread(jobs())
    return rows


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=30)
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < arguments.connections + _SPARE_FILES:
        sys.exit(f"this process may open {hard} files; raise the limit (ulimit -Hn), or give fewer --connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="openqat-connections-") as folder:
        environment = _ENVIRONMENT | {"QHPC_MAX_CONNECTIONS": str(arguments.connections + _SPARE_FILES)}
        server = Server(Path(folder), ("--workers", "2"), environment).start()
        rows = measured(server, arguments.connections, arguments.jobs)
        status = server.stop()
    print(f"load {load:.1f} to {os.getloadavg()[0]:.1f}\n| | |\n|---|---|")
    for name, text in rows.items():
        print(f"| {name} | {text} |")
    print(f"| exit status of the server at its end | {status} |")


if __name__ == "__main__":
    main()
