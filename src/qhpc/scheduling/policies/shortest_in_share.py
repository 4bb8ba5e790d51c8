"""The default policy: shortest first, late ones sooner, and nobody at the cost of others' shares."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import exp, inf

from qhpc.scheduling.model import Pool
from qhpc.scheduling.policies.claims import MIN_SHARE, Claims
from qhpc.scheduling.policies.protocol import Rank, ReadyTask
from qhpc.scheduling.policies.single_lane import SingleLane

__all__ = ["ShortestInShare"]


class ShortestInShare(SingleLane):
    """Shortest task first; a job that has been slowed down is a little shorter, and one beyond its share comes later.

    A task of ``t`` seconds lets tasks of no length pass that come up to ``40 t exp(-3 (s - 1.15))`` seconds after it,
    where ``s`` is how much slower than alone its session has been so far, 1.15 at least. Nobody is passed without end.
    Where a preparation of ``l`` seconds goes before each task, ``t`` counts as ``t * t / (t + 4 l)``: what is prepared
    for longer than it runs is hardly reordered.

    Of each session the first task that waits counts as if it came when it became the first. So a flood of tasks has one
    of them before a task of another session, whatever was promised to whom.

    A session with share ``u`` earns ``t`` seconds of QPU in ``t / u``, its cycle; where more is promised to those who
    wait than there is, it takes as many times longer, and a user is promised at most the whole pool. When a session has
    used what it would earn within thirty cycles, so that chance does not explain it, its tasks count as if they came
    when they are earned. Of what it used while others left the QPU idle, at most sixty cycles are held against it, and
    nothing of many tasks that wait at a time: those who wait share what there is.

    With the same admission, shortest-first alone has a mean stretch and waste that tie with this. This order has the
    lower 95th percentile and maximum, and keeps shares. Hurry from a stretch of 1 on has a percentile lower by 1 to 2
    points, and a mean and waste higher by half a point. Deadlines by share alone let short tasks of jobs with long
    cycles wait.
    """

    name = "shortest-in-share"

    def __init__(self) -> None:
        self._earned: dict[str, tuple[float, float]] = {}
        self._claims = Claims()
        self._nb_qpus, self._latency_s = 1, 0.0

    def serves(self, pool: Pool) -> None:
        """What it has to know of its pool."""
        self._nb_qpus, self._latency_s = len(pool.qpus), pool.latency_s

    def lane(self, ready: ReadyTask) -> Hashable:
        """One a session."""
        return ready.session.id

    def joined(self, ready: ReadyTask) -> None:
        """Its session waits."""
        self._claims.add(ready.session, self._nb_qpus)

    def left(self, ready: ReadyTask) -> None:
        """Its session does not wait any more."""
        self._claims.remove(ready.session)

    def rank(self, ready: ReadyTask) -> Rank:
        """By arrival, as long as its session has others before it."""
        return (inf if ready.deadline_s is None else self._lost_patience_s(ready), ready.number)

    def settled(self, ready: ReadyTask, now_s: float) -> Rank:
        """By the time until which later ones may pass it."""
        if ready.deadline_s is None:
            cycle_s = ready.duration_s / max(ready.session.share, MIN_SHARE)
            lateness = max(_stretch(ready, cycle_s) - _UNHURRIED, 0.0)
            ready.patience_s = _PATIENCE * self._length_s(ready.duration_s) * exp(-_HURRY * lateness)
            ready.deadline_s = self._begin_s(ready, now_s, cycle_s) + ready.patience_s
        return (self._lost_patience_s(ready), ready.number)

    @staticmethod
    def _lost_patience_s(ready: ReadyTask) -> float:
        """Sooner by as much of its patience as it has run of its length."""
        deadline_s = ready.deadline_s or 0.0
        if ready.remaining_s >= ready.duration_s:
            return deadline_s
        return deadline_s - ready.patience_s * (1.0 - ready.remaining_s / ready.duration_s)

    def _length_s(self, task_s: float) -> float:
        """What counts as a task's length: less where its preparation is what takes time."""
        return task_s * task_s / (task_s + _WORTH * self._latency_s) if task_s else 0.0

    def _begin_s(self, ready: ReadyTask, now_s: float, cycle_s: float) -> float:
        """Now, or when its session has earned it."""
        session_id, crowding = ready.session.id, self._claims.crowding(ready.session)
        slower = max(crowding, 1.0)
        earned_s, usual_s = self._earned.get(session_id, (now_s, cycle_s))
        earned_s = max(earned_s, now_s)
        if ready.past.nb_unfinished:
            cycle_s *= min(crowding, 1.0)
        else:
            earned_s = min(earned_s, now_s + 2 * _TOLERANCE * usual_s * slower)
        usual_s += (cycle_s - usual_s) / _MEMORY
        self._earned[session_id] = (earned_s + cycle_s * slower, usual_s)
        return max(now_s, earned_s - _TOLERANCE * usual_s)

    def forget(self, session_id: str) -> None:
        """Nothing to earn any more."""
        self._earned.pop(session_id, None)

    def past(self) -> dict[str, tuple[float, ...]]:
        """What sessions have earned, and their usual cycles."""
        return dict(self._earned)

    def recall(self, past: Mapping[str, tuple[float, ...]]) -> None:
        """Earning goes on."""
        self._earned = {name: (earned_s, usual_s) for name, (earned_s, usual_s) in past.items()}


def _stretch(ready: ReadyTask, cycle_s: float) -> float:
    """How much slower than alone its session has been, as if it had begun with two cycles without waiting."""
    past = ready.past
    if not past.waited_s:
        return 1.0
    lived_s = past.open_s + 2 * cycle_s
    alone_s = lived_s - past.waited_s
    return lived_s / alone_s if alone_s > 0 else 1.0


_PATIENCE = 40.0
"""Lengths of a task for which others may pass it."""
_HURRY, _UNHURRIED = 3.0, 1.15
"""How fast patience fades with the stretch of a session, and the stretch from which on it does."""
_TOLERANCE = 30.0
"""Cycles that a session may be ahead of what it has earned."""
_MEMORY = 5.0
"""Tasks over which the usual cycle of a session is averaged."""
_WORTH = 4.0
"""Preparations that count against the length of a task."""
