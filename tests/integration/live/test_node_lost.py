"""A node is lost and its process survives: Slurm runs the job again, and the QPU works for one of the two alone."""

import os
import signal
import sys

import pytest

from qhpc.broker.drivers.slice_log import logged_slices
from qhpc.embedded.centre import TrialCentre, TrialShape

from .waiting import LIMIT_S, until

FORMER_RUN = "this is left of a former run"
PROGRAM = """
import os, sys, time
from pathlib import Path
from benchmarks.live.drill_load import number_job
from qat.core.errors import QPUException
from qat.qpus import SharedQPU

place, qpu, told = Path(sys.argv[1]), SharedQPU("qpu"), []
while not (place / "enough").exists():
    try:
        qpu.submit(number_job(3, 10))
    except QPUException as error:  # its next task asks for another session
        told += [error.message] if error.message not in told else []
        (place / f".told.{os.getpid()}").write_text("\\n".join(told))
        (place / f".told.{os.getpid()}").replace(place / f"told.{os.getpid()}")
    else:
        (place / f"{'returned' if told else 'works'}.{os.getpid()}").touch()
"""


@pytest.mark.timeout(240)
def test_what_survives_the_loss_of_its_node_gets_no_qpu_any_more(short_directory, recovery):
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
            told = place / f"told.{survivor}"
            with recovery("a node is lost: until the new run has the QPU"):
                with recovery("a node is lost: until the survivor has no session"):
                    cluster.call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=drill")
                    until(told.exists, "its session ends")
                reasons = told.read_text().splitlines()  # the first if a task waited when the session ended
                expected = (f"its Slurm job {job} has lost its nodes and begins anew", FORMER_RUN)
                assert all(any(words in reason for words in expected) for reason in reasons)
                sessions = {line.key.rpartition("/")[0] for line in logged_slices(log)}
                assert len(sessions) == 1
                nb_slices = len(logged_slices(log))
                until(lambda: len(list(place.glob("works.*"))) == 2, "it runs again")
            until(lambda: FORMER_RUN in told.read_text(), "the survivor gets no session any more")
            until(lambda: len(logged_slices(log)) > nb_slices + 3, "the QPU works on")
            after = logged_slices(log)[nb_slices + 1 :]  # one may have run when the session ended
            assert {line.key.rpartition("/")[0] for line in after}.isdisjoint(sessions)
            assert not list(place.glob("returned.*"))
        finally:
            (place / "enough").touch()
        centre.wait(job, timeout_s=LIMIT_S)
