"""What goes wrong on clusters, provoked: no attempt runs twice unseen, and each has one honest end."""

import os
import signal

import pytest

from qat.comm.access.messages import Estimate
from qhpc.access.launchers.protocol import Ended, JobStarted, Launch, LaunchError, Lost
from qhpc.slurm.controller import Controller
from qhpc.slurm.parsers import parse_record
from tests.unit.qhpc.access.launchers.harness import kinds, texts
from tests.unit.qhpc.access.submissions import call

from .launching import Mute, SlurmHarness, launcher, until


@pytest.fixture
def spool(own_cluster):
    own_cluster.start()
    return own_cluster.directory / "spool-of-tests"


def ends(harness, launch):
    return [report for report in harness.reports[launch.job_id] if isinstance(report, Ended | Lost)]


def begun(harness, *services, **fields):
    """A job that has begun."""
    launch = harness.launch(*services, **fields)
    harness.run(harness.submit(launch))
    harness.run(harness.begun(launch.job_id))
    return launch


def states(cluster):
    records = map(parse_record, cluster.call("scontrol", "--oneliner", "show", "job").splitlines())
    return {record["JobId"]: record["JobState"] for record in records if "JobId" in record}


def test_a_controller_that_is_away_says_nothing_about_jobs(own_cluster, spool, recovery):
    impatient = Controller({"SLURM_CONF": str(own_cluster.configuration)}, deadline_s=1.0)
    with SlurmHarness(launcher(own_cluster, spool, controller=impatient)) as harness:
        launch = begun(harness, call("Slow"))
        harness.run(until(lambda: "runs" in harness.launcher.explanation(launch.handle)))
        os.kill(own_cluster.pid("slurmctld"), signal.SIGSTOP)
        harness.run(until(lambda: harness.launcher._queue.trouble is not None))
        assert harness.launcher.free_slots == 0
        with pytest.raises(LaunchError, match="does not answer") as refusal:
            harness.run(harness.launcher.submit(harness.launch("Answering")))
        assert refusal.value.retryable and not ends(harness, launch)
        with recovery("slurmctld answers again: until jobs are given to it"):
            os.kill(own_cluster.pid("slurmctld"), signal.SIGCONT)
            harness.run(until(lambda: harness.launcher.free_slots > 0))
        harness.run(harness.launcher.cancel(launch.handle))
        assert harness.run(harness.end(launch.job_id)).failure.reason == "cancelled"


def test_a_controller_that_forgets_a_job_in_a_crash(own_cluster, spool, recovery):
    with SlurmHarness(launcher(own_cluster, spool)) as harness:
        launch = begun(harness, call("Slow"))
        os.kill(own_cluster.pid("slurmctld"), signal.SIGKILL)
        own_cluster._wait(lambda: own_cluster.pid("slurmctld") is None, "it lives")
        with recovery("slurmctld has forgotten a job: until that is told"):
            own_cluster.start_daemon("slurmctld")
            end = harness.run(harness.end(launch.job_id))
        assert isinstance(end, Lost) and end.has_begun and kinds(harness.reports[launch.job_id]) == [JobStarted, Lost]
        again = harness.launch("Answering", job_id=launch.job_id, attempt=2)
        harness.run(harness.submit(again))
        harness.run(harness.until(again.job_id, lambda reports: isinstance(reports[-1], Ended)))


def test_a_job_that_slurm_took_without_saying_so_never_runs(own_cluster, spool):
    mute = Mute(own_cluster)
    with SlurmHarness(launcher(own_cluster, spool, controller=mute)) as harness:
        launch = harness.launch(call("Slow"))
        mute.is_mute = True
        with pytest.raises(LaunchError, match="Unable to contact") as refusal:
            harness.run(harness.submit(launch))
        assert refusal.value.retryable and not (spool / launch.handle).exists()
        mute.is_mute = False
        harness.run(until(lambda: harness.launcher.free_slots > 0))
        again = harness.launch("Answering", job_id=launch.job_id, attempt=2)
        harness.run(harness.submit(again))
        end = harness.run(harness.end(again.job_id))
        assert isinstance(end, Ended) and end.attempt == 2
        harness.run(until(lambda: "RUNNING" not in states(own_cluster).values()))
        assert kinds(harness.reports[launch.job_id]) == [JobStarted, Ended], "nothing of the first attempt"


def test_a_job_that_its_node_does_not_start_never_runs_once_it_is_given_up(own_cluster, spool, recovery):
    nodes = [f"slurmd.{node}" for node in own_cluster.shape.nodes]
    with SlurmHarness(launcher(own_cluster, spool, {"begin_s": 1.0})) as harness:
        for node in nodes:
            os.kill(own_cluster.pid(node), signal.SIGSTOP)
        launch = harness.launch(call("Slow"))
        harness.run(harness.submit(launch))
        with recovery("slurmd does not start a job (begin_s = 1): until it is given up"):
            lost = harness.run(harness.end(launch.job_id))
        assert isinstance(lost, Lost) and not lost.has_begun and "nothing of it has begun there" in lost.reason
        for node in nodes:
            os.kill(own_cluster.pid(node), signal.SIGCONT)  # now it starts what nobody waits for any more
        harness.run(until(lambda: not {"RUNNING", "COMPLETING"} & set(states(own_cluster).values())))
        assert kinds(harness.reports[launch.job_id]) == [Lost], "nothing of it ran"


def test_a_server_that_was_away_finds_results_and_running_jobs(own_cluster, spool):
    with SlurmHarness(launcher(own_cluster, spool)) as first:
        running = begun(first, call("Slow"))
        done = first.launch("LinAlg")
        first.run(first.submit(done))
    own_cluster._wait(lambda: (spool / done.handle / "outcome").exists(), "the job has not ended")
    handles = [running.handle, done.handle, "never-there.3"]
    with SlurmHarness(launcher(own_cluster, spool), handles) as second:
        end = second.run(second.end(done.job_id))
        assert isinstance(end, Ended) and end.result is not None
        lost = second.run(second.end("never-there"))
        assert isinstance(lost, Lost) and lost.attempt == 3
        second.run(second.until(running.job_id, lambda reports: JobStarted in kinds(reports)))
        second.run(second.launcher.cancel(running.handle))
        assert second.run(second.end(running.job_id)).failure.reason == "cancelled"
        assert "begun" in texts(first.reports[running.job_id])[0]
        assert not any("begun" in text for text in texts(second.reports[running.job_id])), "it was told before"


def test_what_nobody_asks_for_again_is_ended_and_taken_away(own_cluster, spool):
    with SlurmHarness(launcher(own_cluster, spool)) as first:
        launch = first.launch(call("Slow"))
        own_cluster.call("scontrol", "update", "PartitionName=main", "State=DOWN")
        first.run(first.submit(launch))
    with SlurmHarness(launcher(own_cluster, spool)) as second:
        second.run(until(lambda: not (spool / launch.handle).exists()))
    assert set(states(own_cluster).values()) == {"CANCELLED"}


@pytest.mark.timeout(180)
def test_a_job_that_slurm_runs_twice_has_one_outcome(own_cluster, spool, recovery):
    with SlurmHarness(launcher(own_cluster, spool)) as harness:
        first = harness.launch(call("Slow"))
        launch = Launch(
            job_id=first.job_id,
            owner=first.owner,
            attempt=1,
            submission=first.submission,
            resources=first.resources,
            estimate=Estimate(is_safe_to_retry=True),
        )
        harness.run(harness.submit(launch))
        harness.run(harness.begun(launch.job_id))
        with recovery("Slurm puts a job back: until it runs again"):
            own_cluster.call("scontrol", "requeue", "1")
            harness.run(
                until(lambda: any("put the job back" in text for text in texts(harness.reports[launch.job_id])))
            )
            harness.run(twice_begun(harness, launch))
        harness.run(harness.launcher.cancel(launch.handle))
        harness.run(harness.end(launch.job_id))
        assert kinds(harness.reports[launch.job_id]) == [JobStarted, Ended]


async def twice_begun(harness, launch):
    await harness.until(launch.job_id, lambda reports: sum(text.startswith("begun") for text in texts(reports)) == 2)
