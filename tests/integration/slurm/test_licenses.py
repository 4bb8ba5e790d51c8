"""The broker has Slurm hand out as many duty units as its QPUs can serve, whatever happens to either."""

import os
import re
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from click.testing import CliRunner

from openqat.cli import qat
from qat.core import Batch, Circuit
from qat.qpus import SharedQPU
from qat.shared.addresses import client_settings
from qat.shared.sessions import close_sessions
from qat.shared.status import broker_status
from qhpc.broker.driving import pid_of
from qhpc.embedded.broker_process import BrokerProcess
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.parsers import parse_licenses, parse_record
from qhpc.slurm.private_cluster import PrivateCluster
from tests.integration.broker.harness import PATHS

from .conftest import new_directory

SETTINGS = """
directory = "{place}/broker"
[slurm]
is_used = true
poll_s = 0.2
drives_licences = true
hold_after_s = 0.5
[pools.fresnel]
qpus = ["fresnel-1"]
alpha = {alpha}
[qpus.fresnel-1]
driver = "emulated"
orphan_s = 30
[qpus.fresnel-1.options]
service = "qat.qpus:LinAlg"
{device}
"""
SHAPE = ClusterShape(nb_nodes=2, licenses={"qpu_fresnel": 2004})


@pytest.fixture(scope="module")
def cluster():
    directory = new_directory()
    with PrivateCluster(directory, SHAPE) as cluster:
        yield cluster
    shutil.rmtree(directory)


class Centre:
    """A broker beside the cluster, which is started again when it is killed."""

    def __init__(self, cluster, place):
        self.cluster, self.place = cluster, place
        self.settings, self.log = place / "broker.toml", place / "broker.log"
        self.process = None

    def set(self, alpha=1.0, device=""):
        self.settings.write_text(SETTINGS.format(place=self.place, alpha=alpha, device=device), encoding="utf-8")

    def start(self, alpha=1.0, device=""):
        self.set(alpha, device)
        environment = self.cluster.environment | {"PYTHONPATH": PATHS}
        self.process = BrokerProcess(self.settings, self.log, environment)
        self.process.__enter__()
        self.process.wait_until_ready()

    def stop(self):
        self.process.__exit__()
        self.process = None

    def submit(self, *options, units=500, seconds=60):
        asked = (f"--licenses=qpu_fresnel:{units}", "--output=/dev/null", "--mem=50", f"--wrap=exec sleep {seconds}")
        return self.cluster.call("sbatch", "--parsable", *options, *asked).strip()

    def state(self, job):
        return self.cluster.call("squeue", "-h", "-t", "all", "-j", job, "-o", "%T %r").strip()

    def withheld(self):
        """What our reservation keeps; None if there is none."""
        lines = self.cluster.call("scontrol", "--oneliner", "show", "reservation").splitlines()
        ours = [parse_record(line) for line in lines if line.startswith("ReservationName=openqat_fresnel ")]
        return parse_licenses(ours[0]["Licenses"])["qpu_fresnel"] if ours else None

    @property
    def address(self):
        return f"unix:{self.place}/broker/broker.sock"

    def qpu_state(self):
        return broker_status(client_settings(self.address)).pools[0].qpus[0].state

    def explain(self, job):
        done = CliRunner().invoke(qat, ["explain", f"slurm-{job}", "--broker", self.address], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def qpu(self, share=1.0):
        return SharedQPU("fresnel", broker=self.address, share=share)

    def close(self):
        close_sessions()
        if self.process is not None:
            self.stop()
        pid = pid_of(self.place / "broker" / "drivers" / "fresnel-1.sock")
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.cluster.call("scancel", f"--user={os.geteuid()}")
        if self.withheld() is not None:
            self.cluster.call("scontrol", "delete", "ReservationName=openqat_fresnel")
        until(lambda: not self.cluster.call("squeue", "-h").strip())


@pytest.fixture
def centre(cluster, tmp_path):
    centre = Centre(cluster, tmp_path)
    yield centre
    centre.close()


def until(is_so, limit_s=60.0):
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def test_jobs_wait_while_the_qpu_calibrates_and_start_when_it_is_there(centre):
    centre.start(device="calibration_every_s = 2.0\ncalibration_s = 600.0")
    until(lambda: centre.qpu_state() == "calibrating")
    until(lambda: centre.withheld() == 2004)
    job = centre.submit()
    until(lambda: centre.state(job) == "PENDING Licenses")
    until(lambda: f"Slurm job {job} waits for 500 units of the pool 'fresnel'" in centre.explain(job))
    told = centre.explain(job)
    assert "fresnel-1 is calibrating until " in told and "no units of 'fresnel' are handed out meanwhile" in told
    centre.stop()
    assert centre.state(job) == "PENDING Licenses"
    centre.start()
    until(lambda: centre.state(job) == "RUNNING None")
    assert centre.withheld() == 1002 and "the licences" not in centre.log.read_text()


def test_alpha_says_how_many_jobs_run_at_once(centre):
    centre.start(alpha=1.0)
    until(lambda: centre.withheld() == 1002)
    jobs = [centre.submit() for _ in range(4)]
    until(lambda: sorted(map(centre.state, jobs)) == ["PENDING Licenses"] * 2 + ["RUNNING None"] * 2)
    waiting = next(job for job in jobs if centre.state(job).startswith("PENDING"))
    assert "1002 units of 'fresnel' are handed out" in centre.explain(waiting)
    shown = CliRunner().invoke(qat, ["broker", "status", "--broker", centre.address], catch_exceptions=False).output
    assert re.search(r"UNITS +ALPHA\b", shown) and re.search(r"^fresnel .* 1002 +1\.00 *$", shown, re.MULTILINE), shown
    centre.stop()
    centre.start(alpha=2.0)
    until(lambda: [centre.state(job) for job in jobs] == ["RUNNING None"] * 4)
    assert centre.withheld() is None


def test_a_broker_that_was_killed_mends_what_it_finds(centre):
    centre.start(alpha=1.5)
    until(lambda: centre.withheld() == 501)
    os.kill(centre.process.pid, signal.SIGKILL)
    centre.cluster.call("scontrol", "update", "ReservationName=openqat_fresnel", "Licenses=qpu_fresnel:7")
    until(lambda: centre.withheld() == 501)
    killed = centre.process.pid
    os.kill(killed, signal.SIGKILL)
    centre.cluster.call("scontrol", "delete", "ReservationName=openqat_fresnel")
    until(lambda: centre.withheld() == 501)


def test_a_whole_pool_can_be_had(centre):
    """Alpha gives less than that now, but a job that waits for it would wait for ever."""
    centre.start(alpha=1.0)
    until(lambda: centre.withheld() == 1002)
    job = centre.submit(units=2004)
    until(lambda: centre.state(job) == "RUNNING None")
    until(lambda: centre.withheld() == 1002)


def test_jobs_start_when_a_calibration_ends_and_the_broker_lives_on(centre):
    """The QPU calibrates for three seconds of six, again and again: jobs start in between."""
    centre.start(device="calibration_every_s = 6.0\ncalibration_s = 3.0\nshot_s = 0.001")
    broker = centre.process.pid
    until(lambda: centre.qpu_state() == "calibrating" and centre.withheld() == 2004)
    job = centre.submit(units=1000)
    with ThreadPoolExecutor() as pool:
        result = pool.submit(centre.qpu().submit, Circuit.empty(1).to_job(nbshots=10))
        until(lambda: centre.state(job) == "PENDING Licenses")
        assert "fresnel-1 is calibrating until " in centre.explain(job)
        until(lambda: centre.state(job) == "RUNNING None")
        assert len(result.result(timeout=60)) == 1
    until(lambda: centre.qpu_state() == "up")
    assert centre.process.pid == broker


LOOP = "1.0\ntarget_stretch = 1.3\nmax_alpha = 2.0\nsmoothing_s = {}"


@pytest.mark.timeout(240)
def test_alpha_rises_while_the_qpu_idles_falls_while_jobs_crawl_and_survives_the_broker(centre):
    centre.start(alpha=LOOP.format(2.0), device="shot_s = 0.001")
    until(lambda: centre.withheld() == 1002)
    begin_s = time.monotonic()
    first, second = centre.submit(units=1000), centre.submit(units=150)
    centre.qpu().submit(Circuit.empty(1).to_job(nbshots=1))  # a job that does not slow anybody down from now on
    until(lambda: centre.state(first) == "RUNNING None")
    assert centre.state(second).startswith("PENDING")
    until(lambda: centre.state(second) == "RUNNING None")
    assert time.monotonic() - begin_s >= 4.0  # twice a tenth, no more often than every two seconds

    centre.set(alpha=LOOP.format(1000.0), device="shot_s = 0.001")
    reached, killed = centre.withheld(), centre.process.pid
    assert reached <= 852
    os.kill(killed, signal.SIGKILL)
    centre.cluster.call("scontrol", "delete", "ReservationName=openqat_fresnel")
    until(lambda: centre.withheld() is not None)
    kept = centre.withheld()
    assert 0 < kept <= reached and centre.process.pid != killed

    centre.stop()
    centre.start(alpha=LOOP.format(2.0), device="shot_s = 0.001")
    crowd = Batch([Circuit.empty(1).to_job(nbshots=50)] * 400)
    with ThreadPoolExecutor() as pool:
        crawling = [pool.submit(centre.qpu(share).submit, crowd) for share in (0.3, 0.4)]
        until(lambda: (centre.withheld() or 0) >= kept + 50)
        centre.stop()
        close_sessions()
        assert all(each.exception(timeout=60) is not None for each in crawling)
