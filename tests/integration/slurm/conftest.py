"""A private Slurm that all tests of a worker share: leave it running, and leave the jobs of others alone."""

import shutil
import tempfile
from pathlib import Path

import pytest

from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.private_cluster import PrivateCluster, missing

SHAPE = ClusterShape(nb_nodes=2, licenses={"qpu_fresnel": 1000})


def new_directory():
    """A short path that every user may reach; whoever makes it removes it."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    directory = Path(tempfile.mkdtemp(prefix="slurm", dir="/tmp"))
    directory.chmod(0o755)
    return directory


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """One worker of xdist has all tests of the shared cluster: others need not start one."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "cluster" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("slurm"))


@pytest.fixture(scope="session")
def cluster():
    """A cluster of two nodes of 8 cores, and one QPU in duty units."""
    directory = new_directory()
    with PrivateCluster(directory, SHAPE) as cluster:
        yield cluster
    shutil.rmtree(directory)


@pytest.fixture
def own_cluster():
    """A cluster of the test's own, not started yet: it may be killed and spoilt."""
    directory = new_directory()
    cluster = PrivateCluster(directory, SHAPE)
    yield cluster
    cluster.stop()
    shutil.rmtree(directory)
