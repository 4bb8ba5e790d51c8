"""Jobs from the queue to their end, whatever happens on the way."""

import asyncio

import pytest

from qat.comm.access.messages import Estimate
from qhpc.access.launchers.protocol import LaunchError
from qhpc.access.service import dispatcher, writer
from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import JobFilter, StorageFull
from tests.unit.qhpc.access.service.scripted import ADA, BOB, FAILURE, World, caller, in_loop, settle, world

UNSAFE = Estimate(is_safe_to_retry=False)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(dispatcher, "_RELAUNCH_PAUSE_S", 0.0)
    monkeypatch.setattr(writer, "_DEFER_S", 0.0)


@in_loop
async def test_a_job_is_launched_runs_and_is_done():
    async with world() as it:
        job = await it.submit()
        assert await it.state(job) == "pending"
        it.launcher.start(f"{job}.1")
        await settle()
        assert await it.state(job) == "running"
        it.launcher.end(f"{job}.1", b"42")
        await settle()
        record = await it.store.get(job)
        assert (record.state, record.attempt, record.started_s, record.ended_s) == ("done", 1, 1001.0, 1002.0)
        assert await it.store.result(job) == b"42"
        assert len(it.service.dispatcher.jobs) == 0


@in_loop
async def test_a_result_that_overtakes_the_start_is_kept():
    async with world() as it:
        job = await it.submit()
        it.launcher.end(f"{job}.1", b"42")
        await settle()
        assert await it.store.result(job) == b"42"


@in_loop
async def test_no_more_jobs_run_than_there_are_places():
    async with world(slots=2) as it:
        jobs = [await it.submit() for _ in range(3)]
        assert [await it.state(job) for job in jobs] == ["pending", "pending", "waiting"]
        it.launcher.end(f"{jobs[1]}.1")
        await settle()
        assert [await it.state(job) for job in jobs] == ["pending", "done", "pending"]


@in_loop
async def test_users_take_turns():
    async with world(slots=0) as it:
        ours = [await it.submit(ADA) for _ in range(2)]
        theirs = [await it.submit(BOB) for _ in range(2)]
        it.launcher.slots = 4
        it.service.dispatcher._wake.set()
        await settle()
        order = [ours[0], theirs[0], ours[1], theirs[1]]
        assert [launch.job_id for launch in it.launcher.launches] == order


@in_loop
async def test_a_user_has_no_more_running_jobs_than_allowed():
    async with world(slots=5) as it:
        ada = caller(max_running_jobs=1)
        first, second = await it.submit(ada), await it.submit(ada)
        assert [await it.state(first), await it.state(second)] == ["pending", "waiting"]
        other = await it.submit(BOB)
        assert await it.state(other) == "pending"
        it.launcher.end(f"{first}.1")
        await settle()
        assert await it.state(second) == "pending"


@in_loop
async def test_a_launch_is_written_down_before_it_happens():
    async with world() as it:
        seen = []

        async def look(launch):
            seen.append((await it.store.get(launch.job_id)).state)
            seen.append((await it.store.get(launch.job_id)).handle == launch.handle)

        it.launcher.on_submit = look
        await it.submit()
        assert seen == ["pending", True]


@in_loop
async def test_a_failure_is_kept():
    async with world() as it:
        job = await it.submit()
        it.launcher.fail(f"{job}.1")
        await settle()
        record = await it.store.get(job)
        assert (record.state, record.failure) == ("failed", FAILURE)


@in_loop
async def test_a_limit_stops_a_job():
    async with world() as it:
        job = await it.submit()
        it.launcher.fail(f"{job}.1", is_limit=True)
        await settle()
        assert await it.state(job) == "stopped"


@in_loop
async def test_an_end_without_a_word_is_a_failure():
    async with world() as it:
        job = await it.submit()
        it.launcher.fail(f"{job}.1", failure=None)
        await settle()
        assert (await it.store.get(job)).failure.reason == "unknown"


# Loss


@in_loop
async def test_a_lost_job_runs_again_once():
    async with world() as it:
        job = await it.submit()
        it.launcher.start(f"{job}.1")
        it.launcher.lose(f"{job}.1")
        await settle()
        assert [launch.attempt for launch in it.launcher.launches] == [1, 2]
        assert it.launcher.launches[1].submission == it.launcher.launches[0].submission
        it.launcher.start(f"{job}.2")
        it.launcher.lose(f"{job}.2")
        await settle()
        record = await it.store.get(job)
        assert (record.state, record.failure.reason) == ("failed", "runner-lost")
        assert "at attempt 2" in record.failure.message
        lines = await it.store.log(job)
        assert [line.number for line in lines] == [0, 1]


@in_loop
async def test_launches_that_are_lost_before_the_job_runs_are_borne_ten_times():
    async with world() as it:
        job = await it.submit()
        for attempt in range(1, 11):
            assert await it.state(job) == "pending"
            it.launcher.lose(f"{job}.{attempt}")
            await settle()
        assert await it.state(job) == "failed"


@in_loop
async def test_a_lost_job_that_may_do_harm_fails():
    async with world(estimate=UNSAFE) as it:
        job = await it.submit()
        it.launcher.lose(f"{job}.1", "the runner was killed")
        await settle()
        record = await it.store.get(job)
        assert record.state == "failed"
        assert record.failure.message.startswith("the runner was killed; the job was not run again")


@in_loop
async def test_late_news_of_an_earlier_attempt_changes_nothing():
    async with world() as it:
        job = await it.submit()
        it.launcher.lose(f"{job}.1")
        await settle()
        it.launcher.end(f"{job}.1", b"late")
        it.launcher.lose(f"{job}.1")
        await settle()
        assert await it.state(job) == "pending"
        it.launcher.end(f"{job}.2", b"right")
        it.launcher.end(f"{job}.2", b"twice")
        await settle()
        assert await it.store.result(job) == b"right"


@in_loop
async def test_a_launcher_that_is_busy_is_asked_again_and_that_is_no_attempt():
    async with world() as it:
        it.launcher.errors = [LaunchError("no process", retryable=True)]
        job = await it.submit()
        await settle()
        assert [launch.attempt for launch in it.launcher.launches] == [1]
        assert "could not start the job: no process" in (await it.store.log(job))[0].text


@in_loop
async def test_the_same_reason_is_said_once_however_often_a_launch_fails():
    async with world() as it:
        it.launcher.errors = [LaunchError(why, retryable=True) for why in ("full", "full", "full", "shut", "shut")]
        job = await it.submit()
        await settle()
        assert [launch.attempt for launch in it.launcher.launches] == [1]
        assert [line.text.rpartition(" ")[2] for line in await it.store.log(job)] == ["full", "shut"]


@in_loop
async def test_a_launcher_that_refuses_fails_the_job():
    async with world() as it:
        it.launcher.errors = [LaunchError("no such partition", retryable=False)]
        job = await it.submit()
        record = await it.store.get(job)
        assert (record.state, record.failure.reason) == ("failed", "not-launched")


# Cancellation


@in_loop
async def test_a_waiting_job_is_cancelled_at_once():
    async with world(slots=0) as it:
        job = await it.submit()
        assert (await it.service.cancel(ADA, job)).state == "cancelled"
        it.launcher.slots = 1
        it.service.dispatcher._wake.set()
        await settle()
        assert it.launcher.launches == []


@in_loop
async def test_a_running_job_is_cancelled_when_it_is_dead():
    async with world() as it:
        job = await it.submit()
        it.launcher.start(f"{job}.1")
        await settle()
        view = await it.service.cancel(ADA, job)
        assert (view.state, view.message) == ("running", "cancellation was asked for")
        await settle()
        assert await it.state(job) == "cancelled"
        assert (await it.service.cancel(ADA, job)).state == "cancelled"
        assert it.launcher.cancelled == [f"{job}.1"]


@in_loop
async def test_a_result_that_comes_after_a_cancellation_is_not_kept():
    async with world() as it:
        job = await it.submit()
        it.launcher.end(f"{job}.1")
        await it.service.cancel(ADA, job)
        await settle()
        assert await it.state(job) == "cancelled"
        assert await it.store.result(job) is None


# Progress and lines


@in_loop
async def test_progress_is_shown_at_once_and_stored_now_and_then():
    async with world() as it:
        job = await it.submit()
        it.launcher.start(f"{job}.1")
        for iteration in range(5):
            it.launcher.progress(f"{job}.1", iteration, time_s=1001.0 + iteration / 10)
        await settle()
        assert (await it.store.get(job)).progress.iteration == 0
        assert (await it.service.record(ADA, job)).progress.iteration == 4
        it.launcher.end(f"{job}.1")
        await settle()
        assert (await it.store.get(job)).progress.iteration == 4


@in_loop
async def test_lines_are_numbered_through_all_attempts():
    async with world() as it:
        job = await it.submit()
        it.launcher.write(f"{job}.1", "a", "b")
        it.launcher.lose(f"{job}.1")
        await settle()
        it.launcher.write(f"{job}.2", "c")
        await settle()
        lines = await it.store.log(job)
        assert [(line.number, line.stream) for line in lines] == list(
            enumerate(["stdout", "stdout", "server", "stdout"])
        )


@in_loop
async def test_a_short_job_takes_three_writes(monkeypatch):
    monkeypatch.setattr(writer, "_DEFER_S", 3600.0)
    async with world() as it:
        job = await it.submit()
        it.launcher.start(f"{job}.1")
        it.launcher.progress(f"{job}.1", 7)
        await settle()
        assert await it.state(job) == "pending"
        assert (await it.service.record(ADA, job)).state == "running"
        assert (await it.service.list(JobFilter(), limit=9, cursor=None, order="newest")).items[0].state == "running"
        it.launcher.end(f"{job}.1")
        await settle()
        record = await it.store.get(job)
        assert (record.state, record.started_s, record.progress.iteration) == ("done", 1001.0, 7)


@in_loop
async def test_a_change_by_its_owner_does_not_undo_what_is_not_stored_yet(monkeypatch):
    monkeypatch.setattr(writer, "_DEFER_S", 3600.0)
    async with world() as it:
        job = await it.submit()
        it.launcher.start(f"{job}.1")
        await settle()
        assert (await it.service.edit(ADA, job, "name", None)).state == "running"
        it.launcher.end(f"{job}.1")
        await settle()
        record = await it.store.get(job)
        assert (record.state, record.name, record.started_s) == ("done", "name", 1001.0)


# Restart


async def left_over(store, *states):
    """Jobs that a server left in these states when it was killed."""
    dead = World(store=store, slots=len(states) - states.count("waiting"))
    await dead.service.open()
    jobs = [await dead.submit() for _ in states]
    for job, state in zip(jobs, states, strict=True):
        if state == "running":
            dead.launcher.start(f"{job}.1")
    await settle()
    assert [await dead.state(job) for job in jobs] == list(states)
    for task in dead.service.dispatcher._tasks:
        task.cancel()
    return jobs


@in_loop
async def test_a_new_server_takes_up_every_job():
    store = MemoryStore()
    jobs = await left_over(store, "pending", "running", "waiting")
    async with world(store=store, slots=3) as it:
        assert it.launcher.adopted == [f"{jobs[0]}.1", f"{jobs[1]}.1"]
        attempts = {launch.job_id: launch.attempt for launch in it.launcher.launches}
        assert attempts == {jobs[0]: 2, jobs[1]: 2, jobs[2]: 1}
        for job, attempt in attempts.items():
            it.launcher.end(f"{job}.{attempt}", job.encode())
        await settle()
        assert [await it.store.result(job) for job in jobs] == [job.encode() for job in jobs]


@in_loop
async def test_a_job_that_lived_on_is_heard_again():
    store = MemoryStore()
    (job,) = await left_over(store, "running")
    it = World(store=store)
    it.launcher.alive[f"{job}.1"] = None
    await it.service.open()
    await settle()
    it.launcher.end(f"{job}.1", b"still there")
    await settle()
    assert await store.result(job) == b"still there"
    await it.service.close(0.0)


@in_loop
async def test_stopping_waits_for_what_runs():
    async with world() as it:
        job = await it.submit()
        closing = asyncio.create_task(it.service.close(drain_s=10.0))
        await settle()
        it.launcher.end(f"{job}.1")
        await closing
        assert await it.state(job) == "done"
        it.service.dispatcher.close = _nothing


async def _nothing(drain_s):
    pass


@in_loop
async def test_what_does_not_end_in_time_runs_again_after_the_next_start():
    store = MemoryStore()
    async with world(store=store) as it:
        job = await it.submit()
        other = await it.submit()
    assert [(await store.get(one)).state for one in (job, other)] == ["waiting", "waiting"]
    async with world(store=store, slots=2) as it:
        assert {launch.job_id for launch in it.launcher.launches} == {job, other}


# A store that fails


class Failing(MemoryStore):
    """Fails the next calls of some methods."""

    def __init__(self):
        super().__init__()
        self.errors = {}

    async def _fail(self, name):
        if self.errors.get(name):
            raise self.errors[name].pop(0)

    async def apply(self, job_id, *events):
        await self._fail("apply")
        return await super().apply(job_id, *events)

    async def finish(self, job_id, result, time_s, *, before=()):
        await self._fail("finish")
        return await super().finish(job_id, result, time_s, before=before)


@in_loop
async def test_nothing_is_lost_while_the_store_is_away(monkeypatch):
    monkeypatch.setattr("qhpc.access.service.writer._RETRY_FIRST_S", 0.0)
    async with world(store=Failing()) as it:
        job = await it.submit()
        it.store.errors = {"finish": [OSError("gone"), OSError("gone")]}
        it.launcher.end(f"{job}.1", b"42")
        await settle()
        assert await it.store.result(job) == b"42"
        assert it.service.is_healthy


@in_loop
async def test_a_result_waits_a_while_for_room():
    async with world(store=Failing()) as it:
        job = await it.submit()
        it.store.errors = {"finish": [StorageFull("disk full")]}
        it.launcher.end(f"{job}.1", b"42")
        view = await it.service.wait(ADA, job, 10.0)
        assert (view.state, await it.store.result(job)) == ("done", b"42")


@in_loop
async def test_a_result_without_room_is_an_honest_failure(monkeypatch):
    monkeypatch.setattr(writer, "_FULL_S", 0.0)
    async with world(store=Failing()) as it:
        job = await it.submit()
        it.store.errors = {"finish": [StorageFull("disk full")]}
        it.launcher.end(f"{job}.1", b"42")
        await settle()
        record = await it.store.get(job)
        assert (record.state, record.failure.reason) == ("failed", "storage-full")


@in_loop
async def test_a_submission_that_cannot_be_read_does_not_stop_the_others():
    async with world(slots=0) as it:
        broken, good = await it.submit(), await it.submit()
        it.service.dispatcher.jobs.get(broken).submission = None
        del it.store._submissions[broken]
        it.launcher.slots = 2
        it.service.dispatcher._wake.set()
        await settle()
        assert await it.state(good) == "pending"
        assert (await it.store.get(broken)).failure.reason == "submission-lost"
