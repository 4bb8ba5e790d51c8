"""What jobs say, and what they are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from difflib import get_close_matches
from math import inf
from typing import Any, NamedTuple

from msgspec.structs import replace

from qat.comm.broker import messages as said
from qat.shared.stacks import stack_name
from qhpc.broker.accounts import job_of
from qhpc.broker.brokerage.core import TASK_BYTES, Core
from qhpc.broker.brokerage.qpus import Qpus
from qhpc.broker.brokerage.state import BrokerSession, BrokerTask
from qhpc.broker.facts import SessionIdentity, TaskAcknowledged, TaskPayload
from qhpc.broker.quotas import Payer
from qhpc.scheduling.events import SessionClosed, SessionOpened, TaskCancelled, TaskSubmitted
from qhpc.scheduling.explanation import explain
from qhpc.scheduling.model import Session, Task

__all__ = ["Allows", "Jobs", "Who"]

Allows = Callable[[SessionIdentity, float, Mapping[Payer, float], float], str | None]
"""Why a session may not have a task, by its quotas; None if it may. It is given the identity of the session, the
seconds of QPU that the task is expected to take, those that all tasks which have not ended are, and the time."""

_SESSION_NAME = re.compile(r"[^/\x00-\x1f]{1,200}")
_MAX_KEY = 200
_EXPLAIN_EVERY_S = 0.1
"""An explanation looks at all that waits: no session has it oftener."""


class Who(NamedTuple):
    """Who opens a session, and what its Slurm job was granted.

    Attributes:
        user: name.
        uid: of the Unix user under whom its processes run; None for one who is not known on this machine.
        account: of the Slurm job; empty outside of Slurm.
        nb_nodes: of the Slurm job.
        share: what Slurm admitted; None outside of Slurm.
        slurm_job: id of the Slurm job, after it was looked up.
        slurm_run: when it was submitted or put back, as Slurm writes it; empty if Slurm could not be asked.
    """

    user: str
    uid: int | None = None
    account: str = ""
    nb_nodes: int = 0
    share: float | None = None
    slurm_job: int | None = None
    slurm_run: str = ""


def _as_before(who: Who, known: SessionIdentity, share: float) -> Who:
    """Slurm could not be asked: what it has said of the same job before still holds."""
    if who.slurm_job is None or who.slurm_job != known.slurm_job:
        return who
    return who._replace(account=known.account, nb_nodes=known.nb_nodes, share=share, slurm_run=known.slurm_run)


class Jobs:
    """The jobs' side of the broker.

    Args:
        core: what the broker knows.
        qpus: the drivers' side.
        allows: why a session may not have a task, by its quotas.
    """

    def __init__(self, core: Core, qpus: Qpus, allows: Allows) -> None:
        self._core, self._qpus, self._allows = core, qpus, allows
        self._session_of: dict[Hashable, BrokerSession] = {}

    # ------------------------------------------------------------ sessions
    def open(self, connection: Hashable, message: said.OpenSession, who: Who, now_s: float) -> bool:
        """A job opens its session, or takes it up again. Tells whether it may."""
        session_id = f"{who.user}:{message.session}"
        refusal = self._why_not(session_id, message, who)
        if refusal is not None:
            self._core.turn.to_jobs.append((connection, refusal))
            return False
        known = self._core.sessions.get(session_id)
        session = self._write_session(session_id, message, who, now_s)
        self._connect(session, connection, now_s)
        self._greet(session, is_new=known is None)
        return True

    def _why_not(self, session_id: str, message: said.OpenSession, who: Who) -> said.Refused | None:
        core, pools = self._core, [pool.name for pool in self._core.rules.pools]
        if message.version > said.VERSION:
            return said.Refused(
                "too-new", f"version {message.version} of the protocol; this broker speaks 1: update it"
            )
        if message.pool not in pools:
            near = get_close_matches(message.pool, pools, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(pools)}"
            return said.Refused("unknown-pool", f"there is no pool {message.pool!r}: {hint}")
        if not _SESSION_NAME.fullmatch(message.session):
            return said.Refused("invalid", "the session's name has to have 1 to 200 characters, and no '/'")
        if not 0 <= message.share <= 1 or not 0 <= message.restart_s < inf:
            return said.Refused(
                "invalid", f"share is {message.share}, restart_s {message.restart_s}: 0 to 1, 0 or more"
            )
        known, machines = core.sessions.get(session_id), core.machine.session(session_id)
        if known is not None:
            is_same = known.pool == message.pool
            return None if is_same else said.Refused("invalid", f"this session uses the pool {known.pool!r}")
        if machines is not None:
            return said.Refused("unavailable", "a closed session of this name still runs something: try again soon")
        return self._too_many(who)

    def _too_many(self, who: Who) -> said.Refused | None:
        limits, sessions = self._core.rules.limits, self._core.sessions
        if len(sessions) >= limits.max_sessions:
            return said.Refused("unavailable", f"{limits.max_sessions} sessions are open, the most: try again later")
        if len(sessions) >= limits.max_sessions_per_user:
            nb_own = sum(session.identity.user == who.user for session in sessions.values())
            if nb_own >= limits.max_sessions_per_user:
                return said.Refused("too-many", f"{nb_own} sessions of {who.user} are open, the most: close some")
        return None

    def _write_session(self, session_id: str, message: said.OpenSession, who: Who, now_s: float) -> BrokerSession:
        core = self._core
        known, machines = core.sessions.get(session_id), core.machine.session(session_id)
        if known is not None and machines is not None and not who.slurm_run:
            who = _as_before(who, known.identity, machines.session.share)
        account = who.account or message.account or who.user
        identity = SessionIdentity(
            now_s,
            session_id,
            who.user,
            who.uid,
            account,
            who.slurm_job,
            who.nb_nodes,
            slurm_run=who.slurm_run,
            stack=stack_name(message.stack),
        )
        session = Session(
            id=session_id,
            user=who.user,
            account=account,
            pool=message.pool,
            share=message.share if who.share is None else who.share,
            priority_class=message.priority_class,
            max_ready_tasks=core.rules.limits.max_ready_tasks,
            max_qpu_s=core.rules.limits.max_qpu_s,
            releases_nodes=message.releases_nodes,
            restart_s=message.restart_s,
        )
        was = None if known is None else replace(known.identity, time_s=now_s, waited_s=0.0, node_waited_s=0.0)
        if machines is None or machines.session != session or was != identity:
            core.write(identity)
            core.write(SessionOpened(now_s, session))
        return core.sessions[session_id]

    def _connect(self, session: BrokerSession, connection: Hashable, now_s: float) -> None:
        if session.connection is not None and session.connection != connection:
            self._session_of.pop(session.connection, None)
            self._core.leave(session.connection)
        session.connection, session.heard_s = connection, now_s
        self._session_of[connection] = session

    def _greet(self, session: BrokerSession, *, is_new: bool) -> None:
        core, tasks = self._core, session.tasks.values()
        keys = tuple(task.key for task in tasks if task.is_accepted)
        record = core.machine.session(session.id)
        share = record.session.share if record is not None else 0.0
        core.tell(session, said.SessionOpened(session.id, share, core.rules.limits.lease_s, is_new, keys))
        for task in tasks:
            if task.is_answered:
                core.tell_answer(task)

    def left(self, connection: Hashable) -> None:
        """A connection is gone; the session stays until its lease ends."""
        session = self._session_of.pop(connection, None)
        if session is not None and session.connection == connection:
            session.connection = None

    def close(self, session: BrokerSession, reason: str, now_s: float) -> None:
        """Close a session; its job is told, if it is there."""
        self._core.tell(session, said.SessionRevoked(reason))
        self._end(session, reason, now_s)

    def _end(self, session: BrokerSession, reason: str, now_s: float) -> None:
        self._core.write(SessionClosed(now_s, session.id, reason))
        self.hang_up(session)

    def hang_up(self, session: BrokerSession) -> None:
        """Close the connection to a job, if there is one; its session stays."""
        connection = session.connection
        if connection is not None:
            self.left(connection)
            self._core.leave(connection)

    def tick(self, now_s: float) -> None:
        """Close the sessions whose jobs have been silent too long."""
        for session in tuple(self._core.sessions.values()):
            is_asleep = session.identity.is_asleep
            lease_s = said.SLEEP_LEASE_S if is_asleep else self._core.rules.limits.lease_s
            if now_s - session.heard_s >= lease_s:
                what = "nobody asked for the sleeping job" if is_asleep else "nothing came from the job"
                self.close(session, f"{what} for {lease_s:g} s", now_s)

    def extend_leases(self, now_s: float) -> None:
        """The broker was not there: give the jobs time to come back."""
        for session in self._core.sessions.values():
            session.heard_s = now_s

    # ------------------------------------------------------------ what they say
    def hear(self, connection: Hashable, message: said.Message, now_s: float) -> None:
        """A job whose session is open has said something."""
        session = self._session_of.get(connection)
        if session is None:
            return
        session.heard_s = now_s
        handler = _HANDLERS.get(type(message))
        if handler is None:
            told = f"{type(message).__name__} is nothing that a job says once its session is open"
            self._core.tell(session, said.Refused("malformed", told))
        else:
            handler(self, session, message, now_s)

    def _submit(self, session: BrokerSession, message: said.SubmitTask, now_s: float) -> None:
        known = session.tasks.get(message.key)
        if known is not None:
            self._again(known, message)
            return
        core = self._core
        duration_s = self._duration_s(session, message)
        refusal = self._objection(session, message, duration_s, now_s)
        if refusal is not None:
            core.tell(session, refusal)
            return
        core.write(TaskPayload(session.id, message))
        task = Task(
            key=f"{session.id}/{message.key}",
            session=session.id,
            duration_s=duration_s,
            shots=message.shots,
            priority=message.priority,
            is_sliceable=message.is_sliceable,
            is_repeatable=message.is_repeatable,
        )
        core.write(TaskSubmitted(now_s, task))

    def _again(self, task: BrokerTask, message: said.SubmitTask) -> None:
        """A task came again: it does not run again, and what was told before is told again."""
        core = self._core
        if task.outcome is None and task.submitted != message:
            reason = f"the key {task.key!r} is another task's of this session: take a new one"
            core.tell(task.session, said.Refused("invalid", reason, task.key))
            return
        if task.is_accepted:
            core.tell(task.session, said.TaskAccepted(task.key))
        if task.is_answered:
            core.tell_answer(task)

    def _duration_s(self, session: BrokerSession, message: said.SubmitTask) -> float:
        if message.duration_s is not None:
            return message.duration_s
        timing = self._core.rules.timings.get(session.pool)
        if timing is not None and timing.shot_s and message.shots:
            return message.shots * timing.shot_s + timing.latency_s
        record = self._core.machine.session(session.id)
        return record.usual_task_s() if record is not None else 0.0

    def _objection(
        self, session: BrokerSession, message: said.SubmitTask, duration_s: float, now_s: float
    ) -> said.Refused | None:
        """Why a task is not taken, before anything of it is kept."""
        core, limits, key = self._core, self._core.rules.limits, message.key
        record, user = core.machine.session(session.id), session.identity.user
        if not key or len(key) > _MAX_KEY:
            return said.Refused("invalid", f"the key has {len(key)} characters: 1 to {_MAX_KEY}", key[:_MAX_KEY])
        if not 0 <= duration_s < inf or message.shots < 0:
            wrong = f"the task has duration_s {duration_s} and {message.shots} shots: give finite ones from 0 on"
            return said.Refused("invalid", wrong, key)
        if record is not None and record.nb_ready >= limits.max_ready_tasks:
            return said.Refused("too-many", f"{record.nb_ready} tasks of the session wait: let some end first", key)
        nb_bytes = core.bytes_of.get(user, 0) + TASK_BYTES + len(message.payload)
        if nb_bytes > limits.max_bytes_per_user:
            many = f"tasks and results of {user} would take {nb_bytes} bytes, more than {limits.max_bytes_per_user}"
            return said.Refused("too-many", f"{many}: let some end, and take their results", key)
        if limits.max_qpu_s is not None and record is not None and record.used_s + duration_s > limits.max_qpu_s:
            used = f"the session has used {record.used_s:.3g} s of its {limits.max_qpu_s:g} s of QPU"
            return said.Refused("quota", f"{used}, and this task needs {duration_s:.3g} s", key)
        reason = self._allows(session.identity, duration_s, core.expected_s, now_s)
        return None if reason is None else said.Refused("quota", reason, key)

    def _cancel(self, session: BrokerSession, message: said.CancelTask, now_s: float) -> None:
        task = session.tasks.get(message.key)
        if task is None:
            self._core.tell(session, said.TaskCancelled(message.key))
        elif task.outcome is None:
            self._core.write(TaskCancelled(now_s, task.full_key))

    def _acknowledge(self, session: BrokerSession, message: said.Acknowledge, now_s: float) -> None:
        tasks = (session.tasks.get(key) for key in message.keys)
        keys = tuple(task.key for task in tasks if task is not None and task.is_answered)
        if keys:
            self._core.write(TaskAcknowledged(session.id, keys))

    def _heartbeat(self, session: BrokerSession, message: said.Heartbeat, now_s: float) -> None:
        self._core.tell(session, said.Alive())

    def _specs(self, session: BrokerSession, message: said.AskSpecs, now_s: float) -> None:
        specs = self._qpus.specs(session.pool)
        session.wants_specs = not specs
        if specs:
            self._core.tell(session, said.Specs(specs))

    def _explain(self, session: BrokerSession, message: said.AskExplanation, now_s: float) -> None:
        if now_s - session.explained_s < _EXPLAIN_EVERY_S:
            self._core.tell(session, said.Explained(message.key, "asked too often: ask again in a moment"))
            return
        session.explained_s = now_s
        keys = [message.key] if message.key else [key for key, task in session.tasks.items() if task.outcome is None]
        found = [explain(self._core.machine, f"{session.id}/{key}", now_s) for key in keys[:1]]
        if not found or found[0] is None:
            self._core.tell(session, said.Explained(message.key, "nothing of it is known here: it has ended"))
            return
        text = str(found[0])
        if not message.key and len(keys) > 1:
            text = f"{len(keys)} tasks have not ended; of the first:\n{text}"
        self._core.tell(session, said.Explained(message.key, text, found[0].earliest_s))

    def _sleep(self, session: BrokerSession, message: said.Sleep, now_s: float) -> None:
        """The job goes, without ending: that its Slurm job ends means nothing from now on."""
        self._core.write(replace(session.identity, time_s=now_s, is_asleep=True))
        self._core.hold(self._say_asleep, session)

    def _say_asleep(self, session: BrokerSession) -> None:
        self._core.tell(session, said.Asleep())

    def sleepers(self, message: said.AskSleepers, now_s: float) -> said.Sleepers:
        """Whether the sleeping sessions of a job need their nodes; they are kept for a while more, or closed."""
        found = [
            session
            for session in self._core.sessions.values()
            if session.identity.is_asleep
            and session.identity.uid == message.uid
            and job_of(session.id.partition(":")[2]) == message.job
        ]
        told = said.Sleepers(len(found), any(session.needs_nodes for session in found))
        for session in found:
            session.heard_s = now_s
            if not message.are_wanted:
                self.close(session, "the job that gave its nodes back was ended", now_s)
        return told

    def _bye(self, session: BrokerSession, message: said.CloseSession, now_s: float) -> None:
        self._end(session, "the job has ended", now_s)


_HANDLERS: dict[type[Any], Callable[[Jobs, BrokerSession, Any, float], None]] = {
    said.SubmitTask: Jobs._submit,
    said.CancelTask: Jobs._cancel,
    said.Acknowledge: Jobs._acknowledge,
    said.Heartbeat: Jobs._heartbeat,
    said.AskSpecs: Jobs._specs,
    said.AskExplanation: Jobs._explain,
    said.Sleep: Jobs._sleep,
    said.CloseSession: Jobs._bye,
}
