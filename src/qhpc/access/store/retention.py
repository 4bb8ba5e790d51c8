"""Files go when their time has come."""

from __future__ import annotations

from contextlib import suppress

from qhpc.access.jobs.life_cycle import IllegalTransition
from qhpc.access.store.protocol import JobStore, UnknownJob

__all__ = ["expire"]

_BATCH = 100


async def expire(store: JobStore, now_s: float) -> int:
    """Remove the files of all jobs that have expired; how many jobs there were. Other work goes on in between.

    >>> import asyncio
    >>> from qhpc.access.store.memory import MemoryStore
    >>> asyncio.run(expire(MemoryStore(), now_s=0.0))
    0
    """
    nb_jobs = 0
    while True:
        jobs = await store.expired(now_s, _BATCH)
        for job in jobs:
            with suppress(IllegalTransition, UnknownJob):  # somebody else was faster
                await store.delete_files(job.id, now_s)
                nb_jobs += 1
        if len(jobs) < _BATCH:
            return nb_jobs
