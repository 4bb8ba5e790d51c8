"""Which tasks are prepared on which QPU before they run there, and which of them a QPU that is free runs first.

A QPU that runs a task has up to ``prefetch_depth`` others prepared: those that waited first when there was room for
them. A preparation takes the pool's ``latency_s``; several go on at a time, beside what runs. A prepared task still
waits: another QPU may take it, and one that comes first in the policy's order takes its place.

A free QPU runs the first task in the policy's order, of those prepared on it and the first that is not prepared. If
that one is not usable yet, another goes before it that delays it by no more than the dead time that this saves.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from math import inf
from typing import Any

from qhpc.scheduling.devices import Device, Preparation
from qhpc.scheduling.instructions import PrefetchTask
from qhpc.scheduling.policies.protocol import ReadyTask
from qhpc.scheduling.records import PoolRecord

__all__ = ["prefetch", "release", "take_next", "withdraw"]


def take_next(pool: PoolRecord, device: Device, now_s: float) -> tuple[ReadyTask, float] | None:
    """The task that a free QPU runs next, which waits no more, and seconds until it is prepared; None if none waits."""
    if len(pool.prepared) > len(device.prepared):
        _release_late(pool, device, now_s)
    if not device.prepared:
        ready = pool.queue.pop() or _from_elsewhere(pool)
        return None if ready is None else (ready, pool.pool.latency_s)
    ready, usable_s = _best(pool, _candidates(pool, device, now_s))
    if ready.prepared_on is None:
        pool.queue.pop()
    else:
        withdraw(pool, ready)
    return ready, max(usable_s - now_s, 0.0)


def prefetch(pool: PoolRecord, now_s: float) -> Iterator[PrefetchTask]:
    """Prepare what waits first, on the QPUs that are free first; where all have enough, instead of what comes later."""
    usable_s = now_s + pool.pool.latency_s
    while (ready := pool.queue.peek()) is not None:
        device, place, later = _roomy(pool, now_s), pool.queue.place(ready), None
        if device is None:
            if not pool.prepared or pool.prepared[-1][0] < place:
                return
            later = pool.prepared[-1][1]
            device = later.prepared_on
            withdraw(pool, later)
        pool.queue.pop()
        if later is not None:
            pool.queue.push(later)
        device.prepared.append(Preparation(ready, usable_s, place))
        insort(pool.prepared, (place, ready))
        ready.prepared_on = device
        yield PrefetchTask(device.name, ready.task.key)


def withdraw(pool: PoolRecord, ready: ReadyTask) -> None:
    """A task waits no more, prepared or not."""
    device: Device | None = ready.prepared_on
    if device is None:
        pool.queue.remove(ready)
        return
    index = next(index for index, each in enumerate(device.prepared) if each.ready is ready)
    _forget(pool, device.prepared.pop(index))


def release(pool: PoolRecord, device: Device) -> None:
    """What is prepared on a QPU waits for any again."""
    for preparation in device.prepared:
        _forget(pool, preparation)
        pool.queue.push(preparation.ready)
    device.prepared = []


def _forget(pool: PoolRecord, preparation: Preparation) -> None:
    del pool.prepared[bisect_left(pool.prepared, (preparation.place,))]
    preparation.ready.prepared_on = None


def _release_late(pool: PoolRecord, free: Device, now_s: float) -> None:
    """What is prepared on QPUs that should have been free before now waits for any QPU again."""
    for device in pool.devices:
        if device.prepared and device is not free and device.running is not None and device.running.end_s < now_s:
            release(pool, device)


def _from_elsewhere(pool: PoolRecord) -> ReadyTask | None:
    """The first task that is prepared on another QPU: this one would be idle."""
    ready = min((ready for _, ready in pool.prepared), key=pool.queue.place, default=None)
    if ready is not None:
        withdraw(pool, ready)
    return ready


Candidate = tuple[tuple[Any, ...], float, ReadyTask]
"""Place in the policy's order, when it is usable, and the task."""


def _candidates(pool: PoolRecord, device: Device, now_s: float) -> list[Candidate]:
    queue = pool.queue
    found = [(queue.place(each.ready), max(each.usable_s, now_s), each.ready) for each in device.prepared]
    if (first := queue.peek()) is not None:
        found.append((queue.place(first), now_s + pool.pool.latency_s, first))
    return found


def _best(pool: PoolRecord, candidates: list[Candidate]) -> tuple[ReadyTask, float]:
    """The first one, unless another of its class that is usable before it makes the QPU idle for less time.

    While a QPU is idle all tasks wait, each its part of the time; the other one delays the first alone. What takes no
    longer than a few preparations goes in the order in which it was prepared.
    """
    place, usable_s, ready = min(candidates)
    nb_waiting = (len(pool.queue) + len(pool.prepared)) / len(pool.devices)
    sooner = sorted(each for each in candidates if each[1] < usable_s and each[0][0] <= place[0])
    for _, other_usable_s, other in sooner:
        saved_s = max(nb_waiting, 2.0) * (usable_s - other_usable_s) + ready.remaining_s
        if other.remaining_s <= max(saved_s, _SHORT * pool.pool.latency_s):
            return other, other_usable_s
    return ready, usable_s


_SHORT = 8.0
"""A task that takes less than so many preparations is not worth reordering."""


def _roomy(pool: PoolRecord, now_s: float) -> Device | None:
    """The QPU that can have one more task prepared and needs it first; nobody knows when one that is late does."""
    depth = pool.pool.prefetch_depth
    if len(pool.prepared) >= depth * len(pool.devices):
        return None
    best, least = None, (depth, inf)
    for device in pool.devices:
        if device.running is not None and device.state == "up" and len(device.prepared) < depth:
            end_s = device.running.end_s
            need = (len(device.prepared), end_s if end_s >= now_s else inf)
            if need < least:
                best, least = device, need
    return best
