"""Jobs that are accepted and launched in one transaction, because there is a place for them."""

import asyncio

import pytest

from qat.comm.access.messages import Estimate
from qhpc.access.service import dispatcher
from qhpc.access.service.problems import AccessProblem
from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import StorageFull

from .scripted import ADA, BOB, caller, in_loop, settle, world

UNSAFE = Estimate(nb_jobs=1, is_safe_to_retry=False)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(dispatcher, "_RELAUNCH_PAUSE_S", 0.0)


class WatchedStore(MemoryStore):
    """Notes the states in which jobs are added, and the events; ``gate`` holds what is added back."""

    def __init__(self):
        super().__init__()
        self.added, self.events, self.error = [], [], None
        self.gate = asyncio.Event()
        self.gate.set()

    async def add(self, job, submission):
        self.added.append(job.state)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return await super().add(job, submission)

    async def apply(self, job_id, *events):
        self.events += [type(event).__name__ for event in events]
        return await super().apply(job_id, *events)


@in_loop
async def test_a_job_that_finds_a_place_is_accepted_and_launched_at_once():
    async with world(store=WatchedStore()) as it:
        job = await it.submit()
        assert (it.store.added, it.store.events) == (["pending"], [])
        assert [launch.handle for launch in it.launcher.launches] == [f"{job}.1"]
        assert (await it.store.get(job)).handle == f"{job}.1"


@in_loop
async def test_a_job_that_finds_none_waits():
    async with world(store=WatchedStore()) as it:
        first, second = await it.submit(), await it.submit()
        assert (it.store.added, it.store.events) == (["pending", "waiting"], [])
        it.launcher.end(f"{first}.1")
        await settle()
        assert it.store.events == ["Launched"]
        assert it.launcher.launches[1].job_id == second


@in_loop
async def test_nobody_overtakes_those_who_wait():
    async with world(slots=0) as it:
        first = await it.submit(ADA)
        it.launcher.slots = 2
        second = await it.submit(BOB)
        assert [launch.job_id for launch in it.launcher.launches] == [first, second]


@in_loop
async def test_a_job_that_may_do_harm_is_on_disk_before_it_is_launched():
    async with world(store=WatchedStore(), estimate=UNSAFE) as it:
        await it.submit()
        assert (it.store.added, it.store.events) == (["waiting"], ["Launched"])


@in_loop
async def test_places_are_not_given_twice():
    async with world(store=WatchedStore(), slots=1) as it:
        it.store.gate.clear()
        sent = [asyncio.create_task(it.submit()) for _ in range(3)]
        await settle()
        assert it.store.added == ["pending", "waiting", "waiting"]
        it.store.gate.set()
        await asyncio.gather(*sent)
        assert len(it.launcher.launches) == 1


@in_loop
async def test_what_is_about_to_be_launched_counts_among_a_users_running_jobs():
    async with world(store=WatchedStore(), slots=5) as it:
        it.store.gate.clear()
        ada = caller(max_running_jobs=1)
        sent = [asyncio.create_task(it.submit(who)) for who in (ada, ada, BOB)]
        await settle()
        assert it.store.added == ["pending", "waiting", "pending"]
        it.store.gate.set()
        await asyncio.gather(*sent)
        assert [launch.owner for launch in it.launcher.launches] == ["ada", "bob"]


@in_loop
async def test_a_place_is_given_back_when_the_key_is_known_or_the_store_is_full():
    async with world(store=WatchedStore()) as it:
        job = await it.submit(key="k")
        it.launcher.end(f"{job}.1")
        await settle()
        assert await it.submit(key="k") == job
        it.store.error = StorageFull("no room")
        with pytest.raises(AccessProblem, match="no room"):
            await it.submit()
        it.store.error = None
        other = await it.submit()
        assert it.store.added == ["pending"] * 4
        assert it.launcher.launches[-1].job_id == other


@in_loop
async def test_a_job_that_is_cancelled_between_claim_and_launch_is_never_launched():
    async with world(slots=2) as it:
        goes_on = asyncio.Event()
        it.launcher.on_submit = lambda launch: goes_on.wait()
        first = await it.submit()
        second = await it.submit()
        assert await it.state(second) == "pending"
        await it.service.cancel(ADA, second)
        goes_on.set()
        await settle()
        assert [launch.job_id for launch in it.launcher.launches] == [first]
        assert await it.state(second) == "cancelled"


@in_loop
async def test_a_launcher_that_breaks_costs_an_attempt_at_most():
    async with world() as it:
        it.launcher.errors = [ZeroDivisionError("a fault")]
        job = await it.submit()
        await settle()
        assert [launch.handle for launch in it.launcher.launches] == [f"{job}.2"]
        assert "broke when it started the job" in (await it.store.log(job))[0].text


@in_loop
async def test_a_job_that_may_do_harm_fails_when_its_launcher_breaks():
    async with world(estimate=UNSAFE) as it:
        it.launcher.errors = [ZeroDivisionError("a fault")]
        job = await it.submit()
        await settle()
        assert not it.launcher.launches
        assert (await it.store.get(job)).failure.reason == "runner-lost"
