"""The progress of long simulations on the terminal: a bar of tqdm where that is installed, a line of text otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

from qat.kernels import control

__all__ = ["progress_shown"]


class _Bar(Protocol):
    def show(self, fraction: float) -> None: ...
    def close(self) -> None: ...


class _TqdmBar:
    def __init__(self, tqdm: Callable[..., Any], title: str) -> None:
        self._bar = tqdm(
            total=100, desc=title, mininterval=0, bar_format="{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]"
        )

    def show(self, fraction: float) -> None:
        self._bar.update(100 * fraction - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Line:
    def __init__(self, title: str) -> None:
        self._title = title

    def show(self, fraction: float) -> None:
        sys.stderr.write(f"\r{self._title}: {100 * fraction:3.0f}%")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\n")
        sys.stderr.flush()


def _bar(title: str) -> _Bar:
    try:
        return _TqdmBar(import_module("tqdm.auto").tqdm, title)
    except ImportError:
        return _Line(title)


@contextmanager
def progress_shown(title: str, nb_runs: int = 1) -> Iterator[None]:
    """Shows, on standard error, how far the run within is, made of ``nb_runs``; nothing if it takes less than 50 ms.

    Within another run, which has a bar of its own, nothing is shown.

    >>> with progress_shown("LinAlg"):
    ...     pass
    """
    if control.is_running():
        with control.run(nb_runs):
            yield
        return
    bars: list[_Bar] = []

    def show(fraction: float) -> None:
        if not bars:
            bars.append(_bar(title))
        bars[0].show(fraction)

    try:
        with control.listening(show), control.run(nb_runs):
            yield
    finally:
        for bar in bars:
            bar.close()
