"""The broker's memory as a function of its records, and what follows from each.

``write`` appends a record and applies it; ``recall`` applies one that is in the journal already. Both do the same to
what is kept, so that a broker that was killed is, after it has read its journal, where it was; only what it would send
then is dropped. What must not be said before it is on disk waits in ``hold`` until ``safe``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from heapq import heappush
from typing import Any

from msgspec.structs import replace

from qat.comm.broker import messages as job
from qhpc.broker.brokerage.answers import Answer, Merge, answer, is_long
from qhpc.broker.brokerage.rules import Rules
from qhpc.broker.brokerage.state import BrokerSession, BrokerTask, Driver, Given, Stray
from qhpc.broker.brokerage.turn import Turn
from qhpc.broker.drivers import messages as driver
from qhpc.broker.facts import (
    AlphaMoved,
    DriverSeen,
    Ending,
    Outcome,
    Record,
    SessionIdentity,
    SliceError,
    SliceResult,
    TaskAcknowledged,
    TaskEnded,
    TaskPayload,
)
from qhpc.broker.quotas import Payer
from qhpc.broker.usage_rows import SessionRow, SliceRow
from qhpc.scheduling import events as happened
from qhpc.scheduling import instructions as do
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.transitions import FINAL

__all__ = ["TASK_BYTES", "Core"]

TASK_BYTES = 1024
"""A task counts for so much besides what is in it."""

_ROUNDING_S = 1e-6


class Core:
    """What the broker knows, and what it is about to say.

    Args:
        rules: what the site has decided.
        merge: puts the results of slices together.
    """

    def __init__(self, rules: Rules, merge: Merge) -> None:
        self.rules, self.merge = rules, merge
        self.machine = Machine()
        self.sessions: dict[str, BrokerSession] = {}
        self.tasks: dict[str, BrokerTask] = {}
        self.drivers: dict[str, Driver] = {}
        self.strays: dict[tuple[str, int], Stray] = {}
        self.alphas: dict[str, AlphaMoved] = {}
        self.bytes_of: dict[str, int] = {}
        self.expected_s: dict[Payer, float] = {}
        self.wake_s: list[float] = []
        self.now_s = 0.0
        self.turn = Turn.empty()
        self._held: deque[tuple[int, Callable[[Any], None], Any]] = deque()
        self._nb_records = self._nb_safe = 0

    def take(self) -> Turn:
        """What is to be done outside, once."""
        turn, self.turn = self.turn, Turn.empty()
        return turn

    # ------------------------------------------------------------ records
    def write(self, record: Record) -> None:
        """Something happened: keep it, and do what follows."""
        self.turn.records.append(record)
        self._nb_records += 1
        self._apply(record)

    def recall(self, record: Record) -> None:
        """Something had happened before the broker was started; of what follows, only the rows are left to do."""
        self._nb_records += 1
        self._apply(record)
        self.safe(self._nb_records)
        self.turn = Turn.empty()._replace(rows=self.turn.rows)

    def forget_halves(self) -> None:
        """A payload without its task, an identity without its session: the end of the journal was cut between them."""
        for task in tuple(self.tasks.values()):
            if task.outcome is None and self.machine.task(task.full_key) is None:
                self.forget(task)
        for session_id in [name for name in self.sessions if self.machine.session(name) is None]:
            del self.sessions[session_id]

    def safe(self, number: int) -> None:
        """All records up to this number are on disk."""
        self._nb_safe = max(self._nb_safe, number)
        while self._held and self._held[0][0] <= self._nb_safe:
            _, say, about = self._held.popleft()
            say(about)

    def hold(self, say: Callable[[Any], None], about: Any) -> None:
        """Say something as soon as all that was written until now is on disk."""
        if self._nb_records <= self._nb_safe:
            say(about)
        else:
            self._held.append((self._nb_records, say, about))

    def _apply(self, record: Record) -> None:
        self.now_s = max(self.now_s, getattr(record, "time_s", 0.0))
        kind = type(record)
        if (keep := _KEEP.get(kind)) is not None:
            keep(self, record)
        if kind in _EVENTS:
            for instruction in self.machine.handle(record):  # type: ignore[arg-type]
                _OBEY[type(instruction)](self, instruction, record.time_s)  # type: ignore[union-attr]
            if kind is happened.SessionClosed:
                self._after_close(record)  # type: ignore[arg-type]

    # ------------------------------------------------------------ what is kept of a record
    def _pool_added(self, event: happened.PoolAdded) -> None:
        for qpu in event.pool.qpus:
            self.drivers.setdefault(qpu, Driver(qpu))

    def _alpha_moved(self, fact: AlphaMoved) -> None:
        self.alphas[fact.pool] = fact

    def _driver_seen(self, fact: DriverSeen) -> None:
        self.drivers.setdefault(fact.qpu, Driver(fact.qpu)).incarnation = fact.incarnation

    def _identity(self, fact: SessionIdentity) -> None:
        known, record = self.sessions.get(fact.session_id), self.machine.session(fact.session_id)
        if known is None:
            self.sessions[fact.session_id] = BrokerSession(fact)
        elif record is not None:
            waited_s = record.waited_s(fact.time_s)
            node_waited_s = known.identity.node_waited_until(waited_s)
            known.identity = replace(fact, waited_s=waited_s, node_waited_s=node_waited_s)

    def _opened(self, event: happened.SessionOpened | happened.SessionRestored) -> None:
        session = self.sessions[event.session.id]
        session.pool = event.session.pool
        if isinstance(event, happened.SessionRestored):
            session.opened_s = event.opened_s

    def _payload(self, fact: TaskPayload) -> None:
        task = BrokerTask(self.sessions[fact.session_id], fact.submitted)
        self.tasks[task.full_key] = task.session.tasks[task.key] = task
        self._count_bytes(task, TASK_BYTES + len(fact.submitted.payload))

    def _submitted(self, event: happened.TaskSubmitted) -> None:
        self._expect(self.tasks[event.task.key], event.task.duration_s)
        self.hold(self._say_accepted, self.tasks[event.task.key])

    def _restored(self, event: happened.TaskRestored) -> None:
        self._expect(self.tasks[event.task.key], event.remaining_s)
        self.hold(self._say_accepted, self.tasks[event.task.key])
        if event.qpu is not None:
            self._give(event.task.key, Given(event.number, event.qpu, event.qpu, event.shots, event.time_s))

    def _result(self, fact: SliceResult) -> None:
        task = self.tasks.get(fact.key)
        if task is None:
            return
        task.results[fact.number] = fact
        self._count_bytes(task, len(fact.result))

    def _slice_ended(self, event: happened.SliceFinished | happened.SliceFailed) -> None:
        task = self.tasks.get(event.key)
        if task is None:
            return
        given, task.given = task.given, None
        result = task.results.get(event.number)
        if isinstance(event, happened.SliceFinished) and result is not None:
            self._charge(task, result, "finished")
        elif isinstance(event, happened.SliceFailed) and given is not None:
            task.results.pop(event.number, None)
            broken = SliceResult(event.key, event.number, given.at, 0, given.start_s, event.busy_s, 0.0, b"")
            self._charge(task, broken, "lost" if event.may_have_run else "failed")

    def _error(self, fact: SliceError) -> None:
        if fact.key in self.tasks:
            self.tasks[fact.key].error = fact.error

    def _ended(self, fact: TaskEnded) -> None:
        if (task := self.tasks.get(fact.key)) is not None:
            self._end(task, fact.outcome)

    def _acknowledged(self, fact: TaskAcknowledged) -> None:
        session = self.sessions.get(fact.session_id)
        for key in fact.keys if session is not None else ():
            task = session.tasks.get(key)  # type: ignore[union-attr]
            if task is not None and task.outcome is not None:
                self.forget(task)

    def _before_close(self, event: happened.SessionClosed) -> None:
        session, record = self.sessions.get(event.session_id), self.machine.session(event.session_id)
        if session is None or record is None or not session.is_open:
            return
        session.is_open = False
        who, waited_s = session.identity, record.waited_s(event.time_s)
        row = SessionRow(
            session.id, session.opened_s, who.user, who.account, who.slurm_job, session.pool, record.session.share,
            event.time_s, record.used_s, waited_s, who.node_waited_until(waited_s), event.reason,
            who.stack,
        )  # fmt: skip
        self.hold(self.turn_rows, row)

    def _after_close(self, event: happened.SessionClosed) -> None:
        session = self.sessions.pop(event.session_id, None)
        for task in tuple(session.tasks.values()) if session is not None else ():
            if task.given is None:
                self.forget(task)

    # ------------------------------------------------------------ what the machine instructs
    def _start(self, instruction: do.StartSlice, now_s: float) -> None:
        qpu, key, number, shots = instruction.qpu, instruction.key, instruction.number, instruction.shots
        stray = self.strays.pop((key, number), None)
        at = stray.qpu if stray is not None else qpu
        self._give(key, Given(number, qpu, at, shots, now_s))
        self.run_in_time(self.tasks[key])

    def _give(self, key: str, given: Given) -> None:
        self.tasks[key].given = given

    def run_in_time(self, task: BrokerTask) -> None:
        """Have the QPU run what it was given: at once, or on disk before if it must not run twice."""
        if task.submitted.is_repeatable:
            self._run(task)
        else:
            self.hold(self._run, task)

    def _run(self, task: BrokerTask) -> None:
        given = task.given
        if given is None:
            return
        self.load(given.at, task)
        self.turn.to_drivers.append((given.at, driver.Run(task.full_key, given.number, given.shots)))

    def load(self, qpu: str, task: BrokerTask) -> None:
        """See to it that a driver has a task."""
        loaded = self.drivers[qpu].loaded
        if task.full_key not in loaded:
            loaded.add(task.full_key)
            self.turn.to_drivers.append((qpu, driver.Load(task.full_key, task.submitted.payload)))

    def _prefetch(self, instruction: do.PrefetchTask, now_s: float) -> None:
        """Have a task ready on a QPU; one that is loaded has its next slice prepared."""
        task = self.tasks[instruction.key]
        if task.full_key in self.drivers[instruction.qpu].loaded:
            self.turn.to_drivers.append((instruction.qpu, driver.Load(task.full_key, b"")))
        else:
            self.load(instruction.qpu, task)

    def _stop(self, instruction: do.StopSlice, now_s: float) -> None:
        given = self.tasks[instruction.key].given
        if given is not None:
            self.turn.to_drivers.append((given.at, driver.Stop(instruction.key, given.number)))

    def _finish(self, instruction: do.FinishTask, now_s: float) -> None:
        self._end_as("finished", instruction.key)

    def _fail(self, instruction: do.FailTask, now_s: float) -> None:
        self._end_as("failed", instruction.key, instruction.reason)

    def _cancel(self, instruction: do.CancelTask, now_s: float) -> None:
        self._end_as("cancelled", instruction.key)

    def _reject(self, instruction: do.RejectTask, now_s: float) -> None:
        task = self.tasks.get(instruction.key)
        if task is not None:
            self.forget(task)
            self.tell(task.session, job.Refused("invalid", instruction.reason, task.key))

    def _release_nodes(self, instruction: do.ReleaseNodes, now_s: float) -> None:
        session = self.sessions[instruction.session_id]
        session.is_due = False
        self.tell(session, job.NodesReleased(instruction.until_s))

    def _reclaim_nodes(self, instruction: do.ReclaimNodes, now_s: float) -> None:
        if (session := self.sessions.get(instruction.session_id)) is not None:
            session.is_due = True
            self.tell(session, job.NodesReclaimed())

    def _wake(self, instruction: do.WakeAt, now_s: float) -> None:
        heappush(self.wake_s, instruction.time_s)

    # ------------------------------------------------------------ how tasks end
    def _end_as(self, ending: Ending, key: str, reason: str = "") -> None:
        task, record = self.tasks.get(key), self.machine.task(key)
        if task is None:
            return
        if record is None or not task.session.is_open:  # nobody waits for it any more
            self.forget(task)
            return
        waited_s = max((record.end_s or 0.0) - record.ready.arrival_s - record.busy_s, 0.0)
        error = task.error if ending == "failed" else b""
        self._end(task, Outcome(ending, record.qpu or "", record.busy_s, waited_s, reason, error))

    def _end(self, task: BrokerTask, outcome: Outcome) -> None:
        task.outcome = outcome
        self._expect(task, 0.0)
        self._drop_payload(task)
        self.hold(self._say_answer, task)

    def _drop_payload(self, task: BrokerTask) -> None:
        for qpu, known in self.drivers.items():
            if task.full_key in known.loaded:
                known.loaded.discard(task.full_key)
                self.turn.to_drivers.append((qpu, driver.Drop(task.full_key)))
        self._count_bytes(task, -len(task.submitted.payload))
        task.submitted = job.SubmitTask(task.key, b"")

    def forget(self, task: BrokerTask) -> None:
        """Nothing of a task is needed any more."""
        self._expect(task, 0.0)
        self._drop_payload(task)
        self._count_bytes(task, -task.size)
        self.tasks.pop(task.full_key, None)
        task.session.tasks.pop(task.key, None)
        record = self.machine.task(task.full_key)
        if record is not None and record.state in FINAL:
            self.machine.forget(task.full_key)

    def _count_bytes(self, task: BrokerTask, nb_bytes: int) -> None:
        task.size += nb_bytes
        user = task.session.identity.user
        left = self.bytes_of.get(user, 0) + nb_bytes
        if left > 0:
            self.bytes_of[user] = left
        else:
            self.bytes_of.pop(user, None)

    def _expect(self, task: BrokerTask, expected_s: float) -> None:
        """A task is expected to use so many seconds of QPU from now on."""
        change_s, task.expected_s = expected_s - task.expected_s, expected_s
        for payer in task.payers if change_s else ():
            left_s = self.expected_s.get(payer, 0.0) + change_s
            if left_s > _ROUNDING_S:
                self.expected_s[payer] = left_s
            else:
                self.expected_s.pop(payer, None)

    # ------------------------------------------------------------ what is said
    def tell(self, session: BrokerSession, message: job.Message) -> None:
        """Tell a job something, if it is there."""
        if session.connection is not None:
            self.turn.to_jobs.append((session.connection, message))

    def tell_driver(self, told: tuple[str, driver.DriverMessage]) -> None:
        """Tell a driver something."""
        self.turn.to_drivers.append(told)

    def turn_rows(self, row: SliceRow | SessionRow) -> None:
        """A row of the accounts."""
        self.turn.rows.append(row)

    def leave(self, connection: Hashable) -> None:
        """Close a connection after what it was told."""
        self.turn.leavers.append(connection)

    def _say_accepted(self, task: BrokerTask) -> None:
        if not task.is_accepted and self.tasks.get(task.full_key) is task:
            task.is_accepted = True
            self.tell(task.session, job.TaskAccepted(task.key))

    def _say_answer(self, task: BrokerTask) -> None:
        task.is_accepted = task.is_answered = True
        self.tell_answer(task)

    def tell_answer(self, task: BrokerTask) -> None:
        """Tell a job how its task ended; now, or when its slices have been put together."""
        if task.session.connection is None or self.tasks.get(task.full_key) is not task:
            return
        if task.answer is None and is_long(task):
            self.turn.to_merge.append(task)
        else:
            self.tell(task.session, task.answer or answer(task, self.merge))

    def merged(self, task: BrokerTask, told: Answer) -> None:
        """The slices of a task have been put together."""
        if task.answer is None:
            task.answer = told
            self.tell_answer(task)

    def _charge(self, task: BrokerTask, done: SliceResult, outcome: Any) -> None:
        session = task.session
        who = session.identity
        row = SliceRow(
            session.id, session.opened_s, task.key, done.number, who.user, who.account, who.slurm_job, done.qpu,
            session.pool, done.start_s, done.busy_s, done.overhead_s, done.shots, outcome,
        )  # fmt: skip
        self.hold(self.turn_rows, row)
        self._expect(task, max(task.expected_s - done.busy_s, 0.0))


_KEEP: dict[type[Any], Callable[[Core, Any], None]] = {
    DriverSeen: Core._driver_seen,
    happened.PoolAdded: Core._pool_added,
    SessionIdentity: Core._identity,
    happened.SessionOpened: Core._opened,
    happened.SessionRestored: Core._opened,
    TaskPayload: Core._payload,
    happened.TaskSubmitted: Core._submitted,
    happened.TaskRestored: Core._restored,
    SliceResult: Core._result,
    happened.SliceFinished: Core._slice_ended,
    happened.SliceFailed: Core._slice_ended,
    SliceError: Core._error,
    TaskEnded: Core._ended,
    TaskAcknowledged: Core._acknowledged,
    AlphaMoved: Core._alpha_moved,
    happened.SessionClosed: Core._before_close,
}
"""What is kept of a record; for an event, before the machine is told."""

_EVENTS = frozenset(happened.Event.__args__)

_OBEY: dict[type[Any], Callable[[Core, Any, float], None]] = {
    do.StartSlice: Core._start,
    do.PrefetchTask: Core._prefetch,
    do.StopSlice: Core._stop,
    do.FinishTask: Core._finish,
    do.FailTask: Core._fail,
    do.CancelTask: Core._cancel,
    do.RejectTask: Core._reject,
    do.ReleaseNodes: Core._release_nodes,
    do.ReclaimNodes: Core._reclaim_nodes,
    do.WakeAt: Core._wake,
}
"""What is done about an instruction."""
