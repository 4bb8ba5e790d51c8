"""Stopping a computation from another thread, and hearing how far it has come.

A :class:`RunControl` is in force within its ``with`` block, for everything computed there by the thread (or task) that
opened it: simulations, batches, whole variational loops. Engines look at it before each run and during long ones, at
intervals of some 50 ms; without a control in force that costs nothing worth mentioning.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, Token
from threading import Event

from qat.kernels.engine import EngineError

__all__ = ["RunCancelledError", "RunControl", "check", "is_running", "listening", "part", "report", "run"]

INTERVAL_S = 0.05
"""Least time between two calls of ``on_progress`` within a run; its end is always told."""


class RunCancelledError(EngineError):
    """The run was cancelled by its control; nothing of it is left."""

    def __init__(self) -> None:
        super().__init__("The run was cancelled by RunControl.cancel(). Submit it again with a new RunControl.")


class RunControl:
    """Cancels what is computed in its ``with`` block, and tells the progress.

    One thread at a time computes under a control; any may cancel it. Within another's block, it hears the progress
    and both can cancel.

    Args:
        on_progress: called with the fraction done, from 0 to 1, by the thread that computes: never decreasing within
            a run, at most every 50 ms, only for runs that take longer than that. A run is what is submitted to a
            simulator at once, a job or a batch; a variational loop is many, and the fraction begins anew with each.
            What it raises ends the run.

    >>> control = RunControl()
    >>> control.cancel()
    >>> with control:
    ...     check()
    Traceback (most recent call last):
        ...
    qat.kernels.control.RunCancelledError: The run was cancelled by RunControl.cancel(). Submit it again ...
    """

    def __init__(self, on_progress: Callable[[float], object] | None = None) -> None:
        self._listeners: list[Callable[[float], object]] = [] if on_progress is None else [on_progress]
        self._cancelled = Event()
        self._tokens: list[Token[RunControl | None]] = []
        self._outer: RunControl | None = None
        self._begin, self._width = 0.0, 1.0
        self._told, self._told_at = 0.0, 0.0
        self._runs: list[tuple[int, int]] = []

    def cancel(self) -> None:
        """Stop the present run within half a second, and refuse later ones. From any thread, at any time."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._cancelled.is_set()

    def __enter__(self) -> RunControl:
        if (outer := _current.get()) is not self:
            self._outer = outer
        self._tokens.append(_current.set(self))
        return self

    def __exit__(self, *exception: object) -> None:
        _current.reset(self._tokens.pop())
        if not self._tokens:
            self._outer = None

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise RunCancelledError
        if self._outer is not None:
            self._outer._check()

    def _report(self, fraction: float) -> None:
        self._check()
        if not self._listeners or (now := time.monotonic()) - self._told_at < INTERVAL_S:
            return
        self._told_at = now
        self._tell(self._begin + self._width * fraction)

    def _tell(self, fraction: float) -> None:
        self._told = max(self._told, min(fraction, 1.0))
        for listener in tuple(self._listeners):
            listener(self._told)

    @contextmanager
    def _part(self, begin: float, end: float) -> Iterator[None]:
        outer = self._begin, self._width
        self._begin, self._width = outer[0] + outer[1] * begin, outer[1] * (end - begin)
        try:
            yield
        finally:
            self._begin, self._width = outer

    @contextmanager
    def _run(self, nb_runs: int) -> Iterator[None]:
        self._check()
        if not self._runs:
            self._told, self._told_at = 0.0, time.monotonic()
        index, nb = self._runs[-1] if self._runs else (0, 1)
        self._runs.append((0, nb_runs))
        try:
            with self._part(index / nb, (index + 1) / nb):
                yield
        finally:
            self._runs.pop()
        if self._runs:
            self._runs[-1] = (min(index + 1, nb - 1), nb)
        elif self._told > 0:
            self._tell(1.0)


_current: ContextVar[RunControl | None] = ContextVar("qat_run_control", default=None)
_NOTHING: AbstractContextManager[None] = nullcontext()


def check() -> None:
    """Raise if the control in force was cancelled. Cost: 0.05 microseconds.

    Raises:
        RunCancelledError: it was.
    """
    if (control := _current.get()) is not None:
        control._check()


def is_running() -> bool:
    """Whether a run is under way that somebody follows."""
    control = _current.get()
    return control is not None and bool(control._runs)


def report(fraction: float) -> None:
    """Tell the control in force that so much of the present part is done; raises if it was cancelled.

    Raises:
        RunCancelledError: it was.
    """
    if (control := _current.get()) is not None:
        control._report(fraction)


def part(begin: float, end: float) -> AbstractContextManager[None]:
    """What is computed within is this part of the work around it, as fractions of that.

    >>> heard = []
    >>> with RunControl(heard.append), run(), part(0.5, 1.0):
    ...     time.sleep(INTERVAL_S)
    ...     report(0.5)
    >>> heard
    [0.75, 1.0]
    """
    control = _current.get()
    return _NOTHING if control is None else control._part(begin, end)


@contextmanager
def listening(listener: Callable[[float], object]) -> Iterator[None]:
    """Within, a function hears the progress as well: of the control in force, or of one made for it."""
    control = _current.get()
    if control is None:
        with RunControl(listener):
            yield
        return
    control._listeners.append(listener)
    try:
        yield
    finally:
        control._listeners.remove(listener)


def run(nb_runs: int = 1) -> AbstractContextManager[None]:
    """What is computed within is one run, made of ``nb_runs`` equal ones; its progress begins at 0 if it is outermost.

    Raises:
        RunCancelledError: the control in force was cancelled before.
    """
    control = _current.get()
    return _NOTHING if control is None else control._run(nb_runs)
