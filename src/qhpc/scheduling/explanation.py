"""Why a task waits, and when it is expected to start, for people.

>>> from qhpc.scheduling.events import PoolAdded, SessionOpened, TaskSubmitted
>>> from qhpc.scheduling.model import Pool, Session, Task
>>> machine = Machine()
>>> session = Session(id="s", user="ada", account="a", pool="p")
>>> tasks = [Task(key=key, session="s", duration_s=30.0) for key in ("t", "u", "v")]
>>> events = [TaskSubmitted(0.0, task) for task in tasks]
>>> _ = machine.handle(PoolAdded(0.0, Pool(name="p", qpus=("q",))), SessionOpened(0.0, session), *events)
>>> print(explain(machine, "v", now_s=10.0))
waits: 1 task (30 s) goes before it
q is busy for about 20 s
expected to start in about 50 s
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace
from itertools import takewhile
from math import inf

import msgspec

from qhpc.scheduling.devices import Device
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.model import TaskState
from qhpc.scheduling.policies.protocol import ReadyTask
from qhpc.scheduling.records import TaskRecord

__all__ = ["Explanation", "explain"]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a task is, and why.

    Attributes:
        key: of the task.
        state: where it is.
        nb_ahead: tasks that wait and go before it now.
        ahead_s: seconds of QPU that these need.
        reasons: sentences for people; the first one says what the state is.
        earliest_s: from now to its start, if nobody else comes; 0 if it started, None if nobody knows.
        latest_s: the same if each other session comes before it with one more task of its usual length.
    """

    key: str
    state: TaskState
    nb_ahead: int = 0
    ahead_s: float = 0.0
    reasons: tuple[str, ...] = ()
    earliest_s: float | None = 0.0
    latest_s: float | None = 0.0

    def __str__(self) -> str:
        return "\n".join(self.reasons)


def explain(machine: Machine, key: str, now_s: float) -> Explanation | None:
    """Why a task is where it is; None if the machine does not know it.

    Cost O(n log n) in the tasks that wait: for people who ask, not for decisions.
    """
    record = machine.task(key)
    if record is None:
        return None
    if record.state != "ready":
        return Explanation(key=key, state=record.state, reasons=(_whereabouts(record),))
    return _explain_wait(machine, record.ready, now_s)


def _whereabouts(record: TaskRecord) -> str:
    if record.state in ("running", "stopping"):
        return f"{record.state} on {record.qpu}: slice {record.number}, {record.busy_s:.3g} s of QPU before it"
    return f"{record.state} after {record.busy_s:.3g} s of QPU"


def _explain_wait(machine: Machine, ready: ReadyTask, now_s: float) -> Explanation:
    pool = ready.session.pool
    ahead = list(takewhile(lambda other: other is not ready, machine.waiting(pool)))
    devices = machine.devices(pool)
    earliest_s = _start_s(devices, [other.remaining_s for other in ahead], ready.remaining_s, now_s)
    passing = [other.remaining_s for other in ahead] + _who_may_come(machine, ready, pool)
    latest_s = _start_s(devices, passing, ready.remaining_s, now_s)
    ahead_s = sum(other.remaining_s for other in ahead)
    reasons = [_queue_text(len(ahead), ahead_s)]
    reasons += [_device_text(device, ready, now_s) for device in devices]
    return Explanation(
        key=ready.task.key,
        state="ready",
        nb_ahead=len(ahead),
        ahead_s=ahead_s,
        reasons=(*reasons, _start_text(earliest_s, latest_s)),
        earliest_s=earliest_s,
        latest_s=latest_s,
    )


def _who_may_come(machine: Machine, ready: ReadyTask, pool: str) -> list[float]:
    """Usual lengths of the tasks of other sessions that have none now."""
    others = (owner for owner in machine.sessions(pool) if owner.is_open and not owner.nb_unfinished)
    return [owner.usual_task_s() for owner in others if owner.session.id != ready.session.id]


def _start_s(devices: Sequence[Device], ahead_s: Sequence[float], own_s: float, now_s: float) -> float | None:
    """Seconds until a task starts after others, each on the QPU that is free first; None if no QPU is expected."""
    free_s = [_free_s(device, own_s, now_s) for device in devices]
    heapify(free_s)
    for length_s in ahead_s:
        heapreplace(free_s, free_s[0] + length_s)
    return free_s[0] if free_s and free_s[0] < inf else None


def _free_s(device: Device, own_s: float, now_s: float) -> float:
    """Seconds until a QPU can take a task of this length; without end if nobody knows."""
    if device.state != "up":
        return max(device.until_s - now_s, 0.0) if device.until_s is not None else inf
    busy_s = max(device.running.end_s - now_s, 0.0) if device.running is not None else 0.0
    opens_at_s = device.opens_at_s(now_s)
    if opens_at_s is not None and busy_s + own_s > device.available_s(now_s):
        return max(opens_at_s - now_s, busy_s)
    return busy_s


def _queue_text(nb_ahead: int, ahead_s: float) -> str:
    if not nb_ahead:
        return "waits: it is the next one"
    tasks, go = ("task", "goes") if nb_ahead == 1 else ("tasks", "go")
    return f"waits: {nb_ahead} {tasks} ({ahead_s:.3g} s) {go} before it"


def _device_text(device: Device, ready: ReadyTask, now_s: float) -> str:
    because = f": {device.reason}" if device.reason else ""
    if device.state != "up":
        until = (
            "nobody knows until when"
            if device.until_s is None
            else f"for {max(device.until_s - now_s, 0.0):.3g} s more"
        )
        return f"{device.name} is {device.state}, {until}{because}"
    available_s, opens_at_s = device.available_s(now_s), device.opens_at_s(now_s)
    if not available_s and opens_at_s is not None:
        return f"{device.name} is not there for {opens_at_s - now_s:.3g} s more: {device.window_reason(now_s)}"
    if device.running is not None:
        return f"{device.name} is busy for about {max(device.running.end_s - now_s, 0.0):.3g} s"
    if ready.remaining_s > available_s:
        reason = device.window_reason(now_s)
        return (
            f"{device.name} is there for {available_s:.3g} s, less than the {ready.remaining_s:.3g} s of it: {reason}"
        )
    return f"{device.name} is idle"


def _start_text(earliest_s: float | None, latest_s: float | None) -> str:
    if earliest_s is None or latest_s is None:
        return "nobody knows when it starts"
    if latest_s - earliest_s < 0.05 * latest_s or latest_s == earliest_s:
        return f"expected to start in about {earliest_s:.3g} s"
    return f"expected to start in {earliest_s:.3g} to {latest_s:.3g} s"
