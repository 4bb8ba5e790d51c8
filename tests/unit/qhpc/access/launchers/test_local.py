"""The local launcher with real runner processes: results, failures, limits, isolation."""

import asyncio
import os
import pwd
import subprocess
import sys
from pathlib import Path

import networkx
import pytest

from qat.comm.access.messages import Resources
from qat.comm.arguments import decode_message, pack_argument
from qat.core import Batch, BatchResult, HardwareSpecs, Result
from qhpc.access.launchers.local import LocalLauncher, LocalSettings
from qhpc.access.launchers.protocol import Ended, JobStarted, LaunchError, Lost

from ..submissions import SITE, call, ghz_job, variational_job
from .harness import Harness, kinds, progress, texts


@pytest.fixture(scope="module")
def harness():
    with Harness(max_result_bytes=1_000_000, nb_spare=2) as harness:
        yield harness


def result(harness, *services, **fields):
    """The result of a job that succeeds."""
    end = harness.run(harness.done(*services, **fields))
    assert isinstance(end, Ended) and end.failure is None, end
    return decode_message(end.result)


def failure(harness, *services, **fields):
    end = harness.run(harness.done(*services, **fields))
    assert isinstance(end, Ended) and end.result is None
    return end.failure


# ---------------------------------------------------------------- results


def test_one_job_gives_a_result_and_several_give_a_batch_result(harness):
    single = result(harness, "LinAlg")
    assert isinstance(single, Result) and {str(sample.state) for sample in single} == {"|0000>", "|1111>"}
    several = result(harness, "LinAlg", jobs=[ghz_job(2), ghz_job(3, nbshots=5)], meta_data={"from": "me"})
    assert isinstance(several, BatchResult) and len(several.results) == 2 and several.meta_data == {"from": "me"}


def test_tasks(harness):
    assert isinstance(result(harness, "LinAlg", task="specs"), HardwareSpecs)
    compiled = result(harness, "qat.plugins:EmptyPlugin", "LinAlg", task="compile")
    assert isinstance(compiled, Batch) and compiled.jobs[0].nbqbits == 4
    assert isinstance(result(harness, "qat.plugins:EmptyPlugin", task="compile"), Batch)


def test_an_optimisation_runs_beside_the_qpu_and_tells_its_progress(harness):
    launch = harness.launch(
        call("qat.plugins:ScipyMinimizePlugin", method="COBYLA", x0=[0.3]), "LinAlg", jobs=[variational_job()]
    )
    harness.run(harness.submit(launch))
    end = harness.run(harness.end(launch.job_id))
    best = decode_message(end.result).results[0]
    told = progress(harness.reports[launch.job_id])
    assert best.value == pytest.approx(-1, abs=1e-6)
    iterations = [progress.iteration for progress in told]
    assert iterations == sorted(iterations)
    assert iterations[-1] == len(eval(best.meta_data["optimization_trace"]))
    assert told[-1].best_value == pytest.approx(-1, abs=1e-6) and set(told[-1].parameters) == {"a"}


def test_applications_answer_what_their_generator_answers(harness):
    graph = pack_argument(networkx.cycle_graph(4), "graph")
    search = call("qat.plugins:ScipyMinimizePlugin", seed=1)
    stack = ("qat.generators:MaxCutGenerator", search, "LinAlg")
    solution = result(harness, *stack, task="execute", arguments=(graph,), keywords={"depth": 1})
    assert sorted(solution.subsets) == [[0, 2], [1, 3]] and solution.cost == -4.0
    told = result(harness, "qat.generators:Asking", "Telling", task="execute", keywords={"count": 2})
    assert told == (2, {"job_id": True, "job_meta_data": True})


def test_answers_that_cannot_travel_are_refused(harness):
    told = failure(harness, call("qat.generators:Asking", answer="odd"), "Telling", task="execute")
    assert told.exception == "GeneratorException" and "the answer of Asking" in told.message


def test_reports_come_in_order(harness):
    launch = harness.launch(call("Noisy", nb_lines=3))
    harness.run(harness.submit(launch))
    harness.run(harness.end(launch.job_id))
    reports = harness.reports[launch.job_id]
    assert kinds(reports) == [JobStarted, Ended]
    assert texts(reports) == [f"{n} xxxxxxxxxx" for n in range(3)] + ["end without a newline"]
    assert all(report.attempt == 1 for report in reports)


# ---------------------------------------------------------------- what jobs see


def test_services_see_the_job_and_nothing_of_the_server(harness, monkeypatch):
    monkeypatch.setenv("SERVER_SECRET", "hunter2")
    launch = harness.launch("Telling", owner="eve")
    harness.run(harness.submit(launch))
    told = decode_message(harness.run(harness.end(launch.job_id)).result).meta_data
    assert told["job_id"] == told["job_meta_data"] == launch.job_id
    names = {line.partition("=")[0] for line in told["environment"].splitlines()}
    assert not names & {"SERVER_SECRET", "USER", "SSH_AUTH_SOCK", "QLMAAS_DIR"} and "hunter2" not in str(told)
    assert told["folder"] == told["home"] != str(Path.home())
    assert int(told["nice"]) == os.nice(0) + 5 and int(told["pid"]) != os.getpid()


def test_cores_that_are_asked_for_are_threads_of_the_job(harness):
    told = result(harness, "Telling", resources=Resources(nb_cores=7)).meta_data
    assert told["threads"] == "7"
    assert result(harness, "Telling").meta_data["threads"] == str(max(1, len(os.sched_getaffinity(0)) // 2))


def test_a_process_serves_one_user_only(harness):
    owners = ["ada", "bob", "ada", "bob", "cyd", "ada"]
    pids = [(owner, result(harness, "Telling", owner=owner).meta_data["pid"]) for owner in owners]
    by_pid = {pid: {owner for owner, other in pids if other == pid} for _, pid in pids}
    assert all(len(served) == 1 for served in by_pid.values())
    assert len({pid for owner, pid in pids if owner == "ada"}) == 1, "a warm runner is used again"


def test_a_job_finds_its_process_as_if_it_were_new(harness):
    before = result(harness, "Telling", owner="mel").meta_data
    for _ in range(2):
        found = result(harness, "Meddling", owner="mel").meta_data
        assert found["alarm"] == "0" and "_on_terminate" in found["handler"]
    after = result(harness, "Telling", owner="mel").meta_data
    assert (after["pid"], after["folder"], after["files"]) == (before["pid"], before["folder"], "")
    result(harness, call("Meddling", closes=True), owner="mel")
    assert result(harness, "Telling", owner="mel").meta_data["pid"] != before["pid"]


# ---------------------------------------------------------------- failures


def test_exceptions_of_services_are_told_as_they_are(harness):
    told = failure(harness, call("Failing", "service"))
    assert (told.exception, told.code, told.modulename) == ("QPUException", 11, "site.device")
    assert (told.message, told.reason) == ("no such gate here", "service-error")


def test_other_exceptions_are_told_with_class_and_message_and_the_trace_is_in_the_log(harness):
    launch = harness.launch(call("Failing", "value"))
    harness.run(harness.submit(launch))
    end = harness.run(harness.end(launch.job_id))
    assert (end.failure.exception, end.failure.message) == ("QPUException", "ValueError: something is odd")
    lines = texts(harness.reports[launch.job_id])
    assert lines[0].startswith("Traceback") and lines[-1] == "ValueError: something is odd"


@pytest.mark.parametrize(
    ("how", "reason", "said"),
    [
        ("exit", "service-error", "SystemExit: 3"),
        ("unencodable", "result-not-sendable", "cannot be sent"),
        ("memory", "out-of-memory", "more memory"),
    ],
)
def test_other_ways_to_fail(harness, how, reason, said):
    told = failure(harness, call("Failing", how))
    assert told.reason == reason and said in told.message


def test_stacks_that_cannot_be_rebuilt_any_more_fail_with_the_reason(harness):
    assert failure(harness, "NoSuchQPU").reason == "unknown-service"
    assert failure(harness, "LinAlg", message=b"junk").reason == "malformed-request"


@pytest.mark.parametrize(("how", "said"), [("crash", "SIGABRT"), ("kill", "SIGKILL"), ("quit", "status 7")])
def test_a_runner_that_dies_is_reported_as_lost(harness, how, said):
    end = harness.run(harness.done(call("Failing", how)))
    assert isinstance(end, Lost) and said in end.reason
    assert result(harness, "Answering").value == 0.25


# ---------------------------------------------------------------- limits


def test_a_job_that_takes_more_memory_than_it_was_given_is_stopped(harness):
    given = Resources(memory_bytes=64 << 20)
    end = harness.run(harness.done(call("Large", kept_bytes=1 << 30), resources=given))
    assert end.is_limit and (end.failure.reason, end.failure.code) == ("out-of-memory", 15)
    assert result(harness, call("Large", kept_bytes=1 << 20), resources=given).value == 1.0


def test_the_limit_of_memory_is_lifted_after_the_job(harness):
    harness.run(harness.done("Answering", resources=Resources(memory_bytes=1 << 20)))
    assert result(harness, call("Large", kept_bytes=1 << 30)).value == 1.0


def test_a_result_that_is_too_large_is_refused_and_the_runner_lives(harness):
    pid = result(harness, "Telling").meta_data["pid"]
    told = failure(harness, call("Large", nb_bytes=2_000_000))
    assert told.reason == "result-too-large" and "2000" in told.message
    assert result(harness, "Telling").meta_data["pid"] == pid


@pytest.mark.parametrize("how", ["sleep", "busy", "stubborn", "native"])
def test_a_job_that_takes_too_long_is_stopped(harness, how):
    end = harness.run(harness.done(call("Slow", how), resources=Resources(max_time_s=0.2)))
    assert end.is_limit and end.failure.reason == "time-limit" and "0.2 s" in end.failure.message


def test_output_is_limited_in_lines_and_does_not_stop_the_job():
    from qhpc.access.launchers.lines import LogLimits

    with Harness(log=LogLimits(max_lines=5, max_line_bytes=100), nb_spare=0) as harness:
        launch = harness.launch(call("Noisy", nb_lines=20_000, width=50))
        harness.run(harness.submit(launch))
        assert harness.run(harness.end(launch.job_id)).failure is None
        lines = texts(harness.reports[launch.job_id])
        assert len(lines) == 6 and lines[-1].endswith("the rest is dropped")
        flood = harness.launch(call("Noisy", is_endless=True), resources=Resources(max_time_s=0.5))
        harness.run(harness.submit(flood))
        other = harness.run(harness.done("Answering", owner="bob"))
        assert other.failure is None
        assert harness.run(harness.end(flood.job_id)).failure.reason == "time-limit"
        assert len(texts(harness.reports[flood.job_id])) == 6


# ---------------------------------------------------------------- the protocol


def test_no_more_jobs_than_runners():
    with Harness(nb_runners=1, nb_spare=0) as harness:
        slow = harness.launch("Slow")
        assert harness.launcher.free_slots == 1
        assert harness.run(harness.submit(slow)) == slow.handle
        assert harness.launcher.free_slots == 0
        with pytest.raises(LaunchError) as caught:
            harness.run(harness.launcher.submit(harness.launch("Answering")))
        assert caught.value.retryable
        assert harness.run(harness.launcher.submit(slow)) == slow.handle, "known handles start nothing again"
        harness.run(harness.launcher.cancel(slow.handle))
        assert harness.run(harness.end(slow.job_id)).failure.reason == "cancelled"
        assert harness.launcher.free_slots == 1
        assert harness.run(harness.launcher.submit(slow)) == slow.handle
        assert harness.launcher.free_slots == 1, "nor after the end"


def test_adopted_jobs_of_a_former_server_are_lost(harness):
    running = harness.launch("Slow", job_id="mine")
    harness.run(harness.submit(running))
    harness.run(harness.begun("mine"))
    harness.run(harness.launcher.adopt(["theirs.3", running.handle]))
    end = harness.run(harness.end("theirs"))
    assert isinstance(end, Lost) and end.attempt == 3
    harness.run(harness.launcher.cancel(running.handle))
    assert kinds(harness.reports["mine"]) in ([JobStarted], [JobStarted, Ended])
    assert harness.run(harness.end("mine")).failure.reason == "cancelled"


def test_handles_that_are_unknown_or_ended_cannot_be_cancelled(harness):
    launch = harness.launch("Answering")
    harness.run(harness.submit(launch))
    harness.run(harness.end(launch.job_id))
    nb_reports = len(harness.order)
    harness.run(harness.launcher.cancel(launch.handle))
    harness.run(harness.launcher.cancel("nobody.1"))
    assert result(harness, "Answering").value == 0.25
    assert len(harness.order) - nb_reports == 2


def test_closing_reports_running_jobs_as_lost_and_ends_the_reports():
    with Harness(nb_spare=0) as harness:
        launch = harness.launch("Slow")
        harness.run(harness.submit(launch))
        harness.run(harness.begun(launch.job_id))
    assert isinstance(harness.reports[launch.job_id][-1], Lost)
    assert "shut down" in harness.reports[launch.job_id][-1].reason
    assert harness.launcher.free_slots == 0
    with pytest.raises(LaunchError):
        asyncio.run(harness.launcher.submit(harness.launch("Answering")))


def test_many_jobs_of_many_users_each_end_once(harness):
    async def all_of_them():
        launches = [harness.launch("LinAlg", owner=f"user-{n % 3}") for n in range(30)]
        for launch in launches:
            await harness.submit(launch)
        return [await harness.end(launch.job_id) for launch in launches]

    ends = harness.run(all_of_them())
    assert all(isinstance(end, Ended) and end.failure is None for end in ends)
    assert all(kinds(harness.reports[end.job_id]) == [JobStarted, Ended] for end in ends)


def test_only_root_may_run_jobs_as_their_owners(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PermissionError, match="root"):
        LocalLauncher(LocalSettings(run_as="owner"))


def can_run_as_nobody():
    """Whether we are root, and others may use this interpreter and this checkout."""
    if os.geteuid() != 0:
        return False
    command = [sys.executable, "-c", "import numpy"]
    try:
        return subprocess.run(command, user="nobody", cwd=SITE, capture_output=True, timeout=60).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run jobs as other users")
def test_jobs_run_as_their_owners_when_the_site_wants_it():
    with Harness(run_as="owner") as harness:
        owner = "nobody" if can_run_as_nobody() else "root"
        told = result(harness, "Telling", owner=owner).meta_data
        assert int(told["uid"]) == pwd.getpwnam(owner).pw_uid
        with pytest.raises(LaunchError, match="not a Unix user") as caught:
            harness.run(harness.submit(harness.launch("Telling", owner="no-such-user")))
        assert not caught.value.retryable
