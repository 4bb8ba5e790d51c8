"""A job opens its session while Slurm cannot be asked about it; when it can, the session has what Slurm admitted."""

import os
import signal
import sys

import pytest

from qat.shared.addresses import ClientSettings
from qat.shared.status import broker_status
from qhpc.embedded.centre import TrialCentre, TrialShape
from qhpc.slurm.directory import SlurmJob, duty_of

from .waiting import LIMIT_S, until

PROGRAM = """
import sys, time
from pathlib import Path
from benchmarks.live.drill_load import number_job
from qat.qpus import SharedQPU

place = Path(sys.argv[1])
(place / "runs").touch()
while not (place / "slurm is away").exists():
    time.sleep(0.01)
qpu = SharedQPU("qpu", share=0.9)
while not (place / "enough").exists():
    qpu.submit(number_job(3, 5))
    (place / "works").touch()
"""


@pytest.mark.timeout(180)
def test_a_session_that_was_opened_while_slurmctld_was_away(short_directory, recovery):
    with TrialCentre(short_directory, TrialShape(nb_nodes=1)) as centre:
        cluster, place = centre.cluster, short_directory / "jobs"
        (place / "program.py").write_text(PROGRAM)
        admitted = duty_of(SlurmJob(id=1, state="RUNNING", licenses={"qpu_qpu": 250}), "qpu")
        job = centre.submit("j", sys.executable, str(place / "program.py"), str(place), units=250)
        until((place / "runs").exists, "the job runs")
        os.kill(cluster.pid("slurmctld"), signal.SIGTERM)  # with what it knows on disk
        until(lambda: cluster.pid("slurmctld") is None, "slurmctld ends")
        (place / "slurm is away").touch()
        until((place / "works").exists, "it has a session all the same")
        assert shares(centre) == [0.9], "what it says"
        with recovery("slurmctld answers again: until a session has what Slurm admitted"):
            cluster.start_daemon("slurmctld")
            until(lambda: shares(centre) == [admitted], "what Slurm has admitted")
        (place / "works").unlink()
        until((place / "works").exists, "it goes on")
        (place / "enough").touch()
        centre.wait(job, timeout_s=LIMIT_S)


def shares(centre):
    return [session.share for session in broker_status(ClientSettings(broker=centre.broker)).sessions]
