"""A short journal that leads where a long one did: without sessions that are over and tasks that were acknowledged."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from qhpc.broker.brokerage.core import Core
from qhpc.broker.brokerage.state import BrokerTask
from qhpc.broker.facts import DriverSeen, Record, SliceError, TaskEnded, TaskPayload
from qhpc.scheduling.events import (
    Event,
    PolicyRestored,
    PoolAdded,
    QpuStateChanged,
    SessionClosed,
    SessionRestored,
    TaskCancelled,
    TaskRestored,
    WindowAnnounced,
)
from qhpc.scheduling.machine import DEFAULT_POLICY
from qhpc.scheduling.model import Pool
from qhpc.scheduling.snapshot import snapshot

__all__ = ["shortened"]


def shortened(core: Core, now_s: float) -> list[Record]:
    """The records that a journal needs from now on; rows of the accounts have to be on disk before it loses others."""
    return list(_records(core, now_s))


def _records(core: Core, now_s: float) -> Iterator[Record]:
    pools = {pool.name: pool for pool in core.rules.pools}
    qpus = {qpu for pool in pools.values() for qpu in pool.qpus}
    tasks = [task for task in core.tasks.values() if task.session.pool in pools]
    sessions = [session for session in core.sessions.values() if session.pool in pools]
    sessions += {id(task.session): task.session for task in tasks if not task.session.is_open}.values()
    drivers = [driver for driver in core.drivers.values() if driver.incarnation and driver.qpu in qpus]
    yield from (DriverSeen(driver.qpu, driver.incarnation) for driver in drivers)
    yield from (moved for name, moved in core.alphas.items() if name in pools)
    yield from (session.identity for session in sessions)
    yield from (TaskPayload(task.session.id, task.submitted) for task in tasks)
    for event in snapshot(core.machine, now_s):
        yield from _under_rules(event, core, pools)
    for task in tasks:
        yield from _of_task(task)


def _under_rules(event: Event, core: Core, pools: dict[str, Pool]) -> Iterator[Event]:
    """An event as it is if the pools have always been what they are now."""
    if isinstance(event, PoolAdded):
        if (pool := pools.get(event.pool.name)) is not None:
            yield PoolAdded(event.time_s, pool, _policy(core, pool.name))
    elif isinstance(event, PolicyRestored):
        if event.pool in pools and _policy(core, event.pool) == core.machine.policy(event.pool):
            yield event
    elif isinstance(event, QpuStateChanged | WindowAnnounced):
        pool = pools.get(core.machine.device(event.qpu).pool.name)
        if pool is not None and event.qpu in pool.qpus:  # one that has another pool now begins anew
            yield event
    elif isinstance(event, TaskRestored):
        if (task := core.tasks.get(event.task.key)) is not None and task.session.pool in pools:
            is_there = event.qpu in pools[task.session.pool].qpus
            yield event if is_there else replace(event, qpu=None, shots=0)
    elif isinstance(event, SessionRestored):
        if event.session.pool in pools:
            yield event
    elif not isinstance(event, SessionClosed | TaskCancelled) or _is_kept(event, core, pools):
        yield event


def _policy(core: Core, pool: str) -> str:
    return core.rules.policies.get(pool, DEFAULT_POLICY)


def _is_kept(event: SessionClosed | TaskCancelled, core: Core, pools: dict[str, Pool]) -> bool:
    if isinstance(event, TaskCancelled):
        return event.key in core.tasks and core.tasks[event.key].session.pool in pools
    record = core.machine.session(event.session_id)
    return record is not None and record.session.pool in pools


def _of_task(task: BrokerTask) -> Iterator[Record]:
    yield from (task.results[number] for number in sorted(task.results))
    if task.error:
        yield SliceError(task.full_key, task.error)
    if task.outcome is not None:
        yield TaskEnded(task.full_key, task.outcome)
