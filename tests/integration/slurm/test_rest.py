"""Jobs of Slurm over HTTP: a launcher that knows slurmrestd alone, on a real one with tokens."""

import os
import shutil
import signal

import pytest

from qat.comm.access.messages import Estimate
from qhpc.access.launchers.protocol import Ended, JobStarted, LaunchError
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.private_cluster import PrivateCluster, missing
from tests.unit.qhpc.access.launchers.harness import kinds
from tests.unit.qhpc.access.submissions import call

from .conftest import new_directory
from .launching import SlurmHarness, launcher, until
from .test_launcher import AT_QPU, ORDINARY

pytestmark = pytest.mark.xdist_group("rest")
SHAPE = ClusterShape(nb_nodes=1, licenses={"qpu_fresnel": 1000}, has_rest=True)
POOLS = {"fresnel": {"units": 250}, "absent": {}}


@pytest.fixture(scope="module")
def rest():
    """The cluster, and the part of the settings that leads there."""
    reason = missing(SHAPE)
    if reason is not None:
        pytest.skip(reason)
    directory = new_directory()
    with PrivateCluster(directory, SHAPE) as cluster:
        token = directory / "token"
        token.touch(mode=0o600)
        token.write_text(cluster.call("scontrol", "token", "lifespan=3600"))
        yield cluster, {"rest": {"address": f"unix:{cluster.rest}", "token": token}}
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def harness(rest):
    """No command of Slurm is there to be run."""
    cluster, options = rest
    given = {**options, "conf": None, "pools": POOLS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        with SlurmHarness(launcher(cluster, cluster.directory / "spool", given)) as harness:
            yield harness


def test_a_job_runs(rest, harness):
    cluster, _ = rest
    launch = harness.launch("Telling", estimate=AT_QPU)
    harness.run(harness.submit(launch))
    end = harness.run(harness.end(launch.job_id))
    assert isinstance(end, Ended) and end.failure is None, end
    listed = cluster.call("squeue", "-h", "-t", "all", "-o", "%W %k", "--name=openqat").splitlines()
    assert any(line.startswith("qpu_fresnel:250 ") and line.endswith(f".{launch.handle}") for line in listed)


def test_a_job_is_cancelled(harness):
    launch = harness.launch(call("Slow"))
    harness.run(harness.submit(launch))
    harness.run(harness.until(launch.job_id, lambda found: JobStarted in kinds(found)))
    harness.run(harness.launcher.cancel(launch.handle))
    assert harness.run(harness.end(launch.job_id)).failure.reason == "cancelled"


def test_where_a_job_waits_is_said_and_what_slurm_refuses(rest, harness):
    cluster, _ = rest
    holder = cluster.call("sbatch", "--parsable", "-L", "qpu_fresnel:900", "-o/dev/null", "--wrap=sleep 600").strip()
    cluster._wait(lambda: cluster.call("squeue", "-h", "-j", holder, "-o", "%T") == "RUNNING\n", "it does not run")
    launch = harness.launch("Telling", estimate=AT_QPU)
    harness.run(harness.submit(launch))
    harness.run(until(lambda: "licence" in harness.launcher.explanation(launch.handle)))
    standing = harness.run(harness.launcher.standing(launch.handle))
    assert standing.reasons[-1] == "it asks for 250 of qpu_fresnel: 100 of 1000 are free"
    cluster.call("scancel", holder)
    assert harness.run(harness.end(launch.job_id)).failure is None
    with pytest.raises(LaunchError, match="Invalid license specification"):
        harness.run(harness.submit(harness.launch("Telling", estimate=Estimate(qpu_pools={"absent": None}))))


def test_jobs_run_on_while_nobody_serves_requests(rest, harness):
    cluster, _ = rest
    launch = harness.launch(call("Slow"))
    harness.run(harness.submit(launch))
    harness.run(harness.until(launch.job_id, lambda found: JobStarted in kinds(found)))
    os.kill(cluster.pid("slurmrestd"), signal.SIGKILL)
    harness.run(until(lambda: harness.launcher.free_slots == 0))
    with pytest.raises(LaunchError, match=r"Slurm does not answer: slurmrestd at unix:.* cannot be asked") as refusal:
        harness.run(harness.launcher.submit(harness.launch("Telling")))
    assert refusal.value.retryable and Ended not in kinds(harness.reports[launch.job_id])
    cluster._wait(lambda: cluster.pid("slurmrestd") is None, "it lives")
    cluster.start_daemon("slurmrestd")
    harness.run(until(lambda: harness.launcher.free_slots > 0))
    harness.run(harness.launcher.cancel(launch.handle))
    assert harness.run(harness.end(launch.job_id)).failure.reason == "cancelled"


@pytest.mark.skipif(os.geteuid() != 0 or ORDINARY is None, reason="needs root, and an ordinary user")
def test_jobs_are_their_owners(rest):
    cluster, options = rest
    with SlurmHarness(launcher(cluster, cluster.directory / "owners", options, run_as="owner")) as harness:
        launch = harness.launch("Telling", owner=ORDINARY)
        harness.run(harness.submit(launch))
        number = harness.launcher.cluster_id(launch.handle)
        assert cluster.call("squeue", "-h", "-t", "all", "-j", number, "-o", "%u").strip() == ORDINARY
        harness.run(harness.launcher.cancel(launch.handle))
        harness.run(harness.end(launch.job_id))
