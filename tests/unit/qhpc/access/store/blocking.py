"""Stores as the tests use them: called without await; jobs to put in."""

from __future__ import annotations

import asyncio
import functools
from itertools import count
from typing import Any

from qat.comm.access.messages import Estimate, Failure
from qhpc.access.jobs.ids import new_id
from qhpc.access.jobs.life_cycle import Launched, Started
from qhpc.access.jobs.record import JobRecord

_numbers = count(1)


class Blocking:
    """A store whose coroutine methods are run to their end when they are called."""

    def __init__(self, store: Any, runner: asyncio.Runner) -> None:
        self.store, self.runner = store, runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            async def await_it() -> Any:
                return await method(*args, **kwargs)

            return self.runner.run(await_it())

        return call

    def together(self, *coroutines: Any) -> list[Any]:
        """The outcomes of coroutines that run at once; an exception is an outcome."""

        async def gather() -> list[Any]:
            return await asyncio.gather(*coroutines, return_exceptions=True)

        return self.runner.run(gather())


def job(created_s: float = 0.0, **fields: Any) -> JobRecord:
    """A new job of eve's."""
    return JobRecord(**{"id": new_id(created_s, next(_numbers)), "owner": "eve", "created_s": created_s, **fields})


def added(store: Blocking, submission: bytes = b"in", **fields: Any) -> JobRecord:
    """A job that the store has taken."""
    return store.add(job(**fields), submission)[0]


def running(store: Blocking, **fields: Any) -> JobRecord:
    """A job that runs since second 2."""
    launched = Launched(time_s=1.0, launcher="local", handle="7")
    return store.apply(added(store, **fields).id, launched, Started(time_s=2.0))


def done(store: Blocking, result: bytes = b"out", **fields: Any) -> JobRecord:
    """A job that has its result since second 5."""
    return store.finish(running(store, **fields).id, result, 5.0)


FAILURE = Failure(exception="QPUException", message="no such qubit", code=3)
ESTIMATE = Estimate(nb_jobs=2, nb_qubits=4, nb_shots=100, memory_bytes=256, duration_s=0.5)
