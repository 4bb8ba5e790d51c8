"""A job that gives its node back while a QPU works for it, in a real Slurm with a real broker."""

import os
import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.live.paths import programs_import_the_same
from qat.comm.arguments import decode_message
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg
from qat.shared.addresses import ClientSettings
from qat.shared.status import broker_status
from qhpc.access.launchers.protocol import Ended, JobStarted
from qhpc.broker.usage_reading import reading_usage
from qhpc.embedded.centre import TrialCentre, TrialShape
from qhpc.slurm.private_cluster import missing
from tests.unit.qhpc.access.launchers import harness as harnesses
from tests.unit.qhpc.access.launchers.harness import kinds, texts
from tests.unit.qhpc.access.submissions import call, variational_job

from .launching import SlurmHarness, launcher, until

QUANTUM_S, LONG_S = 3.0, 8.0
SEARCH = {"method": "COBYLA", "x0": [0.3], "options": {"maxiter": 3}}


@contextmanager
def a_centre(quantum_s, nb_nodes=1):
    if (reason := missing()) is not None:
        pytest.skip(reason)
    directory = Path(tempfile.mkdtemp(prefix="release", dir="/tmp"))
    shape = TrialShape(nb_nodes=nb_nodes, nb_cores=1, device={"exact_s": quantum_s})
    with programs_import_the_same(), TrialCentre(directory, shape) as centre:
        yield centre
    shutil.rmtree(directory)


@pytest.fixture
def centre():
    with a_centre(QUANTUM_S) as centre:
        yield centre


def harness_of(centre, handles=()):
    options = {"environment": {"QAT_BROKER": centre.broker}}
    made = launcher(centre.cluster, centre.directory / "spool", options, broker=centre.broker)
    return SlurmHarness(made, handles)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr(harnesses, "PATIENCE_S", 240)


@pytest.fixture
def harness(centre):
    with harness_of(centre) as harness:
        yield harness


def long_search(harness):
    shared = call("SharedQPU", "qpu", releases_nodes=True, restart_s=1.0, duration_s=QUANTUM_S)
    return harness.launch(call("qat.plugins:ScipyMinimizePlugin", **SEARCH), shared, jobs=[variational_job()])


def slices(centre):
    with reading_usage(centre.usage) as reader:
        return list(reader.slices())


def test_its_node_serves_another_job_and_it_goes_on(centre, harness):
    searching, other = long_search(harness), harness.launch("LinAlg")
    harness.run(harness.submit(searching))
    harness.run(harness.until(searching.job_id, lambda found: JobStarted in kinds(found)))
    harness.run(harness.submit(other))  # there is one core, and the search has it
    end = harness.run(harness.end(searching.job_id))

    assert isinstance(end, Ended) and end.failure is None, end
    here = (ScipyMinimizePlugin(**SEARCH) | LinAlg()).submit([variational_job()]).results[0]
    there = decode_message(end.result).results[0]
    assert (there.value, there.meta_data["parameters"]) == (here.value, here.meta_data["parameters"])
    ends = [report.job_id for report in harness.order if isinstance(report, Ended)]
    assert ends == [other.job_id, searching.job_id]
    told = texts(harness.reports[searching.job_id])
    assert sum(line.startswith("the job has given its nodes back") for line in told) == 3
    assert told.count("the job has its nodes again, and goes on") == 3
    assert kinds(harness.reports[searching.job_id]) == [JobStarted, Ended]
    rows = slices(centre)
    assert [row.key for row in rows] == ["1", "2", "3"]  # each once
    assert {row.user for row in rows} == {"ada"}  # not the Unix user of the server, under whom they run


def fallen_asleep(harness, launch):
    """What is told of a job until it sleeps."""
    harness.run(harness.submit(launch))

    def sleeps(found):
        return any(line.startswith("the job has given its nodes back") for line in texts(found))

    return harness.run(harness.until(launch.job_id, sleeps))


def test_a_job_that_is_cancelled_without_nodes_leaves_nothing_behind(centre, harness):
    searching = long_search(harness)
    assert kinds(fallen_asleep(harness, searching)) == [JobStarted]
    harness.run(harness.launcher.cancel(searching.handle))
    end = harness.run(harness.end(searching.job_id))
    assert end.failure.reason == "cancelled"
    assert broker_status(ClientSettings(broker=centre.broker)).sessions == ()


@pytest.mark.timeout(240)
def test_a_job_sleeps_on_while_broker_and_slurmctld_die_and_the_server_is_another_one(recovery):
    with a_centre(LONG_S, nb_nodes=2) as centre:  # slurmctld drains the node whose job it has forgotten to have ended
        shared = call("SharedQPU", "qpu", releases_nodes=True, restart_s=1.0, duration_s=LONG_S)
        with harness_of(centre) as former:
            launch = former.launch(shared, jobs=[variational_job()(a=0.3)])
            fallen_asleep(former, launch)
        os.kill(centre.process.pid, signal.SIGKILL)  # its keeper starts another one
        os.kill(centre.cluster.pid("slurmctld"), signal.SIGKILL)
        centre.cluster._wait(lambda: centre.cluster.pid("slurmctld") is None, "it lives")
        with harness_of(centre, [launch.handle]) as harness:
            harness.run(until(lambda: harness.launcher.free_slots == 0))  # nobody answers
            with recovery(
                "broker and slurmctld die while a job sleeps (closing_s = 3): until its result, 8 s of QPU ago"
            ):
                centre.cluster.start_daemon("slurmctld")
                end = harness.run(harness.end(launch.job_id))
            assert isinstance(end, Ended) and end.failure is None, end
            expected = LinAlg().submit(variational_job()(a=0.3)).value
            assert decode_message(end.result).results[0].value == pytest.approx(expected, abs=1e-12)
            assert "the job has its nodes again, and goes on" in texts(harness.reports[launch.job_id])
        assert [(row.key, row.outcome) for row in slices(centre)] == [("1", "finished")]
