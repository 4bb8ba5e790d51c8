"""The heart of the broker: what jobs and drivers say in, what they are told and what is journalled out.

No socket, clock or thread is in it. Whoever runs it gives it messages and the time, takes a ``Turn`` and does what that
says; tells it which records are on disk; and after a crash has it ``recall`` the records that are.

>>> from qat.comm.broker.messages import OpenSession, SubmitTask
>>> from qhpc.broker.drivers.messages import Attached
>>> from qhpc.scheduling.model import Pool
>>> rules = Rules(pools=(Pool(name="p", qpus=("q",)),))
>>> heart = Brokerage(rules, merge=lambda results, shots: b"".join(results))
>>> heart.begin(0.0)
>>> heart.driver_attached("q", Attached(1, "first", "q", b"specs"), 1.0)
>>> heart.safe(len(heart.take().records))
>>> heart.job_opens("connection 1", OpenSession(1, "p", "vqe"), Who("ada"), 2.0)
True
>>> heart.job_says("connection 1", SubmitTask("t", b"..."), 3.0)
>>> heart.take().to_drivers[-1]
('q', Run(key='ada:vqe/t', number=1, shots=0))
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from qat.comm.broker.messages import AskSleepers, Explained, Message, OpenSession, Sleepers
from qat.comm.broker.status import BrokerStatus
from qhpc.broker.brokerage.answers import Answer, Merge, answer
from qhpc.broker.brokerage.core import Core
from qhpc.broker.brokerage.explaining import explain_job
from qhpc.broker.brokerage.jobs import Allows, Jobs, Who
from qhpc.broker.brokerage.qpus import Qpus
from qhpc.broker.brokerage.rules import Limits, Rules, TaskTiming
from qhpc.broker.brokerage.shortening import shortened
from qhpc.broker.brokerage.sights import pool_sights
from qhpc.broker.brokerage.state import BrokerTask
from qhpc.broker.brokerage.status import status
from qhpc.broker.brokerage.turn import Turn
from qhpc.broker.capacity import PoolSight
from qhpc.broker.drivers.messages import Attached, DriverMessage
from qhpc.broker.facts import AlphaMoved, Record, SessionIdentity
from qhpc.broker.quotas import Payer
from qhpc.scheduling.events import PoolAdded
from qhpc.scheduling.machine import DEFAULT_POLICY
from qhpc.slurm.directory import JobRun

__all__ = ["Allows", "Brokerage", "Limits", "Rules", "TaskTiming", "Turn", "Who"]


def _allow_all(
    identity: SessionIdentity, duration_s: float, expected_s: Mapping[Payer, float], now_s: float
) -> str | None:
    return None


class Brokerage:
    """The broker without the world around it.

    Args:
        rules: what the site has decided.
        merge: puts the results of the slices of a task together.
        allows: why a session may not have a task, by its quotas.
    """

    def __init__(
        self,
        rules: Rules,
        merge: Merge,
        allows: Allows = _allow_all,
    ) -> None:
        self._core = Core(rules, merge)
        self._qpus = Qpus(self._core)
        self._jobs = Jobs(self._core, self._qpus, allows)
        self._started_s = 0.0

    def recall(self, records: Iterable[Record]) -> None:
        """Learn what happened until the former broker ended."""
        for record in records:
            self._core.recall(record)
        self._core.forget_halves()

    def begin(self, now_s: float) -> None:
        """Start, or go on after ``recall``."""
        known = {pool.name for pool in self._core.machine.pools()}
        for pool in self._core.rules.pools:
            if pool.name not in known:
                policy = self._core.rules.policies.get(pool.name, DEFAULT_POLICY)
                self._core.write(PoolAdded(now_s, pool, policy))
        self._started_s = now_s
        self._jobs.extend_leases(now_s)
        self._qpus.begin(now_s)

    def take(self) -> Turn:
        """What is to be done outside, once."""
        return self._core.take()

    def safe(self, number: int) -> None:
        """So many records, counted from the first that was recalled, are on disk."""
        self._core.safe(number)

    def put_together(self, task: BrokerTask) -> Answer:
        """The answer to a task of ``Turn.to_merge``; it may be asked for in another thread."""
        return answer(task, self._core.merge)

    def merged(self, task: BrokerTask, told: Answer) -> None:
        """The slices of a task have been put together."""
        self._core.merged(task, told)

    def records(self, now_s: float) -> list[Record]:
        """A short journal that leads where the long one did, under the rules of now.

        Sessions of pools that there are no more are left out.
        """
        return shortened(self._core, now_s)

    # ------------------------------------------------------------ jobs
    def job_opens(self, connection: Hashable, message: OpenSession, who: Who, now_s: float) -> bool:
        """A job whose identity is known opens its session. Tells whether it may."""
        return self._jobs.open(connection, message, who, now_s)

    def job_says(self, connection: Hashable, message: Message, now_s: float) -> None:
        """A job whose session is open says something."""
        self._jobs.hear(connection, message, now_s)

    def job_left(self, connection: Hashable) -> None:
        """A connection to a job is gone."""
        self._jobs.left(connection)

    def close_session(self, session_id: str, reason: str, now_s: float) -> None:
        """Close a session, e.g. since its Slurm job has ended."""
        if (session := self._core.sessions.get(session_id)) is not None:
            self._jobs.close(session, reason, now_s)

    def ask_again(self, session_id: str) -> None:
        """Hang up on a job. It opens its session again, and what could not be asked about it before is asked then."""
        if (session := self._core.sessions.get(session_id)) is not None:
            self._jobs.hang_up(session)

    def sleepers(self, message: AskSleepers, now_s: float) -> Sleepers:
        """Whether the sleeping sessions of a job need their nodes; see ``AskSleepers``."""
        return self._jobs.sleepers(message, now_s)

    def slurm_jobs(self) -> dict[str, JobRun]:
        """The Slurm job of each open session that has one and is awake."""
        known = ((session.id, session.identity) for session in self._core.sessions.values())
        return {
            name: JobRun(who.slurm_job, who.slurm_run)
            for name, who in known
            if who.slurm_job is not None and not who.is_asleep
        }

    # ------------------------------------------------------------ drivers
    def driver_attached(self, qpu: str, message: Attached, now_s: float) -> None:
        """The driver of a QPU is there."""
        self._qpus.attached(qpu, message, now_s)

    def driver_says(self, qpu: str, message: DriverMessage, now_s: float) -> None:
        """A driver that is attached says something."""
        self._qpus.hear(qpu, message, now_s)

    def driver_lost(self, qpu: str, now_s: float) -> None:
        """The connection to a driver is gone."""
        self._qpus.lost(qpu, now_s)

    def busy_qpus(self) -> frozenset[str]:
        """QPUs that run something, or whose drivers have something to tell."""
        core = self._core
        given = {task.given.at for task in core.tasks.values() if task.given is not None}
        return frozenset(given | {stray.qpu for stray in core.strays.values()})

    # ------------------------------------------------------------ time
    def tick(self, now_s: float) -> None:
        """Time has passed; to be called about every second, and when ``wakes_s`` says."""
        self._qpus.tick(now_s)
        self._jobs.tick(now_s)

    def wakes_s(self) -> float | None:
        """When something is due; None if nothing is."""
        return self._core.wake_s[0] if self._core.wake_s else None

    def status(self, now_s: float) -> BrokerStatus:
        """What goes on, for those who look after it."""
        return status(self._core, self._started_s, now_s)

    def sights(self, wanted: Mapping[str, Sequence[int]], now_s: float) -> dict[str, PoolSight]:
        """What is seen of each pool.

        Args:
            wanted: units that jobs wait for in Slurm, by pool.
            now_s: time.
        """
        return pool_sights(self._core, wanted, now_s)

    def alpha(self, pool: str, configured: float) -> float | None:
        """Where the alpha of a pool was moved to; None if it was not since the settings have it there."""
        moved = self._core.alphas.get(pool)
        return None if moved is None or moved.configured != configured else moved.alpha

    def keep_alpha(self, pool: str, alpha: float, configured: float, now_s: float) -> None:
        """Keep where the alpha of a pool is, over a restart; nothing if that is known."""
        if alpha != (self.alpha(pool, configured) or configured):
            self._core.write(AlphaMoved(now_s, pool, alpha, configured))

    def explain_job(self, job: str, user: str | None, now_s: float) -> Explained:
        """Where the tasks of a job are, and why.

        Args:
            job: its name, see ``AskJob``.
            user: whose sessions are looked at; None for everybody's.
            now_s: time.
        """
        return explain_job(self._core, job, user, now_s)

    @property
    def expected_s(self) -> Mapping[Payer, float]:
        """Seconds of QPU that tasks which have not ended are expected to use still."""
        return self._core.expected_s

    @property
    def last_s(self) -> float:
        """The last time in the records that were recalled."""
        return self._core.now_s
