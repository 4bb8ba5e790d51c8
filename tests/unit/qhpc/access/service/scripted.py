"""A launcher and a catalogue that do what a test says, and a service on top of them."""

from __future__ import annotations

import asyncio
import functools
import itertools
from contextlib import asynccontextmanager

import msgspec

from qat.comm.access.messages import Estimate, Failure, LogLine, Progress, ServiceView, Submission
from qat.comm.recipe import ServiceCall, StackRecipe
from qhpc.access.launchers.protocol import (
    Ended,
    Inspection,
    JobLogged,
    JobProgressed,
    JobStarted,
    Lost,
)
from qhpc.access.service.caller import Caller
from qhpc.access.service.limits import Limits
from qhpc.access.service.service import AccessService
from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import Account

RECIPE = StackRecipe((ServiceCall("qat.qpus", "LinAlg"),))
FAILURE = Failure(exception="QPUException", message="no gate Z2", code=5)


def caller(name="ada", *, operator=False, **quotas):
    scopes = ("user", "operator") if operator else ("user",)
    return Caller(user=Account(name=name, scopes=scopes, **quotas), scopes=scopes)


def submission(**fields):
    return msgspec.msgpack.encode(Submission(recipe=RECIPE, **fields))


class Clock:
    """Each look at it takes a millisecond."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        self.now_s += 0.001
        return self.now_s


class ScriptedCatalogue:
    """Gives every submission the same estimate, or raises ``error``."""

    def __init__(self, estimate=None):
        self.estimate, self.error, self.inspected = estimate or Estimate(nb_jobs=1), None, 0

    async def services(self):
        return [ServiceView(kind="qat.qpus", name="LinAlg", role="qpu")]

    async def inspect(self, body):
        self.inspected += 1
        if self.error is not None:
            raise self.error
        return Inspection(stack="LinAlg", estimate=self.estimate)


class ScriptedLauncher:
    """Takes jobs and waits for the test to say what becomes of them."""

    name = "scripted"

    def __init__(self, slots=1):
        self.slots = slots
        self.launches, self.cancelled, self.adopted = [], [], []
        self.alive, self.where = {}, None
        self.errors = []
        self.on_submit = None
        self._reports = asyncio.Queue()

    def cluster_id(self, handle):
        return None if self.where is None else f"7{handle[-1]}"

    async def standing(self, handle):
        return self.where

    @property
    def free_slots(self):
        return self.slots - len(self.alive)

    async def open(self):
        pass

    async def submit(self, launch):
        if self.on_submit is not None:
            await self.on_submit(launch)
        if self.errors:
            raise self.errors.pop(0)
        self.launches.append(launch)
        self.alive[launch.handle] = launch
        return launch.handle

    async def cancel(self, handle, *, grace_s=0.5):
        self.cancelled.append(handle)
        if handle in self.alive:
            self.lose(handle, "killed")

    async def adopt(self, handles):
        self.adopted += handles
        for handle in handles:
            if handle not in self.alive:
                self.lose(handle, "the runner ended with the server")

    async def reports(self):
        while (report := await self._reports.get()) is not None:
            yield report

    async def close(self):
        for handle in list(self.alive):
            self.lose(handle, "the server stopped")
        self._reports.put_nowait(None)

    # What a test says

    def _tell(self, kind, handle, time_s=1001.0, **fields):
        job_id, attempt = handle.rsplit(".", 1)
        self._reports.put_nowait(kind(job_id=job_id, attempt=int(attempt), time_s=time_s, **fields))

    def start(self, handle):
        self._tell(JobStarted, handle)

    def end(self, handle, result=b"result", **fields):
        self.alive.pop(handle, None)
        self._tell(Ended, handle, time_s=1002.0, result=result, **fields)

    def fail(self, handle, failure=FAILURE, **fields):
        self.end(handle, result=None, failure=failure, **fields)

    def lose(self, handle, reason="the runner was killed"):
        self.alive.pop(handle, None)
        self._tell(Lost, handle, reason=reason)

    def progress(self, handle, iteration, time_s=1001.0):
        self._tell(JobProgressed, handle, time_s=time_s, progress=Progress(iteration=iteration))

    def write(self, handle, *texts):
        lines = (LogLine(number=number, time_s=1.0, stream="stdout", text=text) for number, text in enumerate(texts))
        self._tell(JobLogged, handle, lines=tuple(lines))


class World:
    """A service with everything around it."""

    def __init__(self, *, store=None, slots=1, limits=None, estimate=None):
        self.store = store or MemoryStore()
        self.launcher = ScriptedLauncher(slots)
        self.catalogue = ScriptedCatalogue(estimate)
        self.clock = Clock()
        self.service = AccessService(self.store, self.launcher, self.catalogue, limits or Limits(), self.clock)
        self._keys = itertools.count()

    async def submit(self, who=None, key=None, **fields):
        """Send a job, and let the dispatcher see it; the job's id."""
        view, _ = await self.service.submit(who or ADA, submission(**fields), key or f"key {next(self._keys)}")
        await settle()
        return view.id

    async def state(self, job_id):
        return (await self.store.get(job_id)).state


ADA, BOB, ROOT = caller(), caller("bob"), caller("root", operator=True)


async def settle():
    """Let everything happen that can."""
    for _ in range(60):
        await asyncio.sleep(0)


@asynccontextmanager
async def world(**options):
    """A service that is open."""
    found = World(**options)
    await found.service.open()
    await settle()
    try:
        yield found
    finally:
        await found.service.close(drain_s=0.0)


def in_loop(test):
    """Run a coroutine function as a test."""

    @functools.wraps(test)
    def run(*arguments, **keywords):
        asyncio.run(asyncio.wait_for(test(*arguments, **keywords), 20))

    return run
