"""Jobs ask for what jobs like them have needed: a real Slurm with our job_submit.lua, a real broker, real programs."""

import getpass
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from qat.shared.addresses import client_settings
from qat.shared.status import broker_status
from qhpc.access.launchers.slurm_requests import script
from qhpc.access.slurm_options import SlurmOptions
from qhpc.broker.driving import pid_of
from qhpc.broker.needed_duty import needed_duties
from qhpc.broker.usage import UsageBook
from qhpc.broker.usage_rows import SessionRow
from qhpc.embedded.broker_process import BrokerProcess
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.directory import SlurmJob, duty_of
from qhpc.slurm.duty_table import table_in, table_text
from qhpc.slurm.job_submit import job_submit_lua
from qhpc.slurm.parsers import parse_record
from qhpc.slurm.private_cluster import PrivateCluster
from qhpc.slurm.site import Pool
from tests.integration.broker.harness import PATHS

from .conftest import new_directory
from .launching import SlurmHarness, launcher
from .test_launcher import AT_QPU, in_slurm
from .test_licenses import until

USER = getpass.getuser()
FRESNEL = Pool(name="fresnel", alpha=2.0)
WHOLE = 2004

SETTINGS = """
directory = "{place}/broker"
[slurm]
is_used = true
poll_s = 0.2
duty_table = "{place}/duties"
[pools.fresnel]
qpus = ["fresnel-1"]
[qpus.fresnel-1]
driver = "emulated"
orphan_s = 30
[qpus.fresnel-1.options]
shot_s = 0.001
"""

PROGRAM = """
import time
from qat.lang import H, Program
from qat.qpus import SharedQPU

program = Program()
H(program.qalloc(1)[0])
qpu = SharedQPU("fresnel")
for _ in range(3):
    qpu.submit(program.to_circ().to_job(nbshots=20))
    time.sleep(0.3)
"""

SCRIPT = """#!/bin/bash
#SBATCH --licenses=qpu_fresnel:250
export QAT_BROKER={broker} PYTHONPATH={paths}
exec {python} {program}
"""


class Centre:
    """A cluster and a broker, both told of one table of duties."""

    def __init__(self, place):
        self.place, self.table = place, place / "duties"
        lua = job_submit_lua([FRESNEL], duty_table=str(self.table))
        shape = ClusterShape(
            licenses={"qpu_fresnel": WHOLE}, settings={"JobSubmitPlugins": "lua"}, files={"job_submit.lua": lua}
        )
        self.cluster = PrivateCluster(place / "slurm", shape)
        self.address = f"unix:{place}/broker/broker.sock"
        (place / "program.py").write_text(PROGRAM, encoding="utf-8")
        self.script = place / "vqe.sbatch"
        self.script.write_text(
            SCRIPT.format(broker=self.address, paths=PATHS, python=sys.executable, program=place / "program.py"),
            encoding="utf-8",
        )

    def broker(self):
        settings = self.place / "broker.toml"
        settings.write_text(SETTINGS.format(place=self.place), encoding="utf-8")
        return BrokerProcess(settings, self.place / "broker.log", self.cluster.environment | {"PYTHONPATH": PATHS})

    def submit(self, *options, script=None):
        """The id of a job, and what its user was told."""
        told = self.cluster.call(
            "sbatch", "--parsable", "--output=/dev/null", "--mem=50", *options, str(script or self.script)
        )
        return told.strip()

    def asked(self, *options, script=None):
        """The licences that a job asks for, which is held."""
        record = self.record(self.submit("--hold", *options, script=script))
        self.cluster.call("scancel", record["JobId"])
        return record["Licenses"]

    def record(self, job):
        return parse_record(self.cluster.call("scontrol", "--oneliner", "show", "job", job))

    def learned(self):
        """What the table says, by stack."""
        return {stack: units for (_, _, stack), units in table_in(self.table.read_text("utf-8")).items()}

    def log(self):
        return (self.place / "slurm" / "log" / "slurmctld.log").read_text(errors="replace")

    def close(self):
        pid = pid_of(self.place / "broker" / "drivers" / "fresnel-1.sock")
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def centre():
    directory = new_directory()
    centre = Centre(directory)
    with centre.cluster:
        yield centre
        centre.close()
    shutil.rmtree(directory)


def past(stack, used_s):
    """Jobs of yesterday, which lived a hundred seconds each."""
    begin_s = time.time() - 86400.0
    return [
        SessionRow(
            f"{USER}:{stack}.{number}", begin_s, USER, "", 900_000 + number, "fresnel", 0.25, begin_s + 100.0, used_s,
            0.0, 0.0, "the job has ended", stack,
        )
        for number in range(3)
    ]  # fmt: skip


@pytest.mark.timeout(300)
def test_the_same_job_is_admitted_with_what_its_runs_have_needed(centre):
    (centre.place / "broker").mkdir()
    book = UsageBook(centre.place / "broker" / "usage.db")
    known = [*past("greedy", 90.0), *past("right", 24.0)]
    book.write_now(known)
    book.close()
    with centre.broker() as broker:
        broker.wait_until_ready()
        until(centre.table.exists)
        assert centre.learned() == {each.stack: each.needed for each in needed_duties(known)}
        assert centre.asked() == "qpu_fresnel:250"  # nothing is known of it
        for job in [centre.submit() for _ in range(3)]:
            until(lambda job=job: centre.record(job)["JobState"] == "COMPLETED")
        until(lambda: "vqe.sbatch" in centre.learned())
        units = centre.learned()["vqe.sbatch"]
        assert 10 <= units <= 200  # 0.06 s of QPU in a second

        assert centre.asked() == f"qpu_fresnel:{units}"
        job = centre.submit()
        shares = set()
        until(lambda: shares.update(each.share for each in sessions(centre, job)) or shares)
        assert shares == {duty_of(SlurmJob(id=1, state="RUNNING", licenses={"qpu_fresnel": units}), "fresnel")}
        assert f"jobs like vqe.sbatch have needed {units} units" not in centre.log()  # it is told to the user alone


def sessions(centre, job):
    found = broker_status(client_settings(centre.address)).sessions
    return [each for each in found if each.slurm_job == int(job)]


@pytest.fixture
def told(centre):
    """A table that says what the tests want."""
    table = {(USER, "fresnel", "vqe.sbatch"): 60, (USER, "fresnel", "greedy"): 900, (USER, "fresnel", "right"): 240}
    table |= {("somebody", "fresnel", "other"): 70, (USER, "fresnel", "VQE+SharedQPU"): 80}
    centre.table.write_text(table_text(table), encoding="utf-8")
    return centre


@pytest.mark.parametrize(("options", "licences"), [
    ((), "qpu_fresnel:60"),
    (("--job-name=greedy",), "qpu_fresnel:900"),
    (("--job-name=right",), "qpu_fresnel:250"),  # about what it needs
    (("--job-name=other",), "qpu_fresnel:250"),  # somebody else's
    (("--job-name=greedy", f"--licenses=qpu_fresnel:{WHOLE}"), f"qpu_fresnel:{WHOLE}"),
    (("--licenses=", "--comment=qpu:fresnel"), "qpu_fresnel:60"),
    (("--licenses=", "--comment=qpu:fresnel:500"), "qpu_fresnel:60"),
    (("--licenses=", "--comment=qpu:fresnel:all"), f"qpu_fresnel:{WHOLE}"),
    (("--array=1-2",), "qpu_fresnel:60"),
])  # fmt: skip
def test_what_jobs_ask_for(told, options, licences):
    assert told.asked(*options) == licences


def test_jobs_of_the_access_server_are_known_by_their_stacks(told):
    file = told.place / "script"
    text = script(told.place, SlurmOptions(python="/bin/true"), [], 1, stack="VQE+SharedQPU")
    file.write_text(text, encoding="utf-8")
    assert told.asked("--job-name=openqat", "--licenses=qpu_fresnel:1000", script=file) == "qpu_fresnel:80"
    text = script(told.place, SlurmOptions(python="/bin/true"), [], 1, stack="other", owner="somebody")
    file.write_text(text, encoding="utf-8")
    assert told.asked("--job-name=openqat", "--licenses=qpu_fresnel:1000", script=file) == "qpu_fresnel:70"


def test_so_are_those_that_its_launcher_submits(told):
    known = table_in(told.table.read_text("utf-8"))
    told.table.write_text(table_text(known | {("ada", "fresnel", "Telling"): 90}), encoding="utf-8")
    with SlurmHarness(launcher(told.cluster, told.place / "spool", {"pools": {"fresnel": {}}})) as harness:
        launch = harness.launch("Telling", estimate=AT_QPU, owner="ada")
        harness.run(harness.submit(launch))
        harness.run(harness.end(launch.job_id))
        assert in_slurm(told.cluster, launch)["Licenses"] == "qpu_fresnel:90"


@pytest.mark.parametrize("spoilt", [None, b"", b"whatever", b"\x00\xff\n", "cut", "more", "a folder"])
def test_a_table_that_is_missing_or_spoilt_changes_nothing_and_is_said(told, spoilt):
    other = table_text({(USER, "fresnel", "vqe.sbatch"): 77}).encode()  # one that slurmctld has not read whole
    told.table.unlink()
    if spoilt == "a folder":
        told.table.mkdir()
    elif spoilt is not None:
        told.table.write_bytes({"cut": other[:-9], "more": other + b"more\n"}.get(spoilt, spoilt))
    nb_said = told.log().count("openqat: jobs ask for what they declare")
    assert told.asked() == "qpu_fresnel:250"
    assert told.asked("--licenses=") in ("", "(null)")
    assert told.log().count("openqat: jobs ask for what they declare") == nb_said + 1
    if spoilt == "a folder":
        told.table.rmdir()


def test_a_job_says_what_it_asks_for(told):
    done = told.cluster.call("sh", "-c", f"sbatch --hold --output=/dev/null {Path(told.script)} 2>&1")
    assert "jobs like vqe.sbatch have needed 60 units of the QPU fresnel: it asks for them instead of 250" in done
