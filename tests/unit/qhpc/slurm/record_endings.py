"""Records how Slurm and its accounting tell of jobs that end in each way, for the tests of the parsers. Takes a minute.

PYTHONPATH=src:. python tests/unit/qhpc/slurm/record_endings.py (as root: jobs of another user, memory by cgroups)
"""

import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.commands import sacct, show, squeue
from qhpc.slurm.private_cluster import PrivateCluster
from tests.integration.slurm.endings import ENDINGS_SHAPE, PREFIX, Endings, remove_cgroups

FOLDER = Path(__file__).with_name("recorded")
MARKER = "m4rk"


@contextmanager
def private_cluster(shape: ClusterShape):
    directory = Path(tempfile.mkdtemp(prefix="slurm", dir="/tmp"))
    directory.chmod(0o755)
    with PrivateCluster(directory, shape) as cluster:
        yield cluster
    shutil.rmtree(directory)
    remove_cgroups()


def main():
    with private_cluster(ENDINGS_SHAPE) as cluster:
        endings = Endings(cluster)
        endings.start()
        keep("put_back_squeue.txt", cluster.call(*squeue(MARKER, ids=(int(endings.jobs["put-back"]),))))
        endings.finish()
        time.sleep(3.0)  # the accounting is told a little later
        keep("endings_squeue.txt", cluster.call(*squeue(MARKER)))
        keep("endings_jobs.txt", "".join(cluster.call(*show("job", job)) for job in endings.jobs.values()))
        keep("endings_sacct.txt", cluster.call(*sacct(since="2020-01-01T00:00:00")))


def keep(name, text):
    (FOLDER / name).write_text(text.replace(PREFIX, "q"))


if __name__ == "__main__":
    main()
