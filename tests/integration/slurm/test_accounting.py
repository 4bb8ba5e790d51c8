"""Slurm with its database (slurmdbd on MariaDB): endings, use of QPUs beside sacct, licences kept in the database."""

import json
import os
import shlex
import shutil
from contextlib import contextmanager
from signal import SIGKILL

import pytest
from click.testing import CliRunner

from openqat.cli import qat
from qat.comm.access.messages import Estimate
from qat.shared.addresses import client_settings
from qat.shared.status import broker_status
from qhpc.access.launchers.protocol import Ended
from qhpc.broker.driving import pid_of
from qhpc.embedded.broker_process import BrokerProcess
from qhpc.slurm.commands import sacct
from qhpc.slurm.parsers import parse_accounting
from qhpc.slurm.private_cluster import PrivateCluster, missing
from tests.integration.broker.harness import PATHS
from tests.unit.qhpc.access.submissions import call, ghz_job

from .conftest import new_directory
from .endings import ENDINGS_SHAPE, HAS_CGROUPS, OTHER, Endings, remove_cgroups
from .launching import SlurmHarness, launcher

pytestmark = [pytest.mark.xdist_group("accounting"), pytest.mark.timeout(300)]

LICENCE = "qpu_atoms@openqat"
SETTINGS = """
directory = "{place}/broker"
cluster = "try"
[slurm]
is_used = true
poll_s = 0.2
hold_after_s = 0.2
drives_licences = true
method = "resource"
[pools.atoms]
qpus = ["atoms-1"]
alpha = {alpha}
[qpus.atoms-1]
driver = "emulated"
orphan_s = 5
[qpus.atoms-1.options]
service = "qat.qpus:LinAlg"
{device}
"""
STATES = {
    "completed": "COMPLETED",
    "failed": "FAILED",
    "time-limit": "TIMEOUT",
    "out-of-memory": "OUT_OF_MEMORY",
    "cancelled": "CANCELLED",
    "node-lost": "NODE_FAIL",
    "preempted": "PREEMPTED",
    "urgent": "COMPLETED",
    "put-back": "RUNNING",
}
ONE_WAITS = ["PENDING Licenses", "RUNNING None", "RUNNING None"]


@pytest.fixture(scope="module")
def accounting():
    """The cluster; its jobs that end in each way have begun, and end while others are looked at."""
    reason = missing(ENDINGS_SHAPE)
    if reason is not None:
        pytest.skip(reason)
    directory = new_directory()
    try:
        with PrivateCluster(directory, ENDINGS_SHAPE) as cluster:
            told = CliRunner().invoke(qat, ["slurm", "configure", "--qpu", "atoms:1:1.0", "--resource", "try"]).output
            cluster.call(*shlex.split(told.splitlines()[0].removeprefix("# to be run once: ")))
            cluster.endings = Endings(cluster)
            cluster.endings.start()
            yield cluster
    finally:
        shutil.rmtree(directory)
        remove_cgroups()


@contextmanager
def broker(cluster, place, alpha=1.0, device=""):
    """A broker beside the cluster; gives its settings."""
    place.mkdir(exist_ok=True)
    settings = place / "broker.toml"
    settings.write_text(SETTINGS.format(place=place, alpha=alpha, device=device), encoding="utf-8")
    log = place / "broker.log"
    with BrokerProcess(settings, log, cluster.environment | {"PYTHONPATH": PATHS}) as process:
        process.wait_until_ready()
        try:
            yield settings
        finally:
            print(log.read_text())  # seen where a test fails
    pid = pid_of(place / "broker" / "drivers" / "atoms-1.sock")
    if pid is not None:
        os.kill(pid, SIGKILL)


@pytest.fixture
def place():
    place = new_directory()
    yield place
    shutil.rmtree(place)


def submit(cluster):
    asked = (f"--licenses={LICENCE}:500", "--output=/dev/null", "--mem=50", "--wrap=exec sleep 600")
    return cluster.call("sbatch", "--parsable", *asked).strip()


def cancel(cluster, *jobs):
    """End jobs, and wait until their licences are free."""
    cluster.call("scancel", *jobs)
    cluster._wait(lambda: not cluster.call("squeue", "-h", "-j", ",".join(jobs)).strip(), "jobs live on")


def state(cluster, job):
    return cluster.call("squeue", "-h", "-j", job, "-o", "%T %r").strip()


def usage(cluster, settings, monkeypatch):
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    command = ["usage", "--qpu", str(settings), "--by", "job", "--sacct", "--output", "json"]
    done = CliRunner().invoke(qat, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_the_use_of_a_qpu_stands_beside_what_slurm_accounts(accounting, place, monkeypatch):
    address = f"unix:{place}/broker/broker.sock"
    munge = f"{accounting.directory}/munge/socket"
    options = {
        "environment": {"QAT_BROKER": address, "QAT_MUNGE_SOCKET": munge},
        "pools": {"atoms": {"units": 250, "license": LICENCE}},
        "options": {"account": "phys"},
    }

    def told(column):
        return [row[column] for row in usage(accounting, settings, monkeypatch)]

    with (
        broker(accounting, place) as settings,
        SlurmHarness(launcher(accounting, place / "spool", options, broker=address)) as harness,
    ):
        estimate = Estimate(qpu_pools={"atoms": None})
        launch = harness.launch(call("SharedQPU", "atoms"), jobs=[ghz_job(nbshots=100)], estimate=estimate)
        harness.run(harness.submit(launch))
        end = harness.run(harness.end(launch.job_id))
        assert isinstance(end, Ended) and end.failure is None, end
        accounting._wait(lambda: told("nb_sessions") == [1], "its session has not ended")
    accounting._wait(lambda: told("slurm_state") == ["COMPLETED"], "sacct does not tell")
    (row,) = usage(accounting, settings, monkeypatch)
    assert row["nb_tasks"] == 1 and row["nb_shots"] == 100 and row["used_s"] > 0 and row["nb_sessions"] == 1
    assert row["slurm_nodes"][0] in accounting.shape.nodes
    job = str(row["slurm_job"])
    charged = accounting.call("sacct", "-nXP", "-j", job, "--format=Account,Comment").strip()
    assert charged.startswith("phys|") and charged.endswith(f".{launch.handle}")


def test_capacity_in_the_database_changes_while_jobs_wait(accounting, place):
    """Slurm's configuration stays as it is, and nobody tells the controller to read it again."""

    def states():
        return sorted(state(accounting, job) for job in jobs)

    before = accounting.configuration.read_bytes()
    with broker(accounting, place, alpha=1.0):
        jobs = [submit(accounting) for _ in range(3)]
        accounting._wait(lambda: states() == ONE_WAITS, "not one waits")
    with broker(accounting, place, alpha=1.5):
        accounting._wait(lambda: states() == ["RUNNING None"] * 3, "one waits still")
    cancel(accounting, *jobs)
    assert accounting.configuration.read_bytes() == before
    assert "_slurm_rpc_reconfigure_controller" not in (accounting.directory / "log" / "slurmctld.log").read_text()


def test_units_are_accounted_and_asked_for_by_a_comment(accounting, monkeypatch):
    job = accounting.call(
        "sbatch", "--parsable", "--comment=qpu:atoms:100", "-L", "qpu_fresnel:50", "--mem=50",
        "--output=/dev/null", "--wrap=true",
    ).strip()  # fmt: skip

    def allocated():
        return accounting.call("sacct", "-nXP", "-j", job, "--format=AllocTRES").strip().split(",")

    accounting._wait(
        lambda: {"license/qpu_atoms@openqat=100", "license/qpu_fresnel=50"} <= set(allocated()), "no units"
    )
    monkeypatch.setenv("SLURM_CONF", str(accounting.configuration))
    found = CliRunner().invoke(qat, ["slurm", "check", "--qpu", "atoms:1:0.9", "--output", "json"]).output
    levels = {each["title"]: each["level"] for each in json.loads(found)}
    assert levels["licence qpu_atoms"] == levels["accounting"] == levels["job_submit.lua"] == "ok"


def test_jobs_wait_while_the_qpu_is_away(accounting, place):
    """What is withheld is a reservation, also of a licence in the database."""
    away = "calibration_every_s = 0.5\ncalibration_s = 600.0"
    with broker(accounting, place, device=away):
        seen = client_settings(f"unix:{place}/broker/broker.sock")
        accounting._wait(lambda: broker_status(seen).pools[0].qpus[0].state == "calibrating", "it does not calibrate")
        accounting._wait(
            lambda: "openqat_atoms" in accounting.call("scontrol", "show", "reservation"), "nothing is withheld"
        )
        job = submit(accounting)
        reasons = ("Licenses", "Reservation", "Priority", "Resources")
        accounting._wait(lambda: state(accounting, job) in {f"PENDING {reason}" for reason in reasons}, "it runs")
    with broker(accounting, place):
        accounting._wait(lambda: state(accounting, job) == "RUNNING None", "it waits")
    cancel(accounting, job)


def test_every_ending_is_accounted(accounting):
    endings = accounting.endings
    endings.finish()
    expected = {name: STATES[name] for name in endings.jobs}
    assert ("out-of-memory" in expected) == HAS_CGROUPS

    def accounted():
        jobs = {job.id: job for job in parse_accounting(accounting.call(*sacct(since="2020-01-01T00:00:00")))}
        return {name: jobs.get(int(number)) for name, number in endings.jobs.items()}

    def are_all_told():
        return {name: job and job.state for name, job in accounted().items()} == expected

    accounting._wait(lambda: endings.state("put-back") == "RUNNING", "what was put back does not run again")
    accounting._wait(are_all_told, f"sacct does not tell {expected}")
    told = accounted()
    assert all(job.account == "phys" for job in told.values())
    assert told["cancelled"].user == (OTHER if os.geteuid() == 0 else told["failed"].user)
    assert told["node-lost"].nodes == (accounting.shape.nodes[2],)


def test_the_database_may_be_away_for_a_while(accounting, place):
    """Jobs start and end meanwhile; the capacity is as it was, and is changed as soon as that is possible."""
    with broker(accounting, place, alpha=1.0):
        jobs = [submit(accounting) for _ in range(3)]
        accounting._wait(lambda: sorted(state(accounting, job) for job in jobs) == ONE_WAITS, "not one waits")
    os.kill(accounting.pid("slurmdbd"), SIGKILL)
    accounting._wait(lambda: accounting.pid("slurmdbd") is None, "it lives")
    with broker(accounting, place, alpha=1.5):
        log = place / "broker.log"
        accounting._wait(
            lambda: "the licences of the pool atoms: Slurm does not answer" in log.read_text(), "nothing is said", 60.0
        )
        assert sorted(state(accounting, job) for job in jobs) == ONE_WAITS
        ended = next(job for job in jobs if state(accounting, job) == "RUNNING None")
        cancel(accounting, ended)
        jobs = [*(job for job in jobs if job != ended), submit(accounting)]
        accounting._wait(lambda: sorted(state(accounting, job) for job in jobs) == ONE_WAITS, "none starts")
        accounting.start_daemon("slurmdbd")
        accounting._wait(lambda: {state(accounting, job) for job in jobs} == {"RUNNING None"}, "one waits still")
    cancel(accounting, *jobs)
