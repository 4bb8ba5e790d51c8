"""A short history that leads to where a long one has led, so that a journal need not grow for ever.

What is left out: tasks and sessions that are over.
"""

from __future__ import annotations

from collections.abc import Iterator

from qhpc.scheduling.events import (
    Event,
    PolicyRestored,
    PoolAdded,
    QpuStateChanged,
    SessionClosed,
    TaskCancelled,
    TaskRestored,
    WindowAnnounced,
)
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.records import SessionRecord, TaskRecord
from qhpc.scheduling.transitions import FINAL

__all__ = ["snapshot"]


def snapshot(machine: Machine, now_s: float) -> list[Event]:
    """Events that lead a new machine of the same policies to where this one is. Cost O(n log n) in what is kept.

    >>> from qhpc.scheduling.events import SessionOpened, TaskSubmitted
    >>> from qhpc.scheduling.model import Pool, Session, Task
    >>> machine, again = Machine(), Machine()
    >>> session = Session(id="s", user="u", account="a", pool="p")
    >>> _ = machine.handle(PoolAdded(0.0, Pool(name="p", qpus=("q",))), SessionOpened(0.0, session))
    >>> _ = machine.handle(TaskSubmitted(1.0, Task(key="t", session="s", duration_s=5.0)))
    >>> _ = again.handle(*snapshot(machine, 2.0))
    >>> again.task("t").state, again.device("q").running.number
    ('running', 1)
    """
    return [event for name in (pool.name for pool in machine.pools()) for event in _of_pool(machine, name, now_s)]


def _of_pool(machine: Machine, name: str, now_s: float) -> Iterator[Event]:
    sessions, devices = machine.sessions(name), machine.devices(name)
    yield PoolAdded(now_s, devices[0].pool, machine.policy(name))
    for device in devices:
        if device.state != "up":
            yield QpuStateChanged(now_s, device.name, device.state, device.until_s, device.reason)
        yield from (WindowAnnounced(now_s, device.name, window) for window in device.windows())
    yield from (owner.as_event(now_s) for owner in sessions)
    if past := machine.past(name):
        yield PolicyRestored(now_s, name, past)
    yield from _of_tasks(machine, sessions, now_s)
    yield from (SessionClosed(now_s, owner.session.id) for owner in sessions if not owner.is_open)


def _of_tasks(machine: Machine, sessions: list[SessionRecord], now_s: float) -> Iterator[Event]:
    known = [machine.task(key) for owner in sessions for key in owner.keys]
    records = sorted(
        (record for record in known if record is not None and record.state not in FINAL),
        key=lambda record: record.ready.number,
    )
    yield from (_restored(machine, record, now_s) for record in records)
    yield from (TaskCancelled(now_s, record.ready.task.key) for record in records if record.state == "stopping")


def _restored(machine: Machine, record: TaskRecord, now_s: float) -> TaskRestored:
    ready = record.ready
    running = machine.device(record.qpu).running if record.state != "ready" and record.qpu else None
    return TaskRestored(
        now_s,
        ready.task,
        ready.arrival_s,
        record.number,
        ready.remaining_shots,
        ready.remaining_s,
        record.busy_s,
        record.tries,
        ready.deadline_s,
        record.qpu if running is not None else None,
        running.shots if running is not None else 0,
        running.begin_s if running is not None else None,
    )
