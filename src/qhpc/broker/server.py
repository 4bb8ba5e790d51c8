"""The broker at work: the heart, with sockets, drivers, journal and clock around it.

Whatever comes in is given to the heart at once; what the heart says goes out together, once in each turn of the event
loop: one append to the journal, one write for each connection.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from typing import cast

from qat.comm.broker.messages import (
    AskJob,
    AskSleepers,
    AskUsage,
    Message,
    OpenSession,
    Question,
    Refused,
    Status,
)
from qhpc.broker.brokerage import Brokerage
from qhpc.broker.brokerage.answers import Answer
from qhpc.broker.brokerage.state import BrokerTask
from qhpc.broker.clock import BrokerClock
from qhpc.broker.drivers.messages import Attached, DriverMessage
from qhpc.broker.driving import DriverHost, DriverKeeper
from qhpc.broker.identity import AuthenticationError, Authenticator
from qhpc.broker.job_connection import JobConnection
from qhpc.broker.journal import Journal, JournalError
from qhpc.broker.quotas import QuotaBook
from qhpc.broker.settings import BrokerSettings
from qhpc.broker.slurm_side import SlurmSide
from qhpc.broker.slurm_watch import NotOfThisJob
from qhpc.broker.usage import UsageBook
from qhpc.broker.usage_telling import UsageTeller

__all__ = ["Broker"]

_log = logging.getLogger(__name__)

_TICK_S = 0.25
_FIRST_REWRITE_BYTES, _REWRITE_FACTOR = 64 << 20, 4


class Broker:
    """A broker in the running event loop.

    Args:
        settings: of the site.
        heart: with what the journal holds; ``begin`` was not called.
        journal: open.
        usage: the accounts.
        authenticator: tells who is there.
        slurm: what goes on beside Slurm.
        quotas: knows what was used lately.

    Attributes:
        failure: done with an error when the broker cannot go on.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        heart: Brokerage,
        journal: Journal,
        usage: UsageBook,
        authenticator: Authenticator,
        slurm: SlurmSide,
        quotas: QuotaBook,
    ) -> None:
        self._settings, self._heart, self._journal, self._usage = settings, heart, journal, usage
        self._authenticator, self._slurm, self._quotas = authenticator, slurm, quotas
        self._teller = UsageTeller(settings.directory / "usage.db")
        self.cluster, self.methods = settings.cluster, authenticator.methods
        limits = settings.limits
        self.max_message_bytes, self.max_unread_bytes = limits.max_message_bytes, limits.max_unread_bytes
        self._loop = asyncio.get_running_loop()
        self._clock = BrokerClock(heart.last_s)
        self._connections: set[JobConnection] = set()
        host = DriverHost(self._attached, self._driver_says, self._driver_lost)
        self._drivers = {
            name: DriverKeeper(name, qpu, settings.driver_socket(name), host) for name, qpu in settings.qpus.items()
        }
        self._tasks: list[asyncio.Task[None]] = []
        self._is_turning = self._is_rewriting = False
        self._rewritten_bytes = journal.nb_bytes
        self._wake: asyncio.TimerHandle | None = None
        self._wake_s: float | None = None
        self.failure: asyncio.Future[None] = self._loop.create_future()
        heart.begin(self._clock.now_s())
        self._turn_soon()

    # ------------------------------------------------------------ from the first moment to the last
    def start(self) -> None:
        """Begin to work: drivers are looked for, and time passes."""
        self._tasks = [self._loop.create_task(keeper.keep()) for keeper in self._drivers.values()]
        self._tasks.append(self._loop.create_task(self._tick()))
        chores = self._slurm.chores(self._heart, self._clock, self._turn)
        self._tasks += [self._loop.create_task(chore) for chore in chores]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """End politely: idle drivers end too, busy ones are left for the next broker."""
        for task in self._tasks:
            task.remove_done_callback(self._ended)
        busy = self._heart.busy_qpus()
        self._turn()
        for name, keeper in self._drivers.items():
            keeper.leave() if name in busy else keeper.quit()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in tuple(self._connections):
            connection.close()
        if not self.failure.done():
            self._journal.rewrite(self._heart.records(self._clock.now_s()))

    def safe(self, number: int) -> None:
        """So much of the journal is on disk; called in the journal's thread."""
        try:
            self._loop.call_soon_threadsafe(self._safe, number)
        except RuntimeError:
            _log.debug("the loop is closed: nobody waits for the journal any more")

    def _safe(self, number: int) -> None:
        self._heart.safe(number)
        self._turn()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._fail(cast(Exception, task.exception()))

    def _fail(self, error: Exception) -> None:
        if not self.failure.done():
            self.failure.set_exception(error)

    # ------------------------------------------------------------ what the heart says
    def _turn_soon(self) -> None:
        if not self._is_turning:
            self._is_turning = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Write, then send."""
        self._is_turning = False
        turn = self._heart.take()
        if not turn or self.failure.done():
            return
        try:
            if turn.records:
                self._journal.append(*turn.records)
        except JournalError as error:
            self._fail(error)
            return
        self._tell_drivers(turn.to_drivers)
        self._tell_jobs(cast("list[tuple[JobConnection, Message]]", turn.to_jobs))
        if turn.rows:
            self._usage.add(turn.rows)
            self._quotas.count_rows(turn.rows)
            self._slurm.count_rows(turn.rows)
        for connection in cast("list[JobConnection]", turn.leavers):
            connection.close()
        for task in turn.to_merge:
            self._merge(task)
        for qpu in turn.hung:
            self._drivers[qpu].kill("it says nothing of what it runs, or nonsense")
        self._set_alarm()

    def _merge(self, task: BrokerTask) -> None:
        """Put the slices of a task together in another thread: it may take long."""
        merging = self._loop.run_in_executor(None, self._heart.put_together, task)
        merging.add_done_callback(lambda done: self._merged(task, done))

    def _merged(self, task: BrokerTask, done: asyncio.Future[Answer]) -> None:
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            self._fail(cast(Exception, error))
            return
        self._heart.merged(task, done.result())
        self._turn_soon()

    def _tell_drivers(self, messages: Iterable[tuple[str, DriverMessage]]) -> None:
        told = {}
        for qpu, message in messages:
            keeper = told[qpu] = self._drivers[qpu]
            keeper.say(message)
        for keeper in told.values():
            keeper.flush()

    def _tell_jobs(self, messages: Iterable[tuple[JobConnection, Message]]) -> None:
        told: dict[JobConnection, None] = {}
        for connection, message in messages:
            told[connection] = None
            connection.say(message)
        for connection in told:
            connection.flush()

    # ------------------------------------------------------------ jobs
    def arrived(self, connection: JobConnection) -> bool:
        """A connection is there; whether it may stay."""
        self._connections.add(connection)
        return len(self._connections) <= self._settings.limits.max_connections

    def gone(self, connection: JobConnection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        self._heart.job_left(connection)

    async def opens(self, connection: JobConnection, message: OpenSession) -> bool:
        """A job opens its session; whether it may."""
        try:
            identity = await self._authenticator.who(
                message.method, message.credential, connection.nonce, connection.peer, message.owner
            )
            who = await self._slurm.who(identity, message)
        except AuthenticationError as error:
            connection.say(Refused(error.code, error.reason))
            return False
        except NotOfThisJob as error:
            connection.say(Refused("not-yours", str(error)))
            return False
        if connection not in self._connections:
            return False
        may = self._heart.job_opens(connection, message, who, self._clock.now_s())
        self._turn()
        return may

    async def asks(self, connection: JobConnection, message: Question) -> Message:
        """The answer to who looks after the broker, or asks about a job or about use."""
        try:
            who = await self._authenticator.who(message.method, message.credential, connection.nonce, connection.peer)
        except AuthenticationError as error:
            return Refused(error.code, error.reason)
        sees_all = who.is_trusted or who.uid == os.getuid()
        if isinstance(message, AskSleepers):
            return self._sleepers(message, sees_all=sees_all or who.uid == message.uid)
        if isinstance(message, AskJob):
            told = self._heart.explain_job(message.job, None if sees_all else who.user, self._clock.now_s())
            if told.text:
                return told
            return await self._slurm.explain_pending(message.job, None if sees_all else who, self._clock.now_s())
        if isinstance(message, AskUsage):
            return await self._teller.tell(message, who.user, sees_all=sees_all)
        if not sees_all:
            return Refused(
                "not-yours", f"{who.user} may not look at all sessions; [identity] trusted_uids says who may"
            )
        return Status(self._slurm.with_licences(self._heart.status(self._clock.now_s())))

    def _sleepers(self, message: AskSleepers, *, sees_all: bool) -> Message:
        if not sees_all:
            return Refused("not-yours", f"the jobs of user {message.uid} are not yours; [identity] trusted_uids helps")
        told = self._heart.sleepers(message, self._clock.now_s())
        self._turn_soon()
        return told

    def says(self, connection: JobConnection, message: Message) -> None:
        """A job whose session is open says something."""
        self._heart.job_says(connection, message, self._clock.now_s())
        self._turn_soon()

    # ------------------------------------------------------------ drivers
    def _attached(self, qpu: str, message: Attached) -> None:
        self._heart.driver_attached(qpu, message, self._clock.now_s())
        self._turn_soon()

    def _driver_says(self, qpu: str, message: DriverMessage) -> None:
        self._heart.driver_says(qpu, message, self._clock.now_s())
        self._turn_soon()

    def _driver_lost(self, qpu: str) -> None:
        self._heart.driver_lost(qpu, self._clock.now_s())
        self._turn_soon()

    # ------------------------------------------------------------ time
    async def _tick(self) -> None:
        while True:
            self._heart.tick(self._clock.now_s())
            self._journal.append()  # says if the disk has failed, even when there is nothing to write
            self._turn()
            self._hang_up()
            self._rewrite_if_long()
            await asyncio.sleep(_TICK_S)

    def _set_alarm(self) -> None:
        """Wake the heart when it wants to be, between the ticks."""
        wake_s = self._heart.wakes_s()
        if wake_s == self._wake_s:
            return
        if self._wake is not None:
            self._wake.cancel()
        self._wake_s = wake_s
        if wake_s is not None:
            self._wake = self._loop.call_later(max(wake_s - self._clock.now_s(), 0.0) + 0.001, self._woken)

    def _woken(self) -> None:
        self._wake = self._wake_s = None
        self._heart.tick(self._clock.now_s())
        self._turn()

    def _hang_up(self) -> None:
        """On those who did not say who they are, or do not read."""
        limits, now_s = self._settings.limits, self._loop.time()
        for connection in tuple(self._connections):
            if connection.since_s is not None:
                patience_s = limits.write_s if connection.is_open else limits.opening_s
                if now_s - connection.since_s > patience_s:
                    connection.abort()

    # ------------------------------------------------------------ the journal
    def _rewrite_if_long(self) -> None:
        limit = max(_FIRST_REWRITE_BYTES, _REWRITE_FACTOR * self._rewritten_bytes)
        if self._journal.nb_bytes > limit and not self._is_rewriting:
            self._is_rewriting = True
            self._usage.when_written(lambda: self._from_thread(self._rewrite))

    def _rewrite(self) -> None:
        self._turn()
        records = self._heart.records(self._clock.now_s())
        self._journal.rewrite(records)
        self._is_rewriting = False
        self._rewritten_bytes = sum(len(getattr(each, "result", b"")) + 200 for each in records)

    def _from_thread(self, act: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(act)
        except RuntimeError:
            _log.debug("the loop is closed")
