"""What drivers say, and what the broker makes of drivers that come, go, and come back as others.

A broker that was started again knows what it had given to which QPU, but for the last moments, which were on no disk.
It waits until the drivers that it knew are back, or have been away too long, and only then decides: a slice that a
driver has goes on there; one that it never got is sent again, also if another incarnation is there that knows what the
former one had begun. What that one had begun may have run; so may all that it was given, if that is not known. A slice
that no record tells of is a *stray*: when its task is submitted again it is taken up where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop
from math import inf, isfinite
from typing import Any

from qat.comm.broker.messages import Specs, TaskStarted
from qhpc.broker.brokerage.core import Core
from qhpc.broker.brokerage.state import BrokerTask, Driver, Stray
from qhpc.broker.drivers import messages as said
from qhpc.broker.facts import DriverSeen, SliceError, SliceResult
from qhpc.scheduling.events import (
    QpuStateChanged,
    SliceFailed,
    SliceFinished,
    TimePassed,
    WindowAnnounced,
    WindowWithdrawn,
)
from qhpc.scheduling.model import Window

__all__ = ["Qpus"]

_GONE = "its driver is gone and is being started again"
_MIN_STRAY_S = 30.0


class Qpus:
    """The drivers' side of the broker.

    Args:
        core: what the broker knows.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._awaited: set[str] = set()
        self._recovers_until_s = -inf

    def begin(self, now_s: float) -> None:
        """The broker was started: no QPU takes tasks until its driver is there."""
        core = self._core
        for driver in core.drivers.values():
            driver.lost_s = now_s
            core.write(QpuStateChanged(now_s, driver.qpu, "down", None, "its driver is being started"))
        self._awaited = {driver.qpu for driver in core.drivers.values() if driver.incarnation}
        self._recovers_until_s = now_s + core.rules.limits.recovery_s

    # ------------------------------------------------------------ drivers that come and go
    def attached(self, qpu: str, message: said.Attached, now_s: float) -> None:
        """A driver is there."""
        driver = self._core.drivers[qpu]
        driver.has_lost = driver.incarnation != message.incarnation
        driver.remembers = driver.incarnation in message.former
        if driver.has_lost:
            driver.loaded.clear()
            for window in self._core.machine.device(qpu).windows():  # it will announce its own
                self._core.write(WindowWithdrawn(now_s, qpu, window.id))
        driver.incarnation = message.incarnation
        driver.is_attached, driver.lost_s = True, None
        driver.specs, driver.known = message.specs, frozenset(message.known)
        driver.state = (message.state, message.reason, None)
        self._tell_specs()
        for key, number in message.known:
            self._place(driver, key, number, now_s)
        if not self._awaited:
            self._settle([driver], now_s)
            return
        self._awaited.discard(qpu)
        if not self._awaited:
            self._settle_all(now_s)

    def lost(self, qpu: str, now_s: float) -> None:
        """The connection to a driver is gone."""
        driver = self._core.drivers[qpu]
        if driver.is_attached:
            driver.is_attached, driver.lost_s = False, now_s
            driver.state = ("down", _GONE, None)
            self._core.write(QpuStateChanged(now_s, qpu, "down", None, _GONE))

    def _settle_all(self, now_s: float) -> None:
        self._awaited.clear()
        self._settle([driver for driver in self._core.drivers.values() if driver.is_attached], now_s)

    def _settle(self, drivers: list[Driver], now_s: float) -> None:
        """Go on with what these drivers were given, and let them take tasks."""
        for driver in drivers:
            for task in tuple(self._given_to(driver.qpu)):
                self._resume(driver, task, now_s)
        for driver in drivers:
            if driver.has_lost:  # only now: what it had lost is in the journal before
                self._core.write(DriverSeen(driver.qpu, driver.incarnation))
                self._core.hold(self._recorded, driver)
            else:
                self._tell_state(driver, now_s)

    def _recorded(self, driver: Driver) -> None:
        """An incarnation is on disk: from now on it may run something, for a broker that is killed will wait for it."""
        if driver.has_lost and driver.is_attached:
            driver.has_lost = False
            self._tell_state(driver, self._core.now_s)

    def _place(self, driver: Driver, key: str, number: int, now_s: float) -> None:
        """A slice that a driver has: the one that was given, one whose end is in the journal, or a stray."""
        task = self._core.tasks.get(key)
        if task is None or self._is_to_come(task, number):
            self._core.strays[key, number] = Stray(driver.qpu, now_s)
        elif task.given is None or task.given.number != number:
            self._refuse(driver.qpu, key, number)
        elif task.given.at != driver.qpu:
            if self._awaited and (key, number) not in self._core.drivers[task.given.at].known:
                task.given = task.given._replace(at=driver.qpu)
            else:
                self._refuse(driver.qpu, key, number)

    def _is_to_come(self, task: BrokerTask, number: int) -> bool:
        record = self._core.machine.task(task.full_key)
        return record is not None and task.outcome is None and number > record.number

    def _resume(self, driver: Driver, task: BrokerTask, now_s: float) -> None:
        """Go on with a slice that a driver was given; it may not have got it, or may have forgotten it."""
        given, record = task.given, self._core.machine.task(task.full_key)
        if given is None or record is None:
            return
        if (task.full_key, given.number) in driver.known:
            if record.state == "stopping":
                self._core.tell_driver((driver.qpu, said.Stop(task.full_key, given.number)))
        elif driver.has_lost and not driver.remembers:
            self._fail(task, now_s, f"the driver of {driver.qpu} was started again while it ran", may_have_run=True)
        elif record.state == "stopping":
            self._fail(task, now_s, "it was cancelled before it ran")
        else:
            driver.loaded.discard(task.full_key)
            self._core.run_in_time(task)

    def _refuse(self, qpu: str, key: str, number: int) -> None:
        """A driver has what is of no use any more, or what is in the journal, once it is on disk."""
        self._core.tell_driver((qpu, said.Stop(key, number)))
        self._acknowledge(qpu, key, number)

    def _given_to(self, qpu: str) -> Iterator[BrokerTask]:
        for task in self._running():
            if task.given is not None and task.given.at == qpu:
                yield task

    def _running(self) -> Iterator[BrokerTask]:
        for qpu in self._core.drivers:
            running = self._core.machine.device(qpu).running
            if running is not None and (task := self._core.tasks.get(running.ready.task.key)) is not None:
                yield task

    def _fail(self, task: BrokerTask, now_s: float, reason: str, *, may_have_run: bool = False) -> None:
        given = task.given
        if given is not None:
            failed = SliceFailed(now_s, given.qpu, task.full_key, given.number, reason, True, may_have_run)
            self._core.write(failed)

    def _tell_state(self, driver: Driver, now_s: float) -> None:
        state, reason, in_s = driver.state
        until_s = None if in_s is None else now_s + in_s
        self._core.write(QpuStateChanged(now_s, driver.qpu, state, until_s, reason))

    def _tell_specs(self) -> None:
        for session in self._core.sessions.values():
            if session.wants_specs and (specs := self.specs(session.pool)):
                session.wants_specs = False
                self._core.tell(session, Specs(specs))

    def specs(self, pool: str) -> bytes:
        """What the QPUs of a pool can do; nothing while none of them is known."""
        known = (self._core.drivers[device.name].specs for device in self._core.machine.devices(pool))
        return next((specs for specs in known if specs), b"")

    # ------------------------------------------------------------ what they say
    def hear(self, qpu: str, message: said.DriverMessage, now_s: float) -> None:
        """A driver that is attached has said something."""
        handler = _HANDLERS.get(type(message))
        if handler is None:
            self._core.turn.hung.append(qpu)
        else:
            handler(self, qpu, message, now_s)

    def _task_of(self, qpu: str, message: Any) -> BrokerTask | None:
        """The task whose slice a driver speaks of, if it was given that slice and has not ended it."""
        task = self._core.tasks.get(message.key)
        given = task.given if task is not None else None
        return task if given is not None and (given.number, given.at) == (message.number, qpu) else None

    def _begun(self, qpu: str, message: said.SliceBegun, now_s: float) -> None:
        task = self._task_of(qpu, message)
        if task is not None and message.number == 1:
            self._core.tell(task.session, TaskStarted(task.key, qpu))

    def _ended(self, qpu: str, message: said.SliceEnded, now_s: float) -> None:
        core, task = self._core, self._task_of(qpu, message)
        if task is None or task.given is None:
            self._late(qpu, message.key, message.number)
            return
        given, busy_s = task.given, message.busy_s
        if not (0 <= message.shots <= max(given.shots, 0) and 0 <= busy_s < inf and 0 <= message.overhead_s < inf):
            nonsense = f"{qpu} told of {message.shots} of {given.shots} shots in {busy_s} s, which cannot be"
            self._broken(qpu, said.SliceBroken(message.key, message.number, nonsense), now_s)
            return
        is_wanted = task.session.is_open
        core.write(
            SliceResult(
                task.full_key, given.number, qpu, message.shots, given.start_s, busy_s, message.overhead_s,
                message.result if is_wanted else b"",
            )
        )  # fmt: skip
        core.write(SliceFinished(now_s, given.qpu, task.full_key, given.number, message.shots, busy_s))
        self._acknowledge(qpu, message.key, message.number)

    def _broken(self, qpu: str, message: said.SliceBroken, now_s: float) -> None:
        core, task = self._core, self._task_of(qpu, message)
        if task is None or task.given is None:
            self._late(qpu, message.key, message.number)
            return
        if message.error:
            core.write(SliceError(task.full_key, message.error))
        busy_s = message.busy_s if 0 <= message.busy_s < inf else 0.0
        core.write(
            SliceFailed(
                now_s, task.given.qpu, task.full_key, message.number, message.reason, message.is_retryable,
                message.may_have_run, busy_s,
            )
        )  # fmt: skip
        self._acknowledge(qpu, message.key, message.number)

    def _acknowledge(self, qpu: str, key: str, number: int) -> None:
        self._core.hold(self._core.tell_driver, (qpu, said.AcknowledgeSlice(key, number)))

    def _late(self, qpu: str, key: str, number: int) -> None:
        """It was told before, or nobody waits for it; a stray's end is told again when it is given."""
        if (key, number) not in self._core.strays:
            self._acknowledge(qpu, key, number)

    def _lacks(self, qpu: str, message: said.Lacks, now_s: float) -> None:
        task = self._task_of(qpu, message)
        self._core.drivers[qpu].loaded.discard(message.key)
        if task is not None:
            self._core.run_in_time(task)

    def _state(self, qpu: str, message: said.StateChanged, now_s: float) -> None:
        driver = self._core.drivers[qpu]
        driver.state = (message.state, message.reason, message.in_s)
        if not self._awaited and not driver.has_lost:
            self._tell_state(driver, now_s)

    def _window(self, qpu: str, message: said.WindowPlanned, now_s: float) -> None:
        if not (isfinite(message.in_s) and 0 <= message.length_s < inf):
            self._core.turn.hung.append(qpu)
            return
        start_s = now_s + max(message.in_s, 0.0)
        end_s = now_s + message.in_s + message.length_s
        window = Window(id=message.id, start_s=start_s, end_s=max(end_s, start_s), reason=message.reason)
        self._core.write(WindowAnnounced(now_s, qpu, window))

    def _no_window(self, qpu: str, message: said.WindowCancelled, now_s: float) -> None:
        self._core.write(WindowWithdrawn(now_s, qpu, message.id))

    # ------------------------------------------------------------ time
    def tick(self, now_s: float) -> None:
        """Time has passed: wake the machine, and lose patience with who has been silent too long."""
        core = self._core
        if self._awaited and now_s >= self._recovers_until_s:
            self._settle_all(now_s)
        if core.wake_s and core.wake_s[0] <= now_s:
            while core.wake_s and core.wake_s[0] <= now_s:
                heappop(core.wake_s)
            core.write(TimePassed(now_s))
        self._give_away(now_s)
        self._find_hung(now_s)
        self._forget_strays(now_s)

    def _give_away(self, now_s: float) -> None:
        """What runs at a driver that has been away for too long goes to others."""
        patience_s = self._core.rules.limits.driver_patience_s
        for driver in self._core.drivers.values():
            if driver.lost_s is not None and now_s - driver.lost_s >= patience_s:
                reason = f"the driver of {driver.qpu} has been away for {now_s - driver.lost_s:.0f} s"
                for task in tuple(self._given_to(driver.qpu)):
                    self._fail(task, now_s, reason, may_have_run=True)

    def _find_hung(self, now_s: float) -> None:
        """Drivers that have said nothing of a slice for too long."""
        core = self._core
        for qpu in core.drivers:
            running = core.machine.device(qpu).running
            task = core.tasks.get(running.ready.task.key) if running is not None else None
            if running is not None and task is not None and task.given is not None:
                given = task.given
                deadline_s = core.rules.limits.slice_deadline_s + 10 * (running.end_s - given.start_s)
                if now_s - given.start_s >= deadline_s and core.drivers[given.at].is_attached:
                    core.turn.hung.append(given.at)

    def _forget_strays(self, now_s: float) -> None:
        """Nobody has submitted their tasks again."""
        patience_s = max(2 * self._core.rules.limits.lease_s, _MIN_STRAY_S)
        old = [(name, stray) for name, stray in self._core.strays.items() if now_s - stray.seen_s >= patience_s]
        for (key, number), stray in old:
            del self._core.strays[key, number]
            self._refuse(stray.qpu, key, number)


_HANDLERS: dict[type[Any], Callable[[Qpus, str, Any, float], None]] = {
    said.SliceBegun: Qpus._begun,
    said.SliceEnded: Qpus._ended,
    said.SliceBroken: Qpus._broken,
    said.Lacks: Qpus._lacks,
    said.StateChanged: Qpus._state,
    said.WindowPlanned: Qpus._window,
    said.WindowCancelled: Qpus._no_window,
}
