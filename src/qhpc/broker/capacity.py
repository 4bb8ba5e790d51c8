"""How many duty units of a pool Slurm should hand out now, from what the broker sees of its QPUs and jobs. Pure.

It reacts to changes alone. A QPU that is away takes its units with it when it has been away for ``patience_s``, or will
be; until then it counts as it did before, so that a driver that is started again changes nothing. Alpha changes by a
twentieth or more, and no more often than every ``smoothing_s``. Jobs that were admitted keep what they have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from qhpc.scheduling.admission.closed_loop import ClosedLoop
from qhpc.scheduling.model import QpuState
from qhpc.slurm.site import Pool, license_units

__all__ = ["AwayQpu", "Offer", "PoolCapacity", "PoolSight", "QpuSight"]

_STEP = 0.05
"""Part of the units by which they have to change before Slurm is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QpuSight:
    """A QPU as it is now.

    Attributes:
        name: of the QPU.
        state: whether it takes tasks.
        until_s: when it is expected to, if it does not.
        reason: why it does not.
        window_s: begin and end of the window that is now or next.
        window_reason: what that is for.
        is_busy: whether it runs something.
    """

    name: str
    state: QpuState = "up"
    until_s: float | None = None
    reason: str = ""
    window_s: tuple[float, float] | None = None
    window_reason: str = ""
    is_busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSight:
    """A pool as it is now.

    Attributes:
        qpus: of the pool.
        nb_ready: quantum tasks that wait.
        sessions: of its open sessions how long they have lived and waited, in seconds.
        wanted: units that the jobs ask for which wait in Slurm for this licence.
    """

    qpus: Sequence[QpuSight]
    nb_ready: int = 0
    sessions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    wanted: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayQpu:
    """A QPU whose units are not handed out.

    Attributes:
        name: of the QPU.
        state: as it is.
        until_s: when it is expected back; None if nobody knows.
        reason: why.
    """

    name: str
    state: QpuState
    until_s: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What Slurm should hand out.

    Attributes:
        total: units while all QPUs are there.
        units: units now.
        away: QPUs that are not there.
    """

    total: int
    units: int
    away: tuple[AwayQpu, ...] = ()


class PoolCapacity:
    """The units of one pool.

    Args:
        pool: with the alpha that it begins with.
        target_stretch: what jobs may be slowed down by, on average; alpha is moved to keep it. None never moves it.
        max_alpha: alpha is moved between 1 and this.
        smoothing_s: time over which is averaged what alpha is moved by; it moves no more often.
        patience_s: how long a QPU may be away before its units are.
        alpha: where it was moved before; None begins with the pool's.

    Attributes:
        alpha: where it is.

    >>> fresnel = PoolCapacity(Pool(name="fresnel"), patience_s=10.0)
    >>> up, calibrating = QpuSight(name="f-1"), QpuSight(name="f-1", state="calibrating", until_s=99.0)
    >>> [fresnel.look(PoolSight(qpus=[qpu]), 0.0).units for qpu in (up, calibrating, up)]
    [1103, 0, 1103]
    """

    def __init__(
        self,
        pool: Pool,
        *,
        target_stretch: float | None = None,
        max_alpha: float = 2.0,
        smoothing_s: float = 3600.0,
        patience_s: float = 10.0,
        alpha: float | None = None,
    ) -> None:
        self._pool, self._patience_s, self._smoothing_s = pool, patience_s, smoothing_s
        self._max_alpha = max(max_alpha, pool.alpha)
        self.alpha = pool.alpha if alpha is None or target_stretch is None else min(max(alpha, 1.0), self._max_alpha)
        self._loop = None
        if target_stretch is not None:
            limits = (1.0, self._max_alpha)
            self._loop = ClosedLoop(self.alpha, target_stretch, smoothing_s=smoothing_s, limits=limits)
        self._moved_s: float | None = None
        self._since_s: dict[str, float] = {}
        self._is_away: dict[str, bool] = {}
        self._measured = _Measured()

    def look(self, sight: PoolSight, now_s: float) -> Offer | None:
        """What Slurm should hand out now; None while nobody knows, as when the broker has just been started."""
        for qpu in sight.qpus:
            self._judge(qpu, now_s)
        self._move_alpha(sight, now_s)
        if any(qpu.name not in self._is_away for qpu in sight.qpus):
            return None
        away = tuple(_away(qpu, now_s) for qpu in sight.qpus if self._is_away[qpu.name])
        total = self._units(len(sight.qpus))
        if away:
            return Offer(total=total, units=self._units(len(sight.qpus) - len(away)), away=away)
        return Offer(total=total, units=max(total, self._for_the_largest(sight)))

    def _units(self, nb_qpus: int) -> int:
        """Of so many QPUs; with room for jobs whose duties were rounded up."""
        return license_units(Pool(name=self._pool.name, nb_qpus=nb_qpus, alpha=self.alpha)) if nb_qpus else 0

    def _for_the_largest(self, sight: PoolSight) -> int:
        """A job that asks for more than alpha gives now, such as the whole pool, would wait for ever."""
        largest = license_units(Pool(name=self._pool.name, nb_qpus=len(sight.qpus), alpha=self._max_alpha))
        return min(max(sight.wanted, default=0), largest)

    # --- QPUs that come and go ---

    def _judge(self, qpu: QpuSight, now_s: float) -> None:
        """Whether a QPU is away; until that is clear it is what it was."""
        until_s = _until_s(qpu, now_s, now_s + self._patience_s)
        if until_s is None and qpu.state == "up":
            self._since_s.pop(qpu.name, None)
            self._is_away[qpu.name] = False
            return
        since_s = self._since_s.setdefault(qpu.name, now_s)
        if now_s - since_s >= self._patience_s or (until_s is not None and until_s - now_s >= self._patience_s):
            self._is_away[qpu.name] = True

    # --- alpha ---

    def _move_alpha(self, sight: PoolSight, now_s: float) -> None:
        """Several times in ``smoothing_s``, of what was measured since the last time."""
        measured = self._measured
        measured.add(sight, now_s, counts=not any(self._is_away.values()))
        if self._loop is None or measured.period_s < self._smoothing_s / _NB_STEPS:
            return
        self._loop.step(measured.period_s, idle_fraction=measured.idle_s / measured.period_s, stretch=measured.stretch)
        measured.begin()
        if self._moved_s is None:
            self._moved_s = now_s
        change = abs(self._loop.alpha - self.alpha)
        is_notable = change >= _STEP * self.alpha or (change and self._loop.alpha in (1.0, self._max_alpha))
        if is_notable and now_s - self._moved_s >= self._smoothing_s:
            self.alpha, self._moved_s = self._loop.alpha, now_s


_NB_STEPS = 20
_MAX_STRETCH = 10.0


class _Measured:
    """What was seen of a pool in a period in which all of its QPUs were there."""

    __slots__ = ("_known", "_looked_s", "idle_s", "lived_s", "period_s", "worked_s")

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float]] = {}
        self._looked_s: float | None = None
        self.begin()

    def begin(self) -> None:
        """Another period."""
        self.period_s = self.idle_s = self.lived_s = self.worked_s = 0.0

    def add(self, sight: PoolSight, now_s: float, *, counts: bool) -> None:
        """One look more; a time in which a QPU was away does not count."""
        length_s = 0.0 if self._looked_s is None else max(now_s - self._looked_s, 0.0)
        known, self._looked_s, self._known = self._known, now_s, dict(sight.sessions)
        if not counts or not length_s:
            return
        self.period_s += length_s
        self.idle_s += length_s * _idle_fraction(sight)
        for name, (life_s, waited_s) in sight.sessions.items():
            known_life_s, known_waited_s = known.get(name, (0.0, 0.0))
            self.lived_s += life_s - known_life_s
            self.worked_s += (life_s - known_life_s) - (waited_s - known_waited_s)

    @property
    def stretch(self) -> float | None:
        """How much slower than alone jobs were; None if there were none."""
        if self.lived_s <= 0:
            return None
        return self.lived_s / max(self.worked_s, self.lived_s / _MAX_STRETCH)


def _until_s(qpu: QpuSight, now_s: float, soon_s: float) -> float | None:
    """When a QPU is expected back that is not there, or will soon not be; None if it is there, or nobody knows."""
    if qpu.state != "up" and qpu.until_s is not None:
        return qpu.until_s
    if qpu.window_s is not None and qpu.window_s[0] <= soon_s and qpu.window_s[1] > now_s:
        return qpu.window_s[1]
    return None


def _away(qpu: QpuSight, now_s: float) -> AwayQpu:
    """A QPU that is away, or whose window begins."""
    if qpu.state == "up":
        return AwayQpu(name=qpu.name, state="calibrating", until_s=_until_s(qpu, now_s, inf), reason=qpu.window_reason)
    return AwayQpu(name=qpu.name, state=qpu.state, until_s=_until_s(qpu, now_s, now_s), reason=qpu.reason)


def _idle_fraction(sight: PoolSight) -> float:
    """Part of the QPUs that more jobs would keep busy: idle without a task that waits, while jobs wait in Slurm."""
    if sight.nb_ready or not sight.wanted:
        return 0.0
    return sum(not qpu.is_busy for qpu in sight.qpus) / len(sight.qpus)
