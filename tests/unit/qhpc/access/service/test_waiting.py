"""Long polls and event streams."""

import asyncio

import pytest

from qat.comm.access.messages import JobView, LogLine, Progress
from qhpc.access.service.events import Place, job_events
from qhpc.access.service.hub import Cut, Hub, Subscription
from qhpc.access.service.problems import AccessProblem
from tests.unit.qhpc.access.service.scripted import ADA, BOB, in_loop, settle, world


def stream(it, job, place=None, who=ADA):
    return job_events(it.service, it.store, who, job, place or Place(), silence_s=5.0)


async def all_of(events):
    return [event async for event in events]


async def told(it):
    """A job with some history."""
    job = await it.submit()
    it.launcher.start(f"{job}.1")
    it.launcher.write(f"{job}.1", "a", "b")
    it.launcher.progress(f"{job}.1", 3)
    await settle()
    return job


@in_loop
async def test_a_stream_tells_the_past_and_what_comes():
    async with world() as it:
        job = await told(it)
        reading = asyncio.create_task(all_of(stream(it, job)))
        await settle()
        it.launcher.write(f"{job}.1", "c")
        it.launcher.end(f"{job}.1")
        events = await reading
        shown = [(event.kind, getattr(event.value, "state", getattr(event.value, "text", None))) for event in events]
        assert shown == [
            ("state", "running"), ("progress", None), ("log", "a"), ("log", "b"),
            ("log", "c"), ("state", "done"), ("end", None),
        ]  # fmt: skip
        assert [type(event.value) for event in events[:3]] == [JobView, Progress, LogLine]
        assert events[-1].value == "final"


@in_loop
async def test_a_stream_is_taken_up_where_it_was_cut():
    async with world() as it:
        job = await told(it)
        first = stream(it, job)
        seen = [await anext(first) for _ in range(3)]
        await first.aclose()
        it.launcher.end(f"{job}.1")
        await settle()
        rest = await all_of(stream(it, job, Place.parse(str(seen[-1].place))))
        assert [(event.kind, getattr(event.value, "text", None)) for event in rest] == [
            ("state", None), ("progress", None), ("log", "b"), ("end", None),
        ]  # fmt: skip
        again = await all_of(stream(it, job, rest[-1].place))
        assert [event.kind for event in again] == ["progress", "end"]


@in_loop
async def test_a_quiet_stream_gives_a_sign_of_life():
    async with world() as it:
        job = await told(it)
        events = job_events(it.service, it.store, ADA, job, Place(version=99, line=2), silence_s=0.0)
        assert [(await anext(events)).kind for _ in range(3)] == ["progress", "silence", "silence"]
        await events.aclose()


@in_loop
async def test_a_slow_reader_is_cut_off_and_blocks_nobody():
    async with world() as it:
        it.service.hub._capacity = 3
        job = await it.submit()
        events = stream(it, job)
        await anext(events)
        it.launcher.start(f"{job}.1")
        for _ in range(5):
            it.launcher.write(f"{job}.1", "x")
        it.launcher.end(f"{job}.1")
        await settle()
        assert await it.state(job) == "done"
        rest = await all_of(events)
        assert (rest[-1].kind, rest[-1].value) == ("end", "slow-reader")
        missed = await all_of(stream(it, job, rest[-1].place))
        assert [event.kind for event in rest + missed].count("log") == 5


@in_loop
async def test_a_closing_server_ends_streams_and_polls():
    async with world() as it:
        job = await it.submit()
        reading = asyncio.create_task(all_of(stream(it, job)))
        polling = asyncio.create_task(it.service.wait(ADA, job, 30.0))
        await settle()
        assert it.service.hub.nb_waiting == 2
        it.service.hub.close()
        assert (await reading)[-1].value == "closing"
        assert (await polling).state == "pending"
        assert (await it.service.wait(ADA, job, 30.0)).state == "pending"


@in_loop
async def test_waits_leave_nothing_behind():
    async with world() as it:
        job = await it.submit()
        waits = [asyncio.create_task(it.service.wait(ADA, job, 30.0)) for _ in range(3)]
        await settle()
        waits.pop().cancel()
        await settle()
        assert it.service.hub.nb_waiting == 2
        assert (await it.service.wait(ADA, job, 0.01)).state == "pending"
        it.launcher.end(f"{job}.1")
        assert [job.state for job in await asyncio.gather(*waits)] == ["done", "done"]
        assert (it.service.hub._waiters, it.service.hub._readers) == ({}, {})


@pytest.mark.parametrize(
    "read", [lambda it, job: it.service.wait(BOB, job, 1.0), lambda it, job: it.service.cancel(BOB, job)]
)
@in_loop
async def test_others_cannot_wait_for_a_job(read):
    async with world() as it:
        job = await it.submit()
        with pytest.raises(AccessProblem, match="unknown-job"):
            await read(it, job)
        with pytest.raises(AccessProblem, match="unknown-job"):
            await anext(stream(it, job, who=BOB))
        await settle()
        assert it.service.hub.nb_waiting == 0


@in_loop
async def test_a_progress_replaces_one_that_was_not_read():
    reader = Subscription(capacity=2)
    for iteration in range(10):
        reader.push(Progress(iteration=iteration))
    assert await reader.next(0.0) == Progress(iteration=9)
    assert await reader.next(0.0) is None


@in_loop
async def test_after_the_cut_nothing_comes():
    reader = Subscription(capacity=1)
    for number in range(3):
        reader.push((LogLine(number=number, time_s=0.0, stream="stdout", text="x"),))
    assert await reader.next(0.0) == Cut("slow-reader")


@in_loop
async def test_a_closed_hub_keeps_nobody():
    hub = Hub()
    hub.close()
    assert await hub.changed("a") is None
    assert await hub.subscribe("a").next(0.0) == Cut("closing")


@pytest.mark.parametrize("text", [None, "", "1", "1.", ".1", "-1.2", "1.2.3", "1e3.4", "9" * 40 + ".1", "²·1"])
def test_a_place_that_is_none_is_the_beginning(text):
    assert Place.parse(text) == Place()
