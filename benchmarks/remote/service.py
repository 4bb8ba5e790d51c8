"""An embedded server with TLS on: latency, throughput, lists, and a remote optimization beside a local one.

    python -m benchmarks.remote.service [--jobs 300] [--clients 8] [--seconds 10] [--stored 100000]

Everything runs on this machine: the server, its runners and the clients share its cores.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.remote.server import Http, Server
from benchmarks.remote.store import some_job
from benchmarks.remote.submissions import COBYLA, bell_job, search_job, submission, variational_submission
from qat.comm.access.messages import FINAL_STATES, JobPage
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg
from qhpc.access.store.factory import store_at
from qhpc.access.store.sql.job_rows import add_job

_WARM_UP = 30
_FILLED_AT_ONCE, _FILLED_DAYS = 2000, 7
LISTS = {
    "all": "owner=*",
    "one user": "owner=ada",
    "one user, done": "owner=ada&state=done",
    "one user, rare tag": "owner=ada&tag=rare",
    "one user, common tag": "owner=ada&tag=common",
}
_START_S = 60.0


def one_job(http: Http, body: bytes) -> bytes:
    """Submit a job and wait for its result: two requests."""
    job = http.accepted(body).id
    reply = http("GET", f"/v1/jobs/{job}/result?wait_s=60")
    if reply.status != 200:
        raise RuntimeError(f"job {job}: {reply.status} {reply.body[:300]!r}")
    return reply.body


def timed(action: Callable[[], object], nb_calls: int) -> np.ndarray:
    """Milliseconds of each call, shape ``(nb_calls,)``."""
    taken = np.empty(nb_calls)
    for call in range(nb_calls):
        began_s = time.perf_counter()
        action()
        taken[call] = 1000 * (time.perf_counter() - began_s)
    return taken


def spread(taken_ms: np.ndarray) -> str:
    """Median and tail."""
    return f"median {np.median(taken_ms):.1f} ms, p99 {np.percentile(taken_ms, 99):.1f} ms"


def processor_ms(server: Server) -> float:
    """Processor time of the server and all its processes so far."""
    ticks = 0
    for pid in (server.pid, *children(server.pid)):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    ]


def latency(server: Server, nb_jobs: int) -> str:
    """From submission to result, one job after the other."""
    http, body = server.client(), submission(bell_job(4))
    timed(lambda: one_job(http, body), _WARM_UP)
    before = processor_ms(server)
    taken = timed(lambda: one_job(http, body), nb_jobs)
    return f"{spread(taken)}; {(processor_ms(server) - before) / nb_jobs:.1f} ms of processor time a job in the server"


def throughput(server: Server, nb_clients: int, seconds: float) -> str:
    """Jobs a second of several client processes, which begin together when all of them have started."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(nb_clients)
    with context.Pool(nb_clients, _begin_at, (barrier,)) as pool:
        before = processor_ms(server)
        arguments = [(server.url, server.certificate, server.token, seconds)] * nb_clients
        counts, clients_ms = zip(*pool.starmap(_send_for, arguments, chunksize=1), strict=True)
    nb_jobs, server_ms = sum(counts), processor_ms(server) - before
    return (
        f"{nb_jobs / seconds:.0f} jobs/s; processor time a job: "
        f"server with clerk and runners {server_ms / nb_jobs:.2f} ms, clients {sum(clients_ms) / nb_jobs:.2f} ms"
    )


_barriers: list[Any] = []
"""Of a client process: where it waits for the others."""


def _begin_at(barrier: Any) -> None:
    _barriers.append(barrier)


def _send_for(url: str, certificate: str, token: str, seconds: float) -> tuple[int, float]:
    """How many jobs a client sent, and its milliseconds of processor time."""
    http, body = Http(url, certificate, token), submission(bell_job(4))
    one_job(http, body)
    _barriers[0].wait(_START_S)
    end_s, begin_cpu_s, count = time.perf_counter() + seconds, time.process_time(), 0
    while time.perf_counter() < end_s:
        one_job(http, body)
        count += 1
    return count, 1000 * (time.process_time() - begin_cpu_s)


def optimization(server: Server, nb_rounds: int = 5) -> str:
    """500 evaluations of COBYLA, remotely and locally, in turns."""
    http, body = server.client(), variational_submission(500)
    stack = ScipyMinimizePlugin(**COBYLA | {"options": {"maxiter": 500}}) | LinAlg()
    one_job(http, body)
    stack.submit(search_job())
    remote, local = [], []
    for _ in range(nb_rounds):
        remote += list(timed(lambda: one_job(http, body), 1))
        local += list(timed(lambda: stack.submit(search_job()), 1))
    return f"remote {np.median(remote):.1f} ms, local {np.median(local):.1f} ms"


def listing(folder: Path, nb_stored: int) -> str:
    """Parts of 50 among many stored jobs, each with its total: one user's newest, and those that are hard to find."""
    server = Server(folder, ("--workers", "1"))
    server.directory.mkdir(parents=True)
    asyncio.run(_fill(server, nb_stored))
    http = server.start().client()
    rows = []
    for name, query in LISTS.items():
        reply = http("GET", f"/v1/jobs?{query}&limit=50")
        assert reply.status == 200, reply.body
        total = msgspec.json.decode(reply.body, type=JobPage).total
        taken = timed(lambda query=query: http("GET", f"/v1/jobs?{query}&limit=50"), 50)
        rows.append(f"  {name:20} {spread(taken)}; total {total}")
    server.stop()
    return "\n".join(["", *rows])


async def _fill(server: Server, nb_stored: int) -> None:
    """Put jobs that have ended into the store of a server that is to be started, many in a transaction."""
    store: Any = store_at(server.database, directory=server.directory / "files")
    await store.open()
    for first in range(0, nb_stored, _FILLED_AT_ONCE):
        await store._database.run(_fill_part, range(first, min(first + _FILLED_AT_ONCE, nb_stored)))
    await store.close()


def _fill_part(connection: Any, numbers: range) -> None:
    """Jobs that have ended, one a second until now."""
    began_s = time.time() - _FILLED_DAYS * 86400
    for number in numbers:
        job = some_job(number)
        state = job.state if job.state in FINAL_STATES else "done"
        created_s = began_s + number
        job = replace(job, state=state, created_s=created_s, ended_s=created_s, expires_s=created_s + 30 * 86400)
        add_job(connection, job, b"x" * 1500)


def main() -> None:
    """Run all, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--stored", type=int, default=100_000)
    arguments = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="openqat-benchmark-") as folder:
        server = Server(Path(folder) / "a", ("--workers", "2")).start()
        print("one job:", latency(server, arguments.jobs), flush=True)
        print(f"{arguments.clients} clients:", throughput(server, arguments.clients, arguments.seconds), flush=True)
        print("500 evaluations of COBYLA:", optimization(server), flush=True)
        server.stop()
        if arguments.stored:
            print(f"50 of {arguments.stored} jobs:", listing(Path(folder) / "b", arguments.stored), flush=True)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
