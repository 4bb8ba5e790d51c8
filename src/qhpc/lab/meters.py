"""What is measured of a pool while time passes: idle reasons, and what admission is told."""

from __future__ import annotations

from qhpc.lab.trace import IDLE_REASONS, IdleReason

__all__ = ["PoolMeter"]


class PoolMeter:
    """Counts jobs and QPUs of a pool, and adds up for how long QPUs were idle, and why.

    Args:
        nb_qpus: of the pool.

    Attributes:
        idle_s: seconds times idle QPUs, by reason.
        busy_s: seconds of QPU since admission was told last.

    >>> meter = PoolMeter(2)
    >>> meter.change(10.0, wanting=+1)
    >>> meter.change(13.0, wanting=-1, running=+1)
    >>> meter.change(15.0, asking=+1, occupied=+1)
    >>> meter.idle_s["no job"], meter.idle_s["not admitted"], meter.idle_s["too few jobs"]
    (20.0, 6.0, 4.0)
    """

    def __init__(self, nb_qpus: int) -> None:
        self.idle_s: dict[IdleReason, float] = dict.fromkeys(IDLE_REASONS, 0.0)
        self.busy_s = 0.0
        self._nb_qpus = self._nb_up = nb_qpus
        self._nb_wanting = self._nb_running = self._nb_asking = self._nb_occupied = 0
        self._since_s = 0.0

    def change(
        self, now_s: float, *, wanting: int = 0, running: int = 0, asking: int = 0, occupied: int = 0, up: int = 0
    ) -> None:
        """It is now, and a number changes.

        Args:
            now_s: the time.
            wanting: jobs that wait to be admitted.
            running: jobs that are admitted.
            asking: jobs that want a QPU now, or have one.
            occupied: QPUs with a task.
            up: QPUs that are there.
        """
        period_s, self._since_s = now_s - self._since_s, now_s
        if period_s > 0:
            self._add(period_s)
        self._nb_wanting += wanting
        self._nb_running += running
        self._nb_asking += asking
        self._nb_occupied += occupied
        self._nb_up += up

    def observe(self, now_s: float, period_s: float) -> float:
        """Part of the last period in which QPUs were idle."""
        self.change(now_s)
        idle_fraction = max(1.0 - self.busy_s / (period_s * self._nb_qpus), 0.0)
        self.busy_s = 0.0
        return idle_fraction

    def _add(self, period_s: float) -> None:
        down = self._nb_qpus - self._nb_up
        idle = self._nb_up - self._nb_occupied
        if down:
            self.idle_s["outage"] += down * period_s
        if idle > 0:
            self.idle_s[self._reason()] += idle * period_s

    def _reason(self) -> IdleReason:
        if self._nb_asking > self._nb_occupied:
            return "held back"
        if self._nb_wanting:
            return "not admitted"
        return "too few jobs" if self._nb_running else "no job"
