"""From submission to result through an access server and Slurm, on a private cluster of this machine.

python -m benchmarks.live.slurm [--jobs 20]

A small simulation is submitted again and again over HTTPS, each after the result of the one before: with an allocation
of its own, and by a warm runner. Times are wall times until the client has been told that the job is done, so that they
bound the time to the first line of the user's stack from above.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.remote.server import Server
from benchmarks.remote.submissions import submission
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.private_cluster import PrivateCluster

WAYS = {"an allocation for each job": 0.0, "a warm runner": 60.0}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20)
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="slurm", dir="/tmp"))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with PrivateCluster(directory / "cluster", ClusterShape()) as cluster:
        for name, warm_idle_s in WAYS.items():
            times = sorted(measured(cluster, directory / f"home{warm_idle_s:g}", warm_idle_s, arguments.jobs))
            p90 = times[int(0.9 * (len(times) - 1))]
            print(f"{name}: median {1000 * statistics.median(times):.0f} ms, p90 {1000 * p90:.0f} ms, n = {len(times)}")
    shutil.rmtree(directory)


def measured(cluster: PrivateCluster, home: Path, warm_idle_s: float, number: int) -> list[float]:
    """Seconds of each job; the first ones, until a runner is warm, are left out."""
    slurm = {"conf": str(cluster.configuration), "warm_idle_s": warm_idle_s, "default_memory_bytes": 500 << 20}
    server = Server(home, environment={"QHPC_LAUNCHER": "slurm", "QHPC_SLURM": json.dumps(slurm)}).start()
    try:
        client = server.client()
        if warm_idle_s:
            once(client)
            while not list((server.directory / "spool").glob("warm-*/ready")):
                time.sleep(0.05)
        return [once(client) for _ in range(number)]
    finally:
        server.stop()


def once(client) -> float:
    """Seconds of one job."""
    begin_s = time.perf_counter()
    job = client.accepted(submission())
    while job.state not in ("done", "failed"):
        job = client.job(job.id, wait_s=60)
    assert job.state == "done", job.failure
    return time.perf_counter() - begin_s


if __name__ == "__main__":
    main()
