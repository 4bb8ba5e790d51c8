"""Warm runners: small jobs of one user share an allocation, one after the other, and nothing else changes."""

import shutil
import tempfile
from pathlib import Path

import pytest

from qat.comm.access.messages import Estimate
from qat.comm.arguments import decode_message
from qhpc.access.launchers.protocol import Ended, JobStarted, Launch, Lost
from tests.unit.qhpc.access.launchers.harness import kinds, texts
from tests.unit.qhpc.access.submissions import call, submission

from .launching import SlurmHarness, launcher, until

SMALL = Estimate(duration_s=0.01, memory_bytes=1 << 20)


@pytest.fixture
def harness(cluster):
    spool = Path(tempfile.mkdtemp(dir=cluster.directory))
    with SlurmHarness(launcher(cluster, spool, {"warm_idle_s": 30.0})) as harness:
        yield harness
    for job in cluster.call("squeue", "-h", "--name=openqat", "-o", "%A").split():
        cluster.call("scancel", job)
    shutil.rmtree(spool)


def small(harness, *services, owner="ada", estimate=SMALL):
    given = harness.launch()
    return Launch(
        job_id=given.job_id,
        owner=owner,
        attempt=1,
        submission=submission(*services),
        resources=given.resources,
        estimate=estimate,
    )


def done(harness, *services, **fields):
    launch = small(harness, *services, **fields)
    harness.run(harness.submit(launch))
    return launch, harness.run(harness.end(launch.job_id))


def warmed(harness, owner="ada"):
    """Run a job, and wait for the runner that it leaves."""
    _, end = done(harness, "Telling", owner=owner)
    harness.run(until(lambda: harness.launcher._care.warm.ready(owner) is not None))
    return told(end)


def told(end):
    return decode_message(end.result).meta_data


def slurm_job(meta_data):
    lines = meta_data["environment"].splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("SLURM_JOB_ID="))


def test_small_jobs_of_a_user_share_a_runner_and_those_of_others_do_not(harness):
    cold = warmed(harness)
    seen = []
    for _ in range(3):
        launch, end = done(harness, "Telling")
        seen.append(told(end))
        assert kinds(harness.reports[launch.job_id]) == [JobStarted, Ended] and seen[-1]["job_id"] == launch.job_id
    assert len({each["pid"] for each in seen}) == 1 and cold["pid"] not in {each["pid"] for each in seen}
    assert len({slurm_job(each) for each in seen}) == 1
    _, other = done(harness, "Telling", owner="bob")
    assert slurm_job(told(other)) not in {slurm_job(cold), slurm_job(seen[0])}


def test_what_a_job_writes_is_its_own(harness):
    warmed(harness)
    first, second = ([*texts(harness.reports[done(harness, call("Failing", "service"))[0].job_id])] for _ in range(2))
    assert first == second and any("no such gate here" in text for text in first)


@pytest.mark.parametrize("estimate", [None, Estimate(), Estimate(duration_s=60.0)])
def test_what_is_not_known_to_be_small_has_its_own_allocation(harness, estimate):
    warmed(harness)
    spot = harness.launcher._care.warm.ready("ada")
    launch = small(harness, call("Slow"), estimate=estimate)
    harness.run(harness.submit(launch))
    assert spot.guest is None and harness.launcher._table.attempts[launch.handle].slurm_id != spot.slurm_id
    harness.run(harness.launcher.cancel(launch.handle))
    harness.run(harness.end(launch.job_id))


def test_a_job_in_a_warm_runner_can_be_cancelled_and_the_next_one_runs(harness):
    warmed(harness)
    launch = small(harness, call("Slow"))
    harness.run(harness.submit(launch))
    harness.run(harness.begun(launch.job_id))
    harness.run(harness.launcher.cancel(launch.handle))
    assert harness.run(harness.end(launch.job_id)).failure.reason == "cancelled"
    _, end = done(harness, "Answering")
    assert end.result is not None


def test_a_warm_runner_that_dies_loses_its_job_and_no_other(cluster, harness):
    warmed(harness)
    spot = harness.launcher._care.warm.ready("ada")
    launch = small(harness, call("Slow"))
    harness.run(harness.submit(launch))
    harness.run(harness.begun(launch.job_id))
    cluster.call("scancel", "--signal=KILL", "--full", str(spot.slurm_id))
    end = harness.run(harness.end(launch.job_id))
    assert isinstance(end, Lost) and "warm runner" in end.reason
    harness.run(until(lambda: not spot.folder.exists()))
    assert done(harness, "Answering")[1].result is not None


def test_a_job_that_leaves_threads_behind_has_the_last_word_in_its_runner(harness):
    warmed(harness)
    spot = harness.launcher._care.warm.ready("ada")
    assert done(harness, "Threaded")[1].result is not None and spot.has_served
    harness.run(until(lambda: spot.name not in harness.launcher._care.warm.spots))
