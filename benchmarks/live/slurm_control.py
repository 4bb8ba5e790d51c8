"""What Slurm's commands cost, and the same over HTTP, on a private cluster of this machine.

python -m benchmarks.live.slurm_control [--jobs 500]

Jobs are submitted one after the other, all of them listed, one of them looked up, and cancelled: as a server does it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.commands import PLAIN_ENVIRONMENT, BatchJob
from qhpc.slurm.controller import Controller
from qhpc.slurm.job_control import CommandControl, JobControl
from qhpc.slurm.private_cluster import PrivateCluster
from qhpc.slurm.rest.control import RestControl
from qhpc.slurm.rest.link import RestAddress

REPEATS = 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="slurm", dir="/tmp"))
    directory.chmod(0o755)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; medians in ms, {arguments.jobs} jobs in the list")
    with PrivateCluster(directory, ClusterShape(nb_nodes=1, has_rest=True)) as cluster:
        for name, control in controls(cluster).items():
            times = asyncio.run(measured(control, directory, arguments.jobs))
            print(f"{name}: {', '.join(f'{what} {1000 * seconds:.1f}' for what, seconds in times.items())}")
            cluster.call("scancel", "--name=bench")
    shutil.rmtree(directory)


def controls(cluster: PrivateCluster) -> dict[str, JobControl]:
    """Both ways to the cluster."""
    token = cluster.directory / "token"
    token.touch(mode=0o600)
    token.write_text(cluster.call("scontrol", "token", "lifespan=3600"))
    return {
        "commands": CommandControl(Controller({"SLURM_CONF": str(cluster.configuration)})),
        "HTTP": RestControl(RestAddress(path=str(cluster.rest)), token),
    }


async def measured(control: JobControl, place: Path, nb_jobs: int) -> dict[str, float]:
    """Seconds of each thing that a server does, medians."""
    job = held_job(place)
    numbers: list[int] = []

    async def submit() -> None:
        numbers.append(await control.submit(job))

    times = {"submit": await median(submit, nb_jobs)}
    times["list all"] = await median(lambda: control.jobs("bench"), REPEATS)
    times["look up one"] = await median(lambda: control.job(numbers[0]), REPEATS)
    times["cancel"] = await median(lambda: control.cancel(numbers.pop()), REPEATS)
    return times


async def median(work: Callable[[], Awaitable[Any]], number: int) -> float:
    """Seconds that it takes."""
    times = []
    for _ in range(number):
        begin_s = time.perf_counter()
        await work()
        times.append(time.perf_counter() - begin_s)
    return statistics.median(times)


def held_job(place: Path) -> BatchJob:
    """A job that never starts: it asks for all the memory of a node that another one has."""
    (place / "script").write_text("#!/bin/sh\nexec sleep 600\n")
    (place / "environment").write_bytes(PLAIN_ENVIRONMENT)
    return BatchJob(
        script=place / "script", environment=place / "environment", directory=place, name="bench", comment="bench.1",
        stdout=Path("/dev/null"), stderr=Path("/dev/null"), memory_mb=7000,
    )  # fmt: skip


if __name__ == "__main__":
    main()
