"""The low-level scheduler: which task runs next on which QPU.

``handle(*events)`` gives the instructions that follow. The machine is a function of the events it was given: the same
events give the same instructions, so a journal of events is all that is needed to go on after a crash.

>>> from qhpc.scheduling.events import PoolAdded, SessionOpened, TaskSubmitted
>>> from qhpc.scheduling.model import Pool, Session, Task
>>> machine = Machine()
>>> session = Session(id="s", user="ada", account="a", pool="p")
>>> machine.handle(
...     PoolAdded(0.0, Pool(name="p", qpus=("q",))),
...     SessionOpened(1.0, session),
...     TaskSubmitted(2.0, Task(key="t", session="s", duration_s=5.0)),
... )
[StartSlice(qpu='q', key='t', number=1, shots=0)]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from qhpc.scheduling import events as happened
from qhpc.scheduling import instructions as do
from qhpc.scheduling.devices import Device, Slice
from qhpc.scheduling.model import Pool, Task
from qhpc.scheduling.node_release import NodeRelease
from qhpc.scheduling.policies import POLICIES, DispatchPolicy, ReadyTask
from qhpc.scheduling.prefetching import prefetch, release, take_next, withdraw
from qhpc.scheduling.records import PoolRecord, SessionRecord, TaskRecord
from qhpc.scheduling.slicing import slice_shots
from qhpc.scheduling.story import Story
from qhpc.scheduling.transitions import FINAL, next_state

__all__ = ["DEFAULT_POLICY", "Machine"]

DEFAULT_POLICY = "shortest-in-share"
_MAX_TRIES = 3
_LOOK_AHEAD = 64
"""So many waiting tasks are looked at when the first ones do not fit before a window."""


class Machine:
    """The state machine. See the module.

    Args:
        policies: name of the policy by pool; ``shortest-in-share`` for others.
        make_policy: gives the policy of a name.
        story: keeps what happened, for people; None keeps nothing.
    """

    def __init__(
        self,
        policies: Mapping[str, str] | None = None,
        *,
        make_policy: Callable[[str], DispatchPolicy] = lambda name: POLICIES[name](),
        story: Story | None = None,
    ) -> None:
        self._policies = dict(policies or {})
        self._make_policy = make_policy
        self._story = story
        self._pools: dict[str, PoolRecord] = {}
        self._devices: dict[str, Device] = {}
        self._sessions: dict[str, SessionRecord] = {}
        self._tasks: dict[str, TaskRecord] = {}
        self._nodes = NodeRelease()
        self._nb_tasks = 0
        self._out: list[do.Instruction] = []

    def handle(self, *events: happened.Event) -> list[do.Instruction]:
        """What is to be done, given what happened, in order of time.

        Events that come late or twice (a task that is known, a slice that has ended) change nothing. Several events
        at a time mean the same as one after the other.
        """
        self._out = out = []
        for event in events:
            pool = _HANDLERS[type(event)](self, event)
            if pool is not None:
                self._dispatch(self._pools[pool], event.time_s)
            if self._nodes.next_s <= event.time_s:
                out += self._nodes.due(event.time_s)
        return out

    # ------------------------------------------------------------ what is known, for accounts and explanations
    def task(self, key: str) -> TaskRecord | None:
        """What is known of a task; nothing once its session is closed."""
        return self._tasks.get(key)

    def session(self, session_id: str) -> SessionRecord | None:
        """What is known of a session."""
        return self._sessions.get(session_id)

    def sessions(self, pool: str) -> list[SessionRecord]:
        """All sessions of a pool. Cost O(sessions)."""
        return [owner for owner in self._sessions.values() if owner.session.pool == pool]

    def device(self, name: str) -> Device:
        """A QPU."""
        return self._devices[name]

    def devices(self, pool: str) -> list[Device]:
        """The QPUs of a pool."""
        return self._pools[pool].devices

    def waiting(self, pool: str) -> list[ReadyTask]:
        """Tasks of a pool that wait, in the order in which they would start now. Cost O(n log n)."""
        return self._pools[pool].in_order()

    def pools(self) -> list[Pool]:
        """All pools."""
        return [record.pool for record in self._pools.values()]

    def policy(self, pool: str) -> str:
        """Name of the policy of a pool."""
        return self._pools[pool].policy.name

    def past(self, pool: str) -> dict[str, tuple[float, ...]]:
        """What the policy of a pool keeps of the past, see ``DispatchPolicy.past``."""
        return self._pools[pool].policy.past()

    def forget(self, key: str) -> None:
        """What is known of a task that has ended is not needed any more: submitting it again would run it again."""
        record = self._tasks.get(key)
        if record is not None and record.state in FINAL:
            del self._tasks[key]
            del self._owner(record).keys[key]

    # ------------------------------------------------------------ QPUs
    def _pool_added(self, event: happened.PoolAdded) -> str:
        pool = event.pool
        if pool.name not in self._pools:
            name = event.policy or self._policies.get(pool.name, DEFAULT_POLICY)
            record = self._pools[pool.name] = PoolRecord(pool, self._make_policy(name))
            self._devices.update((device.name, device) for device in record.devices)
        return pool.name

    def _qpu_state_changed(self, event: happened.QpuStateChanged) -> str:
        device = self._devices[event.qpu]
        device.state, device.until_s, device.reason = event.state, event.until_s, event.reason
        if event.state != "up":
            release(self._pools[device.pool.name], device)
        return device.pool.name

    def _window_announced(self, event: happened.WindowAnnounced) -> str:
        device = self._devices[event.qpu]
        device.announce(event.window)
        self._out.append(do.WakeAt(event.window.end_s))
        return device.pool.name

    def _window_withdrawn(self, event: happened.WindowWithdrawn) -> str:
        device = self._devices[event.qpu]
        device.withdraw(event.window_id)
        return device.pool.name

    def _time_passed(self, event: happened.TimePassed) -> None:
        for pool in self._pools.values():
            self._dispatch(pool, event.time_s)

    # ------------------------------------------------------------ sessions
    def _session_opened(self, event: happened.SessionOpened) -> None:
        session = event.session
        if session.pool not in self._pools:
            raise ValueError(f"session {session.id!r} names the pool {session.pool!r}: there are {list(self._pools)}")
        record = self._sessions.get(session.id)
        if record is None:
            self._sessions[session.id] = SessionRecord(session, event.time_s, self._pools[session.pool].pool.latency_s)
        elif record.is_open:
            record.session = session

    def _session_closed(self, event: happened.SessionClosed) -> str | None:
        owner = self._sessions.get(event.session_id)
        if owner is None or not owner.is_open:
            return None
        for key in owner.keys:
            self._cancel(self._tasks[key], event.time_s, event.reason)
        owner.is_open = False
        pool = self._pools[owner.session.pool]
        pool.policy.forget(event.session_id)
        self._nodes.closed(event.session_id)
        self._forget_if_over(owner)
        return pool.pool.name

    def _forget_if_over(self, owner: SessionRecord) -> None:
        if owner.is_open or owner.nb_unfinished:
            return
        for key in owner.keys:
            del self._tasks[key]
        del self._sessions[owner.session.id]

    # ------------------------------------------------------------ tasks
    def _task_submitted(self, event: happened.TaskSubmitted) -> str | None:
        task, owner = event.task, self._sessions.get(event.task.session)
        known = self._tasks.get(task.key)
        if known is not None and known.ready.task.session == task.session:
            return None
        if owner is None or known is not None or (objection := _objection(task, owner)):
            reason = f"there is no session {task.session!r}: open it first" if owner is None else ""
            reason = reason or (f"the key {task.key!r} is another session's" if known else objection)
            self._out.append(do.RejectTask(task.key, reason))
            return None
        self._nb_tasks += 1
        past, duration_s = owner.past(event.time_s), owner.expected_s(task.duration_s)
        ready = ReadyTask(task, owner.session, event.time_s, self._nb_tasks, past, duration_s)
        record = self._tasks[task.key] = TaskRecord(ready)
        owner.keys[task.key] = None
        owner.add_task(event.time_s)
        self._enqueue(record, owner, event.time_s)
        self._out += self._nodes.quantum_phase(owner.session, event.time_s, duration_s)
        self._tell(record, event.time_s, "came")
        return owner.session.pool

    def _task_cancelled(self, event: happened.TaskCancelled) -> str | None:
        record = self._tasks.get(event.key)
        if record is None:
            return None
        self._cancel(record, event.time_s, "cancelled")
        return record.ready.session.pool

    def _cancel(self, record: TaskRecord, now_s: float, reason: str) -> None:
        if record.state == "ready":
            owner = self._owner(record)
            owner.nb_ready -= 1
            withdraw(self._pools[owner.session.pool], record.ready)
            self._end(record, "cancelled", now_s, do.CancelTask(record.ready.task.key))
        elif record.state == "running":
            record.state = next_state(record.state, "cancelled")
            self._out.append(do.StopSlice(record.qpu or "", record.ready.task.key, record.number))
        else:
            return
        self._tell(record, now_s, reason)

    # ------------------------------------------------------------ what was before a history was cut short
    def _session_restored(self, event: happened.SessionRestored) -> None:
        latency_s = self._pools[event.session.pool].pool.latency_s
        self._sessions[event.session.id] = SessionRecord.restored(event, latency_s)

    def _policy_restored(self, event: happened.PolicyRestored) -> None:
        self._pools[event.pool].policy.recall(event.past)

    def _task_restored(self, event: happened.TaskRestored) -> None:
        task, owner = event.task, self._sessions[event.task.session]
        self._nb_tasks += 1
        ready = ReadyTask(task, owner.session, event.arrival_s, self._nb_tasks, owner.past(event.time_s))
        ready.remaining_shots, ready.remaining_s = event.remaining_shots, event.remaining_s
        ready.deadline_s = event.deadline_s
        record = self._tasks[task.key] = TaskRecord(ready)
        record.number, record.tries, record.busy_s = event.number, event.tries, event.busy_s
        owner.keys[task.key] = None
        owner.add_task(event.time_s, is_new=False)
        self._out += self._nodes.quantum_phase(owner.session, event.time_s, event.remaining_s)
        if event.qpu is None:
            self._enqueue(record, owner, event.time_s)
        else:
            begin_s = event.time_s if event.begin_s is None else event.begin_s
            self._occupy(self._devices[event.qpu], record, event.shots, begin_s)

    # ------------------------------------------------------------ slices
    def _slice_finished(self, event: happened.SliceFinished) -> str | None:
        record = self._off_the_qpu(event)
        if record is None:
            return None
        ready = record.ready
        record.tries = 0
        if ready.remaining_shots:
            left = max(ready.remaining_shots - event.shots, 0)
            ready.remaining_s *= left / ready.remaining_shots
            ready.remaining_shots = left
        if record.state == "stopping":
            self._end(record, "off the QPU", event.time_s, do.CancelTask(event.key))
        elif ready.remaining_shots and ready.task.is_sliceable:
            record.state = next_state(record.state, "slice finished")
            self._enqueue(record, self._owner(record), event.time_s)
            self._tell(record, event.time_s, "slice %d ended on %s", event.number, event.qpu)
        else:
            owner = self._owner(record)
            owner.told_s += ready.task.duration_s
            owner.took_s += record.busy_s
            self._end(record, "completed", event.time_s, do.FinishTask(event.key))
        return ready.session.pool

    def _slice_failed(self, event: happened.SliceFailed) -> str | None:
        record = self._off_the_qpu(event)
        if record is None:
            return None
        record.tries += 1
        if record.state == "stopping":
            self._end(record, "off the QPU", event.time_s, do.CancelTask(event.key))
        elif (reason := _reason_to_give_up(record, event)) is None:
            record.state = next_state(record.state, "will be retried")
            self._enqueue(record, self._owner(record), event.time_s)
            self._tell(record, event.time_s, "failed on %s and will be retried: %s", event.qpu, event.reason)
        else:
            self._end(record, "given up", event.time_s, do.FailTask(event.key, reason))
        return record.ready.session.pool

    def _off_the_qpu(self, event: happened.SliceFinished | happened.SliceFailed) -> TaskRecord | None:
        """The task whose slice ended, its QPU idle and its time charged; None if the event is late or comes twice."""
        device = self._devices.get(event.qpu)
        running = device.running if device is not None else None
        if device is None or running is None or running.number != event.number or running.ready.task.key != event.key:
            return None
        pool = self._pools[device.pool.name]
        device.running = None
        pool.nb_running -= 1
        record = self._tasks[event.key]
        record.busy_s += event.busy_s
        self._owner(record).end_slice(running.begin_s, event.busy_s)
        pool.queue.charged(record.ready, event.busy_s)
        return record

    # ------------------------------------------------------------ what runs next
    def _dispatch(self, pool: PoolRecord, now_s: float) -> None:
        """Give idle QPUs tasks, and tell busy ones what comes next."""
        pool.queue.now_s = now_s
        if pool.nb_running < len(pool.devices):
            for device in pool.devices:
                if device.running is None and pool.has_waiting() and device.takes_tasks():
                    self._start_next(pool, device, now_s)
        if pool.pool.prefetch_depth and pool.queue:
            self._out += prefetch(pool, now_s)

    def _start_next(self, pool: PoolRecord, device: Device, now_s: float) -> None:
        """Start the first waiting task that fits before the QPU's next window."""
        available_s = device.available_s(now_s)
        passed_over: list[ReadyTask] = []
        while available_s > 0 and len(passed_over) < _LOOK_AHEAD and (found := take_next(pool, device, now_s)):
            ready, wait_s = found
            shots = slice_shots(ready, available_s - wait_s, pool.pool.slice_s)
            if shots is not None:
                self._start(device, ready, shots, now_s, wait_s)
                break
            passed_over.append(ready)
        for ready in passed_over:
            pool.queue.push(ready)
        if device.running is None and device.prepared:
            release(pool, device)

    def _start(self, device: Device, ready: ReadyTask, shots: int, now_s: float, wait_s: float) -> None:
        record = self._tasks[ready.task.key]
        self._owner(record).nb_ready -= 1
        record.number += 1
        if record.first_start_s is None:
            record.first_start_s = now_s
        self._out.append(do.StartSlice(device.name, ready.task.key, record.number, shots))
        self._occupy(device, record, shots, now_s, wait_s)
        self._tell(record, now_s, "runs on %s: slice %d, %d shots", device.name, record.number, shots)

    def _occupy(self, device: Device, record: TaskRecord, shots: int, begin_s: float, wait_s: float = 0.0) -> None:
        ready, owner = record.ready, self._owner(record)
        record.state = next_state(record.state, "started")
        record.qpu = device.name
        self._pools[owner.session.pool].nb_running += 1
        part = shots / ready.remaining_shots if ready.remaining_shots else 1.0
        end_s = begin_s + wait_s + part * ready.remaining_s
        device.running = Slice(ready, record.number, shots, begin_s, end_s)
        owner.begin_slice(begin_s)
        if part >= 1.0 and owner.nb_unfinished == 1:
            self._out += self._nodes.last_slice(owner.session, device.running.end_s)

    # ------------------------------------------------------------ small steps
    def _owner(self, record: TaskRecord) -> SessionRecord:
        return self._sessions[record.ready.task.session]

    def _enqueue(self, record: TaskRecord, owner: SessionRecord, now_s: float) -> None:
        owner.nb_ready += 1
        queue = self._pools[owner.session.pool].queue
        queue.now_s = now_s
        queue.push(record.ready)

    def _end(self, record: TaskRecord, happening: str, now_s: float, instruction: do.Instruction) -> None:
        record.state, record.end_s = next_state(record.state, happening), now_s
        owner = self._owner(record)
        owner.end_task(now_s)
        self._out.append(instruction)
        if not owner.nb_unfinished:
            self._out += self._nodes.ended(owner.session)
            if not owner.is_open:
                self._forget_if_over(owner)
        self._tell(record, now_s, happening)

    def _tell(self, record: TaskRecord, now_s: float, text: str, *values: Any) -> None:
        if self._story is not None:
            self._story.add(now_s, record.ready.task.key, text % values if values else text)


def _objection(task: Task, owner: SessionRecord) -> str:
    """Why a session's task is not accepted; empty if it is."""
    session = owner.session
    if not owner.is_open:
        return f"session {session.id!r} is closed"
    if not 0 <= task.duration_s < inf or task.shots < 0:
        return f"task {task.key!r} has duration {task.duration_s} s and {task.shots} shots: give finite ones from 0 on"
    if owner.nb_ready >= session.max_ready_tasks:
        return f"session {session.id!r} has {owner.nb_ready} waiting tasks, its limit: wait for some to end"
    if session.max_qpu_s is not None and owner.used_s + task.duration_s > session.max_qpu_s:
        return (
            f"session {session.id!r} has used {owner.used_s:.3g} s of its {session.max_qpu_s:.3g} s of QPU and this "
            f"task needs {task.duration_s:.3g} s: ask for a larger quota"
        )
    return ""


def _reason_to_give_up(record: TaskRecord, event: happened.SliceFailed) -> str | None:
    """Why a task whose slice failed is not tried again; None if it is."""
    if event.may_have_run and not record.ready.task.is_repeatable:
        return f"{event.reason}. Nobody knows whether it ran on {event.qpu}, and it must not run twice"
    if not (event.is_retryable or event.may_have_run):
        return event.reason
    return f"{event.reason} (tried {record.tries} times)" if record.tries >= _MAX_TRIES else None


_HANDLERS: dict[type[Any], Callable[[Machine, Any], str | None]] = {
    happened.PoolAdded: Machine._pool_added,
    happened.QpuStateChanged: Machine._qpu_state_changed,
    happened.WindowAnnounced: Machine._window_announced,
    happened.WindowWithdrawn: Machine._window_withdrawn,
    happened.SessionOpened: Machine._session_opened,
    happened.SessionClosed: Machine._session_closed,
    happened.TaskSubmitted: Machine._task_submitted,
    happened.TaskCancelled: Machine._task_cancelled,
    happened.SliceFinished: Machine._slice_finished,
    happened.SliceFailed: Machine._slice_failed,
    happened.SessionRestored: Machine._session_restored,
    happened.TaskRestored: Machine._task_restored,
    happened.PolicyRestored: Machine._policy_restored,
    happened.TimePassed: Machine._time_passed,
}
"""What each event does; it gives the pool in which something may have to start."""
