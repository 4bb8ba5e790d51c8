"""Files go when their time has come, and much later what is known of their jobs."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from qhpc.access.jobs.life_cycle import IllegalTransition
from qhpc.access.store.protocol import JobStore, Store, UnknownJob

__all__ = ["expire", "forget"]

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
            await asyncio.sleep(0)  # a store in a file works without ever letting go of the loop
        if len(jobs) < _BATCH:
            return nb_jobs


async def forget(store: Store, now_s: float, keep_s: float | None) -> int:
    """Remove expired tokens, and what is ``keep_s`` old: jobs whose files were removed, and sessions that are over.

    Args:
        store: where they are kept.
        now_s: time.
        keep_s: None keeps jobs and sessions.

    Returns:
        How many jobs there were.

    >>> import asyncio
    >>> from qhpc.access.store.memory import MemoryStore
    >>> asyncio.run(forget(MemoryStore(), now_s=0.0, keep_s=60.0))
    0
    """
    await store.forget_tokens(now_s)
    if keep_s is None:
        return 0
    await store.forget_sessions(now_s - keep_s)
    nb_jobs = 0
    while nb_forgotten := await store.forget_jobs(now_s - keep_s, _BATCH):
        nb_jobs += nb_forgotten
        await asyncio.sleep(0)
    return nb_jobs
