"""What a driver knows of tasks and slices: messages and happenings in, actions out. No input, output or clock here.

A slice is *waiting* (for its task to be loaded, or for the slice before it), *running*, or *ended*; one whose end the
broker has acknowledged is forgotten but for its number, so that it never runs again. One slice runs at a time, in the
order in which they came, except that one whose task is not loaded yet does not hold up the others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal, NamedTuple

from qhpc.broker.drivers import messages as say
from qhpc.broker.drivers.begun_record import Past
from qhpc.broker.drivers.messages import DriverMessage

__all__ = [
    "Action", "BrokerLost", "ForgetTask", "HangUp", "Happening", "Heart", "LoadTask", "PrepareTask", "RunSlice", "Send",
    "StopSlice", "TaskLoaded", "TaskUnusable",
]  # fmt: skip

_Slice = tuple[str, int]
_NO_PAST = Past()
_End = say.SliceEnded | say.SliceBroken

MAX_IDLE_TASKS = 64
"""Loaded tasks without a slice under way; of more, those that were used least recently are forgotten."""

_MAX_REMEMBERED = 100_000
"""Tasks whose acknowledged slices are remembered, unless the broker drops them before."""


class BrokerLost(NamedTuple):
    """The connection is closed."""


class TaskLoaded(NamedTuple):
    """A task can be run."""

    key: str


class TaskUnusable(NamedTuple):
    """A task cannot be run; why is what each of its slices is told to end with."""

    key: str
    why: say.SliceBroken


class WindowAt(NamedTuple):
    """A window, with its time by the driver's clock."""

    start_s: float
    length_s: float
    reason: str


class Send(NamedTuple):
    """Tell the broker."""

    message: DriverMessage


class HangUp(NamedTuple):
    """Close the connection: the broker attaches again, if it can."""

    reason: str


class LoadTask(NamedTuple):
    """Load a task; its answer is ``TaskLoaded`` or ``TaskUnusable``."""

    key: str
    payload: bytes


class PrepareTask(NamedTuple):
    """Prepare the next slice of a loaded task."""

    key: str


class ForgetTask(NamedTuple):
    """A loaded task is not needed any more."""

    key: str


class RunSlice(NamedTuple):
    """Run a slice; its answer is its end."""

    key: str
    number: int
    shots: int


class StopSlice(NamedTuple):
    """Stop the slice that runs; its end is told as usual."""

    key: str
    number: int


Happening = DriverMessage | BrokerLost | TaskLoaded | TaskUnusable
Action = Send | HangUp | LoadTask | PrepareTask | ForgetTask | RunSlice | StopSlice


class _Task:
    """A task: being loaded, loaded, or unusable."""

    __slots__ = ("is_dropped", "state", "why")

    def __init__(self) -> None:
        self.state: Literal["loading", "loaded", "unusable"] = "loading"
        self.why: say.SliceBroken | None = None
        self.is_dropped = False


class Heart:
    """The state of a driver.

    Args:
        qpu: name of the QPU.
        incarnation: other after every start.
        specs: message of its HardwareSpecs.
        past: slices that drivers before it had begun, and their incarnations.

    >>> heart = Heart("fresnel-1", "i1", b"")
    >>> heart.handle(say.Load("k", b"job"), 0.0), heart.handle(say.Run("k", 1, 100), 0.0)
    ([LoadTask(key='k', payload=b'job')], [])
    >>> heart.handle(TaskLoaded("k"), 0.0)
    [RunSlice(key='k', number=1, shots=100)]
    """

    def __init__(self, qpu: str, incarnation: str, specs: bytes, past: Past = _NO_PAST) -> None:
        self._qpu, self._incarnation, self._specs, self._former = qpu, incarnation, specs, past.former
        self._state = say.StateChanged("up")
        self._state_until_s: float | None = None
        self._windows: dict[str, WindowAt] = {}
        self._tasks: OrderedDict[str, _Task] = OrderedDict()
        self._waiting: dict[_Slice, int] = {}
        self._running: _Slice | None = None
        self._ended: dict[_Slice, _End] = {which: _cut(which) for which in past.begun}
        self._acknowledged: OrderedDict[str, set[int]] = OrderedDict()
        self._is_attached = self._is_quitting = False
        self._actions: list[Action] = []

    # ------------------------------------------------------------ what others ask
    @property
    def is_idle(self) -> bool:
        """Whether nothing runs or waits."""
        return self._running is None and not self._waiting

    @property
    def is_attached(self) -> bool:
        """Whether there is a broker."""
        return self._is_attached

    @property
    def has_results(self) -> bool:
        """Whether there are results that the broker has not acknowledged."""
        return any(isinstance(end, say.SliceEnded) for end in self._ended.values())

    @property
    def is_over(self) -> bool:
        """Whether it was told to quit, and has nothing left to do or to tell."""
        return self._is_quitting and self.is_idle and not self._ended

    def handle(self, happening: Happening, now_s: float) -> list[Action]:
        """What is to be done now, in order.

        Args:
            happening: what the broker said, or what happened here.
            now_s: time by the driver's clock.
        """
        match happening:
            case say.Attach():
                self._attach(happening, now_s)
            case BrokerLost():
                self._is_attached = False
            case say.Load():
                self._load(happening)
            case say.Run():
                self._run(happening)
            case say.Stop():
                self._stop((happening.key, happening.number))
            case say.Drop():
                self._drop(happening.key)
            case say.AcknowledgeSlice():
                self._acknowledge((happening.key, happening.number))
            case say.Quit():
                self._quit()
            case TaskLoaded():
                self._loaded(happening.key)
            case TaskUnusable():
                self._unusable(happening)
            case say.SliceEnded() | say.SliceBroken():
                self._slice_over(happening)
            case say.StateChanged() | say.WindowPlanned() | say.WindowCancelled():
                self._told(happening, now_s)
            case _:
                self._do(HangUp(f"a broker does not say {type(happening).__name__}"))
        self._start_next()
        actions, self._actions = self._actions, []
        return actions

    def know_specs(self, specs: bytes) -> list[Action]:
        """The specs of the QPU are these; a broker that was told others has to attach again."""
        is_news, self._specs = specs != self._specs, specs
        return [HangUp("the specs of the QPU are others")] if is_news and self._is_attached else []

    # ------------------------------------------------------------ the broker says
    def _attach(self, attach: say.Attach, now_s: float) -> None:
        running = () if self._running is None else (self._running,)
        known = (*self._ended, *running, *self._waiting)
        state, reason = self._state.state, self._state.reason
        self._do(
            Send(
                say.Attached(say.VERSION, self._incarnation, self._qpu, self._specs, known, state, reason, self._former)
            ),
        )
        if attach.version != say.VERSION:
            self._do(HangUp(f"the broker speaks version {attach.version}, this driver {say.VERSION}"))
            return
        self._is_attached, self._is_quitting = True, False
        if state != "up":
            self._tell(self._state_at(now_s))
        for name, window in self._present_windows(now_s):
            self._tell(say.WindowPlanned(name, window.start_s - now_s, window.length_s, window.reason))
        for end in self._ended.values():
            self._tell(end)

    def _load(self, load: say.Load) -> None:
        task = self._tasks.get(load.key)
        if task is not None and task.state != "unusable":
            task.is_dropped = False
            self._tasks.move_to_end(load.key)
            if task.state == "loaded":
                self._do(PrepareTask(load.key))
        elif load.payload:
            self._tasks[load.key] = _Task()
            self._tasks.move_to_end(load.key)
            self._do(LoadTask(load.key, load.payload))

    def _run(self, run: say.Run) -> None:
        which = run.key, run.number
        if (end := self._ended.get(which)) is not None:
            self._tell(end)
        elif which == self._running:
            self._tell(say.SliceBegun(*which))
        elif which in self._waiting:
            return
        elif run.number in self._acknowledged.get(run.key, ()):
            self._tell(say.SliceBroken(*which, "it has run, and its end was acknowledged", may_have_run=True))
        elif run.key not in self._tasks:
            self._tell(say.Lacks(*which))
        elif self._is_quitting:
            self._end(_ending(which))
        elif (why := self._tasks[run.key].why) is not None:
            self._end(_with_number(why, which))
        else:
            self._waiting[which] = run.shots

    def _stop(self, which: _Slice) -> None:
        if which == self._running:
            self._do(StopSlice(*which))
        elif self._waiting.pop(which, None) is not None:
            self._end(say.SliceBroken(*which, "it was stopped before it began"))
        elif which not in self._ended and which[1] not in self._acknowledged.get(which[0], ()):
            self._tell(say.SliceBroken(*which, "the driver has no such slice"))

    def _drop(self, key: str) -> None:
        self._acknowledged.pop(key, None)
        if (task := self._tasks.get(key)) is not None:
            task.is_dropped = True
            self._forget_if_dropped(key)

    def _acknowledge(self, which: _Slice) -> None:
        if self._ended.pop(which, None) is None:
            return
        self._acknowledged.setdefault(which[0], set()).add(which[1])
        self._acknowledged.move_to_end(which[0])
        if len(self._acknowledged) > _MAX_REMEMBERED:
            self._acknowledged.popitem(last=False)

    def _quit(self) -> None:
        self._is_quitting = True
        waiting, self._waiting = list(self._waiting), {}
        for which in waiting:
            self._end(_ending(which))

    # ------------------------------------------------------------ happens here
    def _loaded(self, key: str) -> None:
        if (task := self._tasks.get(key)) is None:
            self._do(ForgetTask(key))
            return
        task.state = "loaded"
        self._forget_if_dropped(key)
        self._forget_idle_tasks()

    def _unusable(self, happening: TaskUnusable) -> None:
        if (task := self._tasks.get(happening.key)) is None:
            return
        task.state, task.why = "unusable", happening.why
        for which in [which for which in self._waiting if which[0] == happening.key]:
            del self._waiting[which]
            self._end(_with_number(happening.why, which))
        self._forget_if_dropped(happening.key)
        self._forget_idle_tasks()

    def _slice_over(self, end: _End) -> None:
        if (end.key, end.number) == self._running:
            self._running = None
            self._end(end)
            self._forget_if_dropped(end.key)

    def _told(self, news: say.StateChanged | say.WindowPlanned | say.WindowCancelled, now_s: float) -> None:
        match news:
            case say.StateChanged():
                self._state = news
                self._state_until_s = None if news.in_s is None else now_s + news.in_s
            case say.WindowPlanned():
                self._windows[news.id] = WindowAt(now_s + news.in_s, news.length_s, news.reason)
            case say.WindowCancelled():
                self._windows.pop(news.id, None)
        self._tell(news)

    # ------------------------------------------------------------ small steps
    def _do(self, action: Action) -> None:
        self._actions.append(action)

    def _tell(self, message: DriverMessage) -> None:
        if self._is_attached:
            self._do(Send(message))

    def _end(self, end: _End) -> None:
        self._ended[end.key, end.number] = end
        self._tell(end)

    def _start_next(self) -> None:
        if self._running is not None:
            return
        loaded = (which for which in self._waiting if self._tasks[which[0]].state == "loaded")
        if (which := next(loaded, None)) is not None:
            self._running = which
            self._tasks.move_to_end(which[0])
            self._do(RunSlice(*which, self._waiting.pop(which)))
            self._tell(say.SliceBegun(*which))

    def _is_needed(self, key: str) -> bool:
        """Whether a slice of the task waits or runs, or the task is being loaded."""
        is_running = self._running is not None and self._running[0] == key
        return is_running or self._tasks[key].state == "loading" or any(which[0] == key for which in self._waiting)

    def _forget_if_dropped(self, key: str) -> None:
        task = self._tasks.get(key)
        if task is not None and task.is_dropped and not self._is_needed(key):
            self._forget(key)

    def _forget(self, key: str) -> None:
        if self._tasks.pop(key).state == "loaded":
            self._do(ForgetTask(key))

    def _forget_idle_tasks(self) -> None:
        if len(self._tasks) > MAX_IDLE_TASKS:
            idle = [key for key in self._tasks if not self._is_needed(key)]
            for key in idle[: max(len(idle) - MAX_IDLE_TASKS, 0)]:
                self._forget(key)

    def _state_at(self, now_s: float) -> say.StateChanged:
        until_s = self._state_until_s
        in_s = None if until_s is None else max(until_s - now_s, 0.0)
        return say.StateChanged(self._state.state, self._state.reason, in_s)

    def _present_windows(self, now_s: float) -> Iterator[tuple[str, WindowAt]]:
        """The windows that are not over; the others are forgotten."""
        over = [name for name, window in self._windows.items() if window.start_s + window.length_s <= now_s]
        for name in over:
            del self._windows[name]
        yield from self._windows.items()


def _cut(which: _Slice) -> say.SliceBroken:
    return say.SliceBroken(*which, "its driver was killed while it ran", is_retryable=True, may_have_run=True)


def _ending(which: _Slice) -> say.SliceBroken:
    return say.SliceBroken(*which, "the driver was told to end", is_retryable=True)


def _with_number(why: say.SliceBroken, which: _Slice) -> say.SliceBroken:
    return say.SliceBroken(*which, why.reason, why.error, why.is_retryable, why.may_have_run)
