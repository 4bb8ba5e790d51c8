"""How a search for parameters tells how far it is, to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Listener", "listening", "report_evaluation"]

Listener = Callable[[int, float, Mapping[str, float]], None]
"""Called with the number of an evaluation (from 1 on in each search), its value and its parameters."""

_listener: ContextVar[Listener | None] = ContextVar("qat_progress_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within, every evaluation of an optimizer is told to ``listener``, in this thread (or task).

    What the listener raises ends the search.

    >>> heard = []
    >>> with listening(lambda iteration, value, parameters: heard.append((iteration, value))):
    ...     report_evaluation(1, 0.5, {"a": 1.0})
    >>> heard
    [(1, 0.5)]
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report_evaluation(iteration: int, value: float, parameters: Mapping[str, float]) -> None:
    """Tell an evaluation. Cost when nobody listens: 0.1 µs.

    >>> report_evaluation(1, 0.5, {"a": 1.0})
    """
    if (listener := _listener.get()) is not None:
        listener(iteration, value, parameters)
