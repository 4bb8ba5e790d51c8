"""The Slurm launcher on a real Slurm: results, failures, limits, cancellation, users."""

import os
import pwd
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from qat.comm.access.messages import Estimate, Resources
from qat.comm.arguments import decode_message
from qat.core import BatchResult, Result
from qhpc.access.launchers.protocol import Ended, JobStarted, LaunchError, Lost
from qhpc.slurm.parsers import parse_record
from tests.unit.qhpc.access.launchers.harness import kinds, progress, texts
from tests.unit.qhpc.access.submissions import call, ghz_job, submission, variational_job

from .launching import SlurmHarness, launcher, until

AT_QPU = Estimate(qpu_pools={"fresnel": None}, is_safe_to_retry=False)
ENDED = ("COMPLETED", "FAILED")


@pytest.fixture(scope="module")
def spool(cluster):
    folder = cluster.directory / "spool-of-tests"
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def harness(cluster, spool):
    options = {"pools": {"fresnel": {"units": 250}}, "user_options": ["account"]}
    with SlurmHarness(launcher(cluster, spool, options)) as harness:
        yield harness


def started(harness, *services, **fields):
    """A job that has begun."""
    launch = harness.launch(*services, **fields)
    harness.run(harness.submit(launch))
    return launch, harness.run(harness.begun(launch.job_id))


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def in_slurm(cluster, launch):
    """What Slurm knows of an attempt."""
    records = map(parse_record, cluster.call("scontrol", "--oneliner", "show", "job").splitlines())
    return next(record for record in records if record.get("Comment", "").endswith(f".{launch.handle}"))


def test_jobs_run_and_tell_what_they_write_and_how_far_they_are(cluster, harness):
    single = harness.launch("LinAlg")
    several = harness.launch("LinAlg", jobs=[ghz_job(2), ghz_job(3, nbshots=5)])
    search = harness.launch(
        call("qat.plugins:ScipyMinimizePlugin", method="COBYLA", x0=[0.3]), "LinAlg", jobs=[variational_job()]
    )
    telling = harness.launch("Telling", estimate=AT_QPU)
    failing = harness.launch(call("Failing", "service"))
    dying = harness.launch(call("Failing", "kill"))
    leaving = harness.launch(call("Failing", "quit"))
    greedy = harness.launch(call("Failing", "memory"))
    everything = (single, several, search, telling, failing, dying, leaving, greedy)
    for launch in everything:
        harness.run(harness.submit(launch))
    ends = {launch.job_id: harness.run(harness.end(launch.job_id)) for launch in everything}

    assert isinstance(decode_message(ends[single.job_id].result), Result)
    assert kinds(harness.reports[single.job_id]) == [JobStarted, Ended]
    assert isinstance(decode_message(ends[several.job_id].result), BatchResult)
    best = decode_message(ends[search.job_id].result).results[0]
    told = progress(harness.reports[search.job_id])
    assert best.value == pytest.approx(-1, abs=1e-6) and told[-1].best_value == pytest.approx(-1, abs=1e-6)

    told = decode_message(ends[telling.job_id].result).meta_data
    assert told["job_id"] == told["job_meta_data"] == telling.job_id and told["threads"] == "1"
    assert in_slurm(cluster, telling)["Licenses"] == "qpu_fresnel:250"
    assert in_slurm(cluster, single)["Licenses"] == "(null)"

    failure = ends[failing.job_id].failure
    assert (failure.exception, failure.message) == ("QPUException", "no such gate here")
    assert any("no such gate here" in text for text in texts(harness.reports[failing.job_id]))
    for launch, code in ((failing, "1:0"), (single, "0:0")):
        cluster._wait(lambda launch=launch: in_slurm(cluster, launch)["JobState"] in ENDED, "Slurm has not noticed")
        assert in_slurm(cluster, launch)["ExitCode"] == code
    for launch in (dying, leaving):
        assert isinstance(ends[launch.job_id], Lost) and "failed in Slurm" in ends[launch.job_id].reason
    assert ends[greedy.job_id].is_limit and ends[greedy.job_id].failure.reason == "out-of-memory"


def test_nothing_of_the_server_reaches_the_job(harness, monkeypatch):
    monkeypatch.setenv("QHPC_SECRET", "s3cret")
    end = harness.run(harness.done("Telling"))
    environment = decode_message(end.result).meta_data["environment"]
    assert "s3cret" not in environment and "SLURM_JOB_ID=" in environment
    assert "PATH=/usr/local/bin:/usr/bin:/bin" in environment.splitlines()
    assert "SLURM_GET_USER_ENV" not in environment, "no login shell is run for it"


def test_resources_are_asked_of_slurm(cluster, harness):
    scheduling = {"account": "phys", "duty": "0.5"}
    asked = Resources(memory_bytes=300 << 20, nb_cores=3, max_time_s=90.0, scheduling=scheduling)
    launch = asking("Telling", asked, harness)
    harness.run(harness.submit(launch))
    harness.run(harness.end(launch.job_id))
    record = in_slurm(cluster, launch)
    assert (record["MinMemoryNode"], record["CPUs/Task"], record["Account"]) == ("500M", "3", "phys")
    assert record["TimeLimit"] == "00:03:00" and record["Licenses"] == "qpu_fresnel:500"


def asking(service, resources, harness):
    """A launch whose submission asks for resources."""
    message = submission(service, resources=resources)
    return harness.launch(message=message, resources=resources, estimate=AT_QPU if service == "Telling" else None)


@pytest.mark.parametrize(
    ("scheduling", "said"),
    [({"partition": "main"}, "partition"), ({"account": "a b"}, "'a b'"), ({"duty": "2"}, "duty is '2'")],
)
def test_what_users_may_not_ask_for_is_refused(harness, scheduling, said):
    launch = asking("Telling", Resources(scheduling=scheduling), harness)
    with pytest.raises(LaunchError, match=said) as refusal:
        harness.run(harness.submit(launch))
    assert not refusal.value.retryable


def test_what_slurm_refuses_is_told(harness, spool):
    launch = asking("Answering", Resources(memory_bytes=1 << 40), harness)
    with pytest.raises(LaunchError, match="node configuration is not available") as refusal:
        harness.run(harness.submit(launch))
    assert not refusal.value.retryable and not (spool / launch.handle).exists()


@pytest.mark.parametrize("how", ["sleep", "stubborn"])
def test_cancel_ends_a_job_with_its_children(harness, how):
    launch, pids = started(harness, call("Slow", how, children=2))
    harness.run(harness.launcher.cancel(launch.handle, grace_s=0.2))
    end = harness.run(harness.end(launch.job_id))
    assert isinstance(end, Ended) and end.failure.reason == "cancelled"
    assert not any(map(is_alive, pids))


def test_a_job_that_waits_is_cancelled_at_once(cluster, harness):
    cluster.call("sbatch", "--licenses=qpu_fresnel:900", "--output=/dev/null", "--job-name=holder", "--wrap=sleep 600")
    launch = harness.launch("Telling", estimate=AT_QPU)
    harness.run(harness.submit(launch))
    harness.run(until(lambda: "licence" in harness.launcher.explanation(launch.handle)))
    standing = harness.run(harness.launcher.standing(launch.handle))
    number = harness.launcher.cluster_id(launch.handle)
    assert standing.reasons[0].startswith(f"job {number} waits in Slurm")
    assert standing.reasons[-1] == "it asks for 250 of qpu_fresnel: 100 of 1000 are free"
    harness.run(harness.launcher.cancel(launch.handle))
    end = harness.run(harness.end(launch.job_id))
    assert end.failure.reason == "cancelled" and kinds(harness.reports[launch.job_id]) == [Ended]
    cluster.call("scancel", "--name=holder")


def test_a_time_limit_is_kept_to_the_second(harness):
    resources = Resources(max_time_s=1.0)
    launch = harness.launch(call("Slow", "stubborn"), resources=resources)
    harness.run(harness.submit(launch))
    end = harness.run(harness.end(launch.job_id))
    assert end.is_limit and end.failure.reason == "time-limit"


def test_somebody_else_cancels_it(cluster, harness):
    launch, _ = started(harness, call("Slow"))
    cluster.call("scancel", in_slurm(cluster, launch)["JobId"])
    end = harness.run(harness.end(launch.job_id))
    assert isinstance(end, Ended) and end.failure.reason == "cancelled" and "an operator" in end.failure.message


def test_folders_are_taken_away(harness, spool):
    harness.run(harness.done("Answering"))
    harness.run(until(lambda: [path.name for path in spool.iterdir()] == ["notes"]))
    assert not harness.launcher._table.all_over
    assert {path.name for path in (spool / "notes").iterdir()} == {"environment", "instance"}


def test_a_handle_that_is_known_starts_nothing_again(harness):
    launch = harness.launch(call("Slow"))
    assert harness.run(harness.submit(launch)) == harness.run(harness.submit(launch)) == launch.handle
    assert len(harness.launcher._table.all_live) == 1
    harness.run(harness.launcher.cancel(launch.handle))
    harness.run(harness.end(launch.job_id))


def test_where_a_job_is_can_be_said(harness):
    launch, _ = started(harness, call("Slow"))
    harness.run(until(lambda: " runs" in harness.launcher.explanation(launch.handle)))
    harness.run(harness.launcher.cancel(launch.handle))
    harness.run(harness.end(launch.job_id))
    assert harness.launcher.explanation(launch.handle) is None


ORDINARY = next((name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}), None)
PYTHON = f"/usr/bin/python3.{sys.version_info.minor}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have jobs run as others")
@pytest.mark.skipif(not Path(PYTHON).exists(), reason="there is no Python that all users have")
def test_jobs_run_as_their_owners(cluster):
    packages = [path for path in sys.path if path and path.startswith(str(Path(__file__).parents[3]))]
    options = {"python": PYTHON, "python_path": [*packages, sysconfig.get_paths()["purelib"]]}
    spool = cluster.directory / "spool-of-owners"
    with SlurmHarness(launcher(cluster, spool, options, run_as="owner")) as harness:
        end = harness.run(harness.done("Telling", owner=ORDINARY))
        assert isinstance(end, Ended) and end.failure is None, (end, texts(harness.order))
        told = decode_message(end.result).meta_data
        assert told["uid"] == str(pwd.getpwnam(ORDINARY).pw_uid)
        for owner in ("no-such-user-here", "root"):
            with pytest.raises(LaunchError, match=owner):
                harness.run(harness.submit(harness.launch("Telling", owner=owner)))
    shutil.rmtree(spool)


def test_only_root_runs_jobs_of_others(cluster, spool, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PermissionError, match="root"):
        launcher(cluster, spool, run_as="owner")
