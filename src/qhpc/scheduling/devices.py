"""QPUs as the machine keeps them: state, windows, and what they run."""

from __future__ import annotations

from bisect import insort
from math import inf
from typing import Any

from qhpc.scheduling.model import Pool, QpuState, Window
from qhpc.scheduling.policies.protocol import ReadyTask

__all__ = ["Device", "Preparation", "Slice"]


class Slice:
    """What a QPU runs: shots of a task, begun at ``begin_s`` and expected to end at ``end_s``."""

    __slots__ = ("begin_s", "end_s", "number", "ready", "shots")

    def __init__(self, ready: ReadyTask, number: int, shots: int, begin_s: float, end_s: float) -> None:
        self.ready, self.number, self.shots = ready, number, shots
        self.begin_s, self.end_s = begin_s, end_s


class Preparation:
    """A task that is prepared on a QPU, so that it can run there from ``usable_s`` on.

    ``place`` is where it was in the order of tasks when its preparation began.
    """

    __slots__ = ("place", "ready", "usable_s")

    def __init__(self, ready: ReadyTask, usable_s: float, place: tuple[Any, ...]) -> None:
        self.ready, self.usable_s, self.place = ready, usable_s, place


class Device:
    """A QPU.

    Attributes:
        name: of the QPU.
        pool: the pool it belongs to.
        state: whether it takes tasks.
        reason: why it does not.
        until_s: when it is expected to.
        running: what it runs.
        prepared: the tasks that are prepared on it.
    """

    __slots__ = ("_windows", "name", "pool", "prepared", "reason", "running", "state", "until_s")

    def __init__(self, name: str, pool: Pool) -> None:
        self.name, self.pool = name, pool
        self.state: QpuState = "up"
        self.reason = ""
        self.until_s: float | None = None
        self.running: Slice | None = None
        self.prepared: list[Preparation] = []
        self._windows: list[tuple[float, float, str, str]] = []

    def announce(self, window: Window) -> None:
        """There will be a window; announcing it again changes it."""
        self.withdraw(window.id)
        insort(self._windows, (window.start_s, window.end_s, window.id, window.reason))

    def withdraw(self, window_id: str) -> None:
        """There will be no such window."""
        self._windows = [window for window in self._windows if window[2] != window_id]

    def windows(self) -> list[Window]:
        """What is announced, in order of time."""
        return [
            Window(id=name, start_s=start_s, end_s=end_s, reason=reason)
            for start_s, end_s, name, reason in self._windows
        ]

    def available_s(self, now_s: float) -> float:
        """How long it may run from now on: 0 in a window, without end if none is announced."""
        while self._windows and self._windows[0][1] <= now_s:
            self._windows.pop(0)
        return max(self._windows[0][0] - now_s, 0.0) if self._windows else inf

    def opens_at_s(self, now_s: float) -> float | None:
        """When the window ends that is now or next; None if there is none."""
        self.available_s(now_s)
        return self._windows[0][1] if self._windows else None

    def window_reason(self, now_s: float) -> str:
        """Why there is a window now or next; empty if there is none."""
        self.available_s(now_s)
        return self._windows[0][3] if self._windows else ""

    def takes_tasks(self) -> bool:
        """Whether it is up and idle."""
        return self.state == "up" and self.running is None
