"""Records what Slurm prints, from a private cluster, for the tests of the parsers.

PYTHONPATH=src:. python tests/unit/qhpc/slurm/record.py
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.commands import ping, show, squeue
from qhpc.slurm.private_cluster import PrivateCluster

FOLDER = Path(__file__).with_name("recorded")
MARKER = "m4rk"
JOBS = (
    "--comment='a|\nm|1|b' --wrap 'sleep 1'",
    "--comment=a.1 -L qpu_fresnel:250 --wrap 'sleep 30'",
    "--comment=a.2 -L qpu_fresnel:800 --wrap 'sleep 30'",
    "-A phys -N2 --wrap 'exit 3'",
    "-t 1 --array=1-3%1 --wrap 'sleep 30'",
    "--begin=now+1hour --wrap true",
    "--dependency=afterany:2 --wrap true",
)
REFUSED = {
    "license": "-L qpu_fresnel:1800 --wrap true",
    "memory": "--mem=90G --wrap true",
    "partition": "-p absent --wrap true",
}


def main():
    with (
        tempfile.TemporaryDirectory() as folder,
        PrivateCluster(Path(folder), ClusterShape(licenses={"qpu_fresnel": 1000})) as cluster,
    ):
        for options in JOBS:
            shell(cluster, f"sbatch --parsable -o /dev/null {options}")
        for name, options in REFUSED.items():
            keep(f"refused_{name}.txt", shell(cluster, f"sbatch {options}").stderr)
        cluster._wait(lambda: "FAILED" in cluster.call("squeue", "-t", "all", "-o", "%T"), "no job has failed")
        time.sleep(1.0)
        keep("squeue.txt", cluster.call(*squeue(MARKER)))
        keep("job.txt", cluster.call(*show("job", 2)))
        keep("licenses.txt", cluster.call(*show("licenses")))
        keep("partitions.txt", cluster.call(*show("partition")))
        keep("nodes.txt", cluster.call(*show("node")))
        keep("config.txt", cluster.call(*show("config")).replace(folder, "/private"))
        keep("ping.txt", cluster.call(*ping()))
        keep("unknown_job.txt", shell(cluster, "scontrol show job 777").stderr)
        keep("no_accounting.txt", shell(cluster, "sacct").stderr)
        os.kill(cluster.pid("slurmctld"), 9)
        keep("unreachable_sbatch.txt", shell(cluster, "sbatch --wrap true").stderr)
        keep("unreachable_squeue.txt", shell(cluster, "squeue").stderr)
        keep("unreachable_scancel.txt", shell(cluster, "scancel 3").stderr)
        cluster.start_daemon("slurmctld")


def shell(cluster, command):
    return subprocess.run(command, shell=True, env=cluster.environment, capture_output=True, text=True, cwd="/tmp")


def keep(name, text):
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
