"""A job that gives its node back while a QPU works for it, in a real Slurm with a real broker."""

import shutil
import tempfile
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

from .launching import SlurmHarness, launcher

QUANTUM_S = 3.0
SEARCH = {"method": "COBYLA", "x0": [0.3], "options": {"maxiter": 3}}


@pytest.fixture
def centre():
    if (reason := missing()) is not None:
        pytest.skip(reason)
    directory = Path(tempfile.mkdtemp(prefix="release", dir="/tmp"))
    shape = TrialShape(nb_nodes=1, nb_cores=1, device={"exact_s": QUANTUM_S})
    with programs_import_the_same(), TrialCentre(directory, shape) as centre:
        yield centre
    shutil.rmtree(directory)


@pytest.fixture
def harness(centre, monkeypatch):
    monkeypatch.setattr(harnesses, "PATIENCE_S", 240)
    options = {"environment": {"QAT_BROKER": centre.broker}}
    with SlurmHarness(launcher(centre.cluster, centre.directory / "spool", options, broker=centre.broker)) as harness:
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


def test_a_job_that_is_cancelled_without_nodes_leaves_nothing_behind(centre, harness):
    searching = long_search(harness)
    harness.run(harness.submit(searching))
    asleep = harness.run(
        harness.until(
            searching.job_id, lambda found: any(line.startswith("the job has given") for line in texts(found))
        )
    )
    assert kinds(asleep) == [JobStarted]
    harness.run(harness.launcher.cancel(searching.handle))
    end = harness.run(harness.end(searching.job_id))
    assert end.failure.reason == "cancelled"
    assert broker_status(ClientSettings(broker=centre.broker)).sessions == ()
