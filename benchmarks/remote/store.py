"""The store of an access server: time of each operation of a job's life, and of lists among many jobs.

    python -m benchmarks.remote.store           # SQLite in a new directory
    python -m benchmarks.remote.store URL       # e.g. postgresql://user@host/name, empty

Lists are of 50 jobs with their total, first part and one from the middle; three quarters of the jobs are one user's,
half of all carry the tag "common", one in a hundred "rare". Figures are medians and 99th percentiles in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from qat.comm.access.messages import Estimate, Progress
from qhpc.access.jobs.ids import new_id
from qhpc.access.jobs.life_cycle import Launched, Progressed, Started
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.factory import store_at
from qhpc.access.store.protocol import JobFilter, Store
from qhpc.access.store.sql.job_rows import add_job

STATES = ("done",) * 90 + ("failed",) * 5 + ("cancelled",) * 3 + ("waiting", "running")
FILTERS = {
    "all (operator)": JobFilter(),
    "one user": JobFilter(owner="ada"),
    "user, done": JobFilter(owner="ada", states=("done",)),
    "user, five states": JobFilter(owner="ada", states=("waiting", "pending", "running", "failed", "done")),
    "waiting (operator)": JobFilter(states=("waiting",)),
    "user, last tenth": JobFilter(owner="ada", created_after_s=90_000.0),
    "user, name": JobFilter(owner="ada", name="name 9"),
    "session": JobFilter(session_id="session 7"),
    "account (operator)": JobFilter(account="lab"),
    "user, rare tag": JobFilter(owner="ada", tags=("rare",)),
    "user, common tag": JobFilter(owner="ada", tags=("common",)),
    "user, common and rare tag": JobFilter(owner="ada", tags=("common", "rare")),
    "user, common tag, failed": JobFilter(owner="ada", tags=("common",), states=("failed",)),
    "user, common tag, done": JobFilter(owner="ada", tags=("common",), states=("done",)),
}


def some_job(number: int) -> JobRecord:
    """A job as users send them; ``number`` tells it from the others."""
    state = STATES[number % len(STATES)]
    return JobRecord(
        id=new_id(float(number), number),
        owner=("ada", "ada", "ada", f"user {number % 40}")[number % 4],
        account="lab",
        idempotency_key=f"key {number}",
        submission_sha256="0" * 64,
        submission_bytes=1500,
        state=state,
        stack="ScipyMinimizePlugin | LinAlg",
        created_s=float(number),
        expires_s=None if state in ("waiting", "running") else number + 1e6,
        estimate=Estimate(nb_jobs=1, nb_qubits=4, nb_shots=1000, memory_bytes=256),
        name=f"name {number % 1000}",
        tags=("common",) * (number % 2) + ("rare",) * (number % 100 == 9),
        session_id=f"session {number % 1000}",
    )


def fill(connection: Any, first: int, last: int) -> None:
    """Add jobs that are in all states."""
    for number in range(first, last):
        add_job(connection, some_job(number), b"x" * 1500)


async def life_of_a_job(store: Store, number: int, times_s: dict[str, list[float]]) -> None:
    """Everything that a job needs of the store."""
    job = JobRecord(id=new_id(1e6 + number), owner="bob", created_s=1e6 + number, idempotency_key=f"life {number}")

    async def timed(name: str, doing: Awaitable[Any]) -> None:
        start_s = time.perf_counter()
        await doing
        times_s.setdefault(name, []).append(time.perf_counter() - start_s)

    await timed("add", store.add(job, b"x" * 1500))
    await timed("launched", store.apply(job.id, Launched(time_s=1.0, launcher="local", handle=f"{job.id}.1")))
    await timed("started", store.apply(job.id, Started(time_s=2.0)))
    await timed("progressed", store.apply(job.id, Progressed(time_s=3.0, progress=Progress(iteration=1))))
    await timed("finish", store.finish(job.id, b"y" * 800, 4.0))
    await timed("result", store.result(job.id))
    await timed("get", store.get(job.id))


async def many_lives(store: Store, nb_at_once: int, nb_jobs: int) -> float:
    """Jobs a second when so many live at once."""
    start_s = time.perf_counter()
    for first in range(0, nb_jobs, nb_at_once):
        numbers = range(10**6 * nb_at_once + first, 10**6 * nb_at_once + first + nb_at_once)
        await asyncio.gather(*(life_of_a_job(store, number, {}) for number in numbers))
    return nb_jobs / (time.perf_counter() - start_s)


async def time_list(store: Store, which: JobFilter, nb_repeats: int) -> tuple[list[float], int]:
    """Times of the first part and of one from the middle, and the total."""
    times_s, total = [], 0
    for cursor in (None, "0x1.86a0000000000p+15:0"):
        for _ in range(nb_repeats):
            start_s = time.perf_counter()
            total = (await store.list(which, cursor=cursor)).total
            times_s.append(time.perf_counter() - start_s)
    return times_s, total


def told(name: str, times_s: list[float], note: str = "") -> None:
    """Print a line of figures."""
    median, high = 1000 * np.percentile(times_s, [50, 99])
    print(f"  {name:28} median {median:7.2f}   p99 {high:7.2f}   {note}")


async def measure(store: Store, nb_jobs: int, nb_repeats: int, run: Callable[..., Awaitable[None]]) -> None:
    """Fill the store and print all figures."""
    start_s = time.perf_counter()
    for first in range(0, nb_jobs, 1000):
        await run(fill, first, min(first + 1000, nb_jobs))
    print(f"{nb_jobs} jobs stored in {time.perf_counter() - start_s:.0f} s; lists of 50, ms:")
    for name, which in FILTERS.items():
        times_s, total = await time_list(store, which, nb_repeats)
        told(name, times_s, f"total {total}")
    times_s_by_name: dict[str, list[float]] = {}
    for number in range(20 * nb_repeats):
        await life_of_a_job(store, number, times_s_by_name)
    print("one job after the other, ms:")
    for name, times_s in times_s_by_name.items():
        told(name, times_s)
    for nb_at_once in (1, 8, 32):
        rate = await many_lives(store, nb_at_once, 32 * nb_repeats)
        print(f"{nb_at_once:3} jobs at once: {rate:6.0f} jobs/s through all steps")


async def main() -> None:
    """Measure the store at an address."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", help="address of an empty store")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as directory:
        store: Any = store_at(options.url or f"sqlite:///{directory}/jobs.sqlite", directory=Path(directory) / "files")
        await store.open()
        await measure(store, options.jobs, options.repeats, store._database.run)
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
