"""The default policy: shortest first, late ones sooner, and nobody at the cost of others' shares."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

from qhpc.scheduling.policies.protocol import Rank, ReadyTask
from qhpc.scheduling.policies.single_lane import SingleLane

__all__ = ["ShortestInShare"]


class ShortestInShare(SingleLane):
    """Shortest task first; a job that has been slowed down is a little shorter, and one beyond its share comes later.

    A task of ``t`` seconds lets tasks of no length pass that come up to ``40 t exp(-3 (s - 1))`` seconds after it,
    where ``s`` is how much slower than alone its session has been so far. Nobody is passed without end.

    A session with share ``u`` earns ``t`` seconds of QPU in ``t / u``, its cycle. When it has used what it would earn
    within thirty cycles, so that chance does not explain it, its tasks count as if they came when they are earned. Of
    what it used while others left the QPU idle, at most sixty cycles are held against it.

    With the same admission, shortest-first alone has a mean stretch that ties with this and wastes up to half a point
    less node time, as it must: it is the order with the least waiting. This order has the lower 95th percentile (by 3
    to 10 points) and maximum, and keeps shares. Other weights were tried in the laboratory: less patience (20 t) and
    more hurry (exp(-5 (s - 1))) waste more for the same percentile; hurry only beyond a stretch of 1.2 or 1.3 has a
    higher one; weighing a task with its job's cycle wastes 1 to 4 points more. Deadlines by share alone let short
    tasks of jobs with long cycles wait.
    """

    name = "shortest-in-share"

    def __init__(self) -> None:
        self._earned: dict[str, tuple[float, float]] = {}

    def rank(self, ready: ReadyTask) -> Rank:
        """By the time until which later ones may pass it."""
        if ready.deadline_s is None:
            cycle_s = ready.duration_s / max(ready.session.share, _MIN_SHARE)
            lateness = _stretch(ready, cycle_s) - 1.0
            patience_s = _PATIENCE * ready.duration_s * exp(-_HURRY * lateness)
            ready.deadline_s = self._begin_s(ready, cycle_s) + patience_s
        return (ready.deadline_s, ready.number)

    def _begin_s(self, ready: ReadyTask, cycle_s: float) -> float:
        """When it came, or when its session has earned it."""
        now_s, session_id = ready.arrival_s, ready.session.id
        earned_s, usual_s = self._earned.get(session_id, (now_s, cycle_s))
        usual_s += (cycle_s - usual_s) / _MEMORY
        earned_s = max(earned_s, now_s)
        if not ready.past.nb_unfinished:
            earned_s = min(earned_s, now_s + 2 * _TOLERANCE * usual_s)
        self._earned[session_id] = (earned_s + cycle_s, usual_s)
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
_HURRY = 3.0
_TOLERANCE = 30.0
_MEMORY = 5.0
_MIN_SHARE = 1e-3
