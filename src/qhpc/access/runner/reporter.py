"""Progress of a job, told at most every 50 ms, and the last of it always."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qat.comm.access.messages import Progress

__all__ = ["INTERVAL_S", "MAX_PARAMETERS", "Reporter"]

INTERVAL_S = 0.05
"""Least time between two reports."""

MAX_PARAMETERS = 1000
"""Of a search with more variables, the values are told and the parameters are not."""


class Reporter:
    """Takes progress as often as it comes, and passes it on as often as anybody wants to know.

    Args:
        send: passes it on.
        monotonic: seconds of a clock that never goes back.
        now: seconds since 1970.

    >>> sent = []
    >>> reporter = Reporter(sent.append, lambda: 0.0, lambda: 1e9)
    >>> for iteration, value in enumerate([3.0, 1.0, 2.0], 1):
    ...     reporter.evaluated(iteration, value, {"a": value})
    >>> reporter.flush()
    >>> [(progress.iteration, progress.value, progress.best_value) for progress in sent]
    [(1, 3.0, 3.0), (3, 2.0, 1.0)]
    """

    def __init__(
        self, send: Callable[[Progress], None], monotonic: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._send, self._monotonic, self._now = send, monotonic, now
        self._last_s = float("-inf")
        self._best: float | None = None
        self._evaluation: tuple[int, float, Mapping[str, float]] | None = None
        self._fraction: float | None = None
        self._is_news = False

    def evaluated(self, iteration: int, value: float, parameters: Mapping[str, float]) -> None:
        """An optimizer has evaluated a point; ``iteration`` 1 begins a new search."""
        if self._best is None or value < self._best or iteration == 1:
            self._best = value
        self._evaluation = iteration, value, parameters
        self._tell()

    def ran(self, fraction: float) -> None:
        """So much of a run is done, 0 to 1. In a search, whose runs are many, that says nothing and is not told."""
        if self._evaluation is None:
            self._fraction = fraction
            self._tell()

    def flush(self) -> None:
        """Tell what has not been told."""
        if self._is_news:
            self._pass_on(self._monotonic())

    def _tell(self) -> None:
        self._is_news = True
        now_s = self._monotonic()
        if now_s - self._last_s >= INTERVAL_S:
            self._pass_on(now_s)

    def _pass_on(self, now_s: float) -> None:
        self._last_s, self._is_news = now_s, False
        if self._evaluation is None:
            self._send(Progress(fraction=self._fraction, time_s=self._now()))
            return
        iteration, value, parameters = self._evaluation
        shown = parameters if len(parameters) <= MAX_PARAMETERS else {}
        numbers = {str(name): float(number) for name, number in shown.items()}
        self._send(
            Progress(
                iteration=iteration,
                value=float(value),
                best_value=None if self._best is None else float(self._best),
                parameters=numbers,
                time_s=self._now(),
            )
        )
