"""The process of a driver: its socket, its threads and its clock; what is decided is :mod:`heart`'s.

The main thread serves the socket and asks the heart. One thread loads tasks, one runs slices, one attends to the QPU;
they are told what to do through queues, and what they tell wakes the main thread.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Event, Thread
from typing import Any

from qat.comm.wire import encode
from qat.core.enums import ErrorType
from qat.core.errors import QPUException, WireError
from qhpc.broker.drivers import heart
from qhpc.broker.drivers import messages as say
from qhpc.broker.drivers.begun_record import BegunRecord
from qhpc.broker.drivers.failures import broken
from qhpc.broker.drivers.faults import Faults
from qhpc.broker.drivers.heart import Action, Happening, Heart
from qhpc.broker.drivers.line import Line
from qhpc.broker.drivers.protocol import Driver, SliceControl, SpecsKnown, Told
from qhpc.broker.drivers.settings import Configuration, FaultOptions
from qhpc.broker.drivers.slice_log import SliceLog

__all__ = ["DriverProcess"]

_log = logging.getLogger(__name__)

_LEAVE_S = 5.0
"""How long an ending driver waits for its threads."""


class DriverProcess:
    """Runs a driver until it is over.

    Args:
        configuration: what it was told.
        driver: of the QPU.
        listener: a Unix socket that listens; it is the process's from now on.
    """

    def __init__(self, configuration: Configuration, driver: Driver, listener: socket.socket) -> None:
        self._configuration, self._driver, self._listener = configuration, driver, listener
        incarnation = secrets.token_hex(8)
        self._record = BegunRecord(Path(configuration.socket).with_suffix(".begun"), incarnation)
        self._heart = Heart(configuration.qpu, incarnation, encode(driver.specs()), self._record.past)
        faults = configuration.faults or FaultOptions()
        self._faults, self._slice_log = Faults(faults), SliceLog(faults.slice_log)
        self._line: Line | None = None
        self._selector = DefaultSelector()
        self._happened: deque[Happening | SpecsKnown] = deque()
        self._bell, self._ringer = socket.socketpair()
        self._to_load: SimpleQueue[heart.LoadTask | None] = SimpleQueue()
        self._to_run: SimpleQueue[heart.RunSlice | None] = SimpleQueue()
        self._tasks: dict[str, Any] = {}
        self._control = SliceControl()
        self._ending = Event()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._last_seen_s = time.monotonic()
        self._is_over = self._was_signalled = False

    def run(self) -> None:
        """Serve brokers, until the driver is told to quit or nobody needs it."""
        threads = [
            Thread(target=work, name=work.__name__, daemon=True) for work in (self._load, self._run, self._attend)
        ]
        for name, number in (("SIGTERM", signal.SIGTERM), ("SIGINT", signal.SIGINT)):
            signal.signal(number, lambda *_, name=name: self._signalled(name))
        for one, act in ((self._listener, self._accept), (self._bell, self._answer_bell)):
            one.setblocking(False)
            self._selector.register(one, EVENT_READ, act)
        self._ringer.setblocking(False)
        for thread in threads:
            thread.start()
        while not self._is_finished():
            self._turn()
        self._leave(threads)

    # ------------------------------------------------------------ the main thread
    def _turn(self) -> None:
        for key, mask in self._selector.select(self._patience_s()):
            key.data(mask)
        self._do_what_is_due()
        self._take_happenings()
        if self._line is not None:
            self._flush(self._line)

    def _is_finished(self) -> bool:
        if self._is_over or self._heart.is_over:
            return True
        if self._heart.is_attached or not self._heart.is_idle:
            self._last_seen_s = time.monotonic()
            return False
        if time.monotonic() - self._last_seen_s < self._alone_s():
            return False
        _log.info("no broker came for %g s: ending", self._alone_s())
        return True

    def _alone_s(self) -> float:
        """How long it stays without a broker."""
        return self._configuration.results_s if self._heart.has_results else self._configuration.orphan_s

    def _patience_s(self) -> float:
        """How long there is nothing to do unless somebody says something."""
        end_s = self._last_seen_s + self._alone_s()
        if self._later:
            end_s = min(end_s, self._later[0][0])
        return max(end_s - time.monotonic(), 0.0)

    def _do_what_is_due(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            heappop(self._later)[2]()

    def _after(self, delay_s: float, act: Callable[[], None]) -> None:
        heappush(self._later, (time.monotonic() + delay_s, next(self._numbers), act))

    def _take_happenings(self) -> None:
        while self._happened:
            happening = self._happened.popleft()
            if isinstance(happening, SpecsKnown):
                self._do(self._heart.know_specs(encode(happening.specs)))
            else:
                self._do(self._heart.handle(happening, time.monotonic()))

    def _signalled(self, name: str) -> None:
        """The first time the driver ends after what it has to do; the second time, at once."""
        _log.info("%s: ending after what runs", name)
        self._is_over, self._was_signalled = self._was_signalled, True
        self._happens(say.Quit())

    def _leave(self, threads: list[Thread]) -> None:
        self._ending.set()
        self._control.cancel()
        self._to_load.put(None)
        self._to_run.put(None)
        self._hang_up("the driver ends")
        deadline_s = time.monotonic() + _LEAVE_S
        for thread in threads:
            thread.join(max(deadline_s - time.monotonic(), 0.0))
        if not any(thread.is_alive() for thread in threads):
            self._driver.close()
        for one in (self._listener, self._bell, self._ringer):
            one.close()
        self._selector.close()

    # ------------------------------------------------------------ the broker
    def _accept(self, _: int) -> None:
        try:
            connection, _address = self._listener.accept()
        except OSError as error:
            _log.warning("a connection could not be taken: %s", error)
            return
        self._hang_up("another connection came")
        self._line = Line(connection, self._configuration.max_message_bytes)
        self._selector.register(connection, EVENT_READ, self._serve)

    def _serve(self, mask: int) -> None:
        line = self._line
        if line is not None and mask & EVENT_READ:
            for message in line.receive():
                self._hear(message)
            if line.fault:
                self._hang_up(line.fault)

    def _hear(self, message: say.DriverMessage) -> None:
        self._do(self._heart.handle(message, time.monotonic()))
        if isinstance(message, say.AcknowledgeSlice):
            self._record.told(message.key, message.number)
        if self._was_signalled and isinstance(message, say.Attach):
            self._happens(say.Quit())

    def _flush(self, line: Line) -> None:
        line.flush()
        if line.fault:
            self._hang_up(line.fault)
            return
        wanted = EVENT_READ | (EVENT_WRITE if line.has_unsent else 0)
        if self._selector.get_key(line.socket).events != wanted:
            self._selector.modify(line.socket, wanted, self._serve)

    def _hang_up(self, reason: str) -> None:
        if self._line is None:
            return
        _log.info("the broker's connection is closed: %s", reason)
        self._line.flush()
        self._selector.unregister(self._line.socket)
        self._line.close()
        self._line = None
        self._last_seen_s = time.monotonic()
        self._do(self._heart.handle(heart.BrokerLost(), time.monotonic()))

    def _send(self, message: say.DriverMessage) -> None:
        for delay_s, sent in self._faults.sent(message):
            if delay_s:
                self._after(delay_s, lambda sent=sent: self._put(sent))  # type: ignore[misc]
            else:
                self._put(sent)

    def _put(self, message: say.DriverMessage) -> None:
        if self._line is not None:
            self._line.put(message)

    # ------------------------------------------------------------ what the heart wants
    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case heart.Send():
                    self._send(action.message)
                case heart.HangUp():
                    self._hang_up(action.reason)
                case heart.LoadTask():
                    self._to_load.put(action)
                case heart.PrepareTask():
                    self._prepare(action.key)
                case heart.ForgetTask():
                    self._tasks.pop(action.key, None)
                case heart.RunSlice():
                    self._start(action)
                case heart.StopSlice():
                    self._control.cancel()

    def _prepare(self, key: str) -> None:
        try:
            self._driver.prepare(self._tasks[key])
        except Exception:  # it will show when the task runs
            _log.exception("task %s could not be prepared ahead", key)

    def _start(self, action: heart.RunSlice) -> None:
        self._control = SliceControl()
        if (death_s := self._faults.death_s()) is not None:
            self._after(death_s, _die)
        self._to_run.put(action)

    def _happens(self, happening: Happening | SpecsKnown) -> None:
        """From any thread: something happened."""
        self._happened.append(happening)
        with suppress(BlockingIOError, OSError):  # full: it rings already; closed: the driver ends
            self._ringer.send(b"!")

    def _answer_bell(self, _: int) -> None:
        with suppress(BlockingIOError):
            self._bell.recv(4096)

    # ------------------------------------------------------------ the other threads
    def _load(self) -> None:
        while (task := self._to_load.get()) is not None:
            try:
                self._tasks[task.key] = self._driver.load(task.payload)
            except BaseException as error:  # whatever a user's job makes a QPU raise, the driver goes on
                self._happens(heart.TaskUnusable(task.key, broken(task.key, 0, error)))
            else:
                self._happens(heart.TaskLoaded(task.key))

    def _run(self) -> None:
        while (action := self._to_run.get()) is not None:
            self._happens(self._recorded_end_of(action, self._control))

    def _recorded_end_of(self, action: heart.RunSlice, control: SliceControl) -> say.SliceEnded | say.SliceBroken:
        try:
            self._record.begins(action.key, action.number)
        except OSError as error:
            reason = f"the driver cannot write that it begins: {error}"
            return say.SliceBroken(action.key, action.number, reason, is_retryable=True)
        self._slice_log.write(action.key, action.number, "begun")
        end = self._end_of(action, control)
        self._slice_log.write(action.key, action.number, "ended" if isinstance(end, say.SliceEnded) else "broken")
        return end

    def _end_of(self, action: heart.RunSlice, control: SliceControl) -> say.SliceEnded | say.SliceBroken:
        key, number, shots = action
        begin_s = time.monotonic()
        try:
            ran = self._driver.run(self._tasks[key], shots, control)
            busy_s = time.monotonic() - begin_s
            result = self._encoded(ran.result)
        except BaseException as error:  # whatever a user's job makes a QPU raise, the driver goes on
            busy_s = time.monotonic() - begin_s
            return broken(key, number, error, is_stopped=control.is_cancelled, busy_s=busy_s)
        return say.SliceEnded(key, number, ran.shots, busy_s, min(ran.overhead_s, busy_s), result)

    def _encoded(self, result: Any) -> bytes:
        limit = self._configuration.max_result_bytes
        try:
            data = encode(result)
        except WireError as error:
            raise QPUException(ErrorType.NONERESULT, __name__, f"the result cannot be sent: {error}") from error
        if len(data) > limit:
            message = f"the result has {len(data)} bytes, the driver gives at most {limit}: ask for shots or a value"
            raise QPUException(ErrorType.INSUFFICIENT_RESOURCES, __name__, message)
        return data

    def _attend(self) -> None:
        try:
            self._driver.attend(self._tell, self._ending)
        except Exception:  # nobody watches the QPU any more, but slices may still run
            _log.exception("the state of %s is not watched any more", self._configuration.qpu)

    def _tell(self, told: Told) -> None:
        self._happens(told)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
