"""A node is lost and its process survives: Slurm runs the job again, and the QPU works for one of the two alone."""

import os
import signal
import sys
import time

import pytest

from qhpc.broker.drivers.slice_log import logged_slices
from qhpc.embedded.centre import TrialCentre, TrialShape

LIMIT_S = 60.0

PROGRAM = """
import os, sys, time
from pathlib import Path
from benchmarks.live.drill_load import number_job
from qat.core.errors import QPUException
from qat.qpus import SharedQPU

place = Path(sys.argv[1])
qpu = SharedQPU("qpu")
try:
    while not (place / "enough").exists():
        qpu.submit(number_job(3, 10))
        (place / f"works.{os.getpid()}").touch()
except QPUException as error:
    (place / f"over.{os.getpid()}").write_text(error.message)
"""


def until(found, what):
    deadline_s = time.monotonic() + LIMIT_S
    while not (value := found()):
        assert time.monotonic() < deadline_s, f"{what}: not within {LIMIT_S:g} s"
        time.sleep(0.05)
    return value


@pytest.mark.timeout(240)
def test_what_survives_the_loss_of_its_node_gets_no_qpu_any_more(short_directory):
    log = short_directory / "slices"
    shape = TrialShape(nb_nodes=2, device={"shot_s": 0.005}, faults={"slice_log": str(log)})
    with TrialCentre(short_directory, shape) as centre:
        cluster, place = centre.cluster, short_directory / "jobs"
        program = place / "program.py"
        program.write_text(PROGRAM)
        job = centre.submit("survivor", sys.executable, str(program), str(place))
        cluster.call("scontrol", "update", f"JobId={job}", "Requeue=1")
        until(lambda: list(place.glob("works.*")), "the job works")
        (survivor,) = [int(file.suffix[1:]) for file in place.glob("works.*")]
        node = cluster.call("squeue", "-h", "-o", "%N").strip()
        (watcher,) = cluster._steps()
        for pid in (cluster.pid(f"slurmd.{node}"), watcher):
            os.kill(pid, signal.SIGKILL)
        try:
            cluster.call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=drill")
            until(lambda: cluster.call("squeue", "-h", "-o", "%T").strip() == "PENDING", "Slurm puts it back")
            told = (
                until((place / f"over.{survivor}").exists, "its session ends")
                and (place / f"over.{survivor}").read_text()
            )
            assert f"its Slurm job {job} has lost its nodes and will begin anew" in told
            sessions = {line.key.rpartition("/")[0] for line in logged_slices(log)}
            assert len(sessions) == 1
            until(lambda: len(list(place.glob("works.*"))) == 2, "it runs again")
            after = logged_slices(log)[-3:]
            assert {line.key.rpartition("/")[0] for line in after}.isdisjoint(sessions)
        finally:
            (place / "enough").touch()
        centre.wait(job, timeout_s=LIMIT_S)
