"""Processes end with all that they have started: on cancel, when they are killed, when the server is killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qat.comm.access.messages import Resources
from qhpc.access.launchers.processes import MARK, kill_marked
from qhpc.access.launchers.protocol import Ended, JobStarted, Lost

from ..submissions import SITE, call
from .harness import Harness, texts

PATIENCE_S = 30


@pytest.fixture(scope="module")
def harness():
    with Harness(nb_runners=2, nb_spare=2) as harness:
        yield harness


def is_alive(pid):
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until_ended(pids, pause=time.sleep):
    """Processes that we are not the parent of give no notice; look until they have gone."""
    deadline = time.monotonic() + PATIENCE_S
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, f"{[pid for pid in pids if is_alive(pid)]} live on"
        pause(0.005)


def started(harness, *services, **fields):
    """A job that has begun, and the processes it says it has."""
    launch = harness.launch(*services, **fields)
    harness.run(harness.submit(launch))
    return launch, harness.run(harness.begun(launch.job_id))


def cancelled(harness, launch):
    harness.run(harness.launcher.cancel(launch.handle))
    return harness.run(harness.end(launch.job_id))


@pytest.mark.parametrize("how", ["sleep", "stubborn", "native", "busy"])
def test_cancel_ends_a_job_with_its_children_whatever_it_does(harness, how):
    launch, pids = started(harness, call("Slow", how, children=2))
    assert len(pids) == 3 and all(map(is_alive, pids))
    end = cancelled(harness, launch)
    assert isinstance(end, Ended) and end.failure.reason == "cancelled"
    assert not any(map(is_alive, pids)), "they have ended when it is reported"


def is_own_runner(process):
    """Whether this process has started a runner, whose folder in /proc is given, that lives."""
    try:
        state, parent, *_ = (process / "stat").read_text().rpartition(")")[2].split()
        command = (process / "cmdline").read_bytes()
    except OSError:  # it has gone meanwhile
        return False
    return state not in "ZX" and parent == str(os.getpid()) and b"qhpc.access.runner" in command


def own_runners():
    """All of them, of whichever launcher."""
    return {int(process.name) for process in Path("/proc").glob("[0-9]*") if is_own_runner(process)}


def test_a_job_that_was_given_to_a_dead_runner_has_not_started():
    others = own_runners()
    with Harness(nb_runners=1, nb_spare=1) as harness:
        harness.run(harness.done("LinAlg"))
        pids = own_runners() - others
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        launch = harness.launch("LinAlg")
        harness.run(harness.submit(launch))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert isinstance(harness.run(harness.end(launch.job_id)), Lost)
        assert not any(isinstance(report, JobStarted) for report in harness.reports[launch.job_id])


def test_a_job_may_put_away_what_it_holds(harness):
    launch, _ = started(harness, call("Slow", "careful"))
    cancelled(harness, launch)
    assert texts(harness.reports[launch.job_id])[-1] == "put away"


def test_a_cancelled_job_has_half_a_second(harness):
    async def run():
        launch = harness.launch(call("Slow", "stubborn"))
        await harness.submit(launch)
        await harness.begun(launch.job_id)
        loop = asyncio.get_running_loop()
        begin_s = loop.time()
        await harness.launcher.cancel(launch.handle, grace_s=0.2)
        await harness.end(launch.job_id)
        return loop.time() - begin_s

    assert harness.run(run()) < PATIENCE_S / 2, "it was killed, not waited for"


def test_processes_that_start_processes_are_all_ended(harness):
    launch, pids = started(harness, call("Bomb", 4))
    mark = next(
        line.partition("=")[2]
        for line in Path(f"/proc/{pids[0]}/environ").read_text().split("\0")
        if line.startswith(f"{MARK}=")
    )
    cancelled(harness, launch)
    assert kill_marked(mark) == 0


def test_a_killed_runner_is_reported_and_replaced(harness):
    launch, pids = started(harness, call("Slow", children=2))
    os.kill(pids[0], signal.SIGKILL)
    end = harness.run(harness.end(launch.job_id))
    assert isinstance(end, Lost) and "SIGKILL" in end.reason
    assert not any(map(is_alive, pids))
    assert harness.run(harness.done("Answering")).failure is None


def test_a_runner_whose_job_left_processes_or_threads_is_not_used_again(harness):
    launch, pids = started(harness, call("Slow", "leaves", children=2), owner="zoe")
    end = harness.run(harness.end(launch.job_id))
    assert isinstance(end, Ended) and end.result is not None
    wait_until_ended(pids, lambda time_s: harness.run(asyncio.sleep(time_s)))
    for service in ("Telling", "Threaded", "Telling"):
        assert harness.run(harness.done(service, owner="zoe")).failure is None


def test_a_time_limit_ends_children_too(harness):
    launch, pids = started(harness, call("Slow", children=2), resources=Resources(max_time_s=1.0))
    assert harness.run(harness.end(launch.job_id)).is_limit
    assert not any(map(is_alive, pids))


def test_runners_that_wait_too_long_end():
    with Harness(nb_spare=0, idle_s=0.0) as harness:
        pid = harness.run(first_runner(harness))
        wait_until_ended([pid], lambda time_s: harness.run(asyncio.sleep(time_s)))


async def first_runner(harness):
    await harness.done("Answering")
    (runner,) = harness.launcher._pool._runners
    return runner.pid


def test_a_user_of_a_full_machine_takes_the_place_of_one_who_waits():
    with Harness(nb_runners=1, nb_spare=0) as harness:
        for owner in ("ada", "bob", "cyd", "dan"):
            assert harness.run(harness.done("Answering", owner=owner)).failure is None
            assert len(harness.launcher._pool._runners) <= 3


def test_runners_that_cannot_start_are_told_and_jobs_do_not_wait_for_ever():
    with Harness(nb_spare=0, preload=("no.such.module",)) as harness:
        end = harness.run(harness.done("Answering"))
        assert isinstance(end, Lost) and "status 1" in end.reason


SERVER = """
import asyncio, sys
sys.path[:0] = {paths!r}
from tests.unit.qhpc.access.launchers.harness import Harness
from tests.unit.qhpc.access.submissions import call

with Harness(nb_spare=1) as harness:
    pids = []
    for how in ("native", "stubborn"):
        launch = harness.launch(call("Slow", how, children=2), owner=how)
        harness.run(harness.submit(launch))
        pids += harness.run(harness.begun(launch.job_id))
    print(*pids, harness.launcher._pool._folder, flush=True)
    harness.run(asyncio.sleep(1000))
"""


def test_when_the_server_is_killed_nothing_of_its_jobs_lives_on():
    code = SERVER.format(paths=[folder for folder in sys.path if folder])
    root = Path(SITE).parents[4]
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root, text=True) as server:
        *pids, folder = server.stdout.readline().split()
        server.kill()
    pids = [int(pid) for pid in pids]
    assert len(pids) == 6
    wait_until_ended(pids)
    deadline = time.monotonic() + PATIENCE_S
    while Path(folder).exists():
        assert time.monotonic() < deadline, "the warden has not cleaned up"
        time.sleep(0.005)
