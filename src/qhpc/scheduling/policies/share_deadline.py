"""Deadlines by share: an admitted job keeps the speed it was promised."""

from __future__ import annotations

from collections.abc import Mapping

from qhpc.scheduling.policies.protocol import Rank, ReadyTask
from qhpc.scheduling.policies.single_lane import SingleLane

__all__ = ["ShareDeadline"]


class ShareDeadline(SingleLane):
    """Earliest deadline first, where a session earns its admitted share of the QPU.

    A session with share ``u`` that has the QPU's part ``u`` for itself ends a task of ``t`` seconds ``t / u`` after it
    came, or after the one before it, if that ends later. That is its deadline. What a session does not use is
    others'; what it asks for beyond its share waits behind those who keep to theirs. Deadlines are fixed when a task
    comes, so every task's turn comes: later tasks have later deadlines.

    Source: L. Zhang, "Virtual Clock", SIGCOMM 1990, for the deadlines; C. L. Liu and J. W. Layland, J. ACM 20 (1973)
    46, for serving the earliest first.
    """

    name = "share-deadline"

    def __init__(self) -> None:
        self._promised_s: dict[str, float] = {}

    def rank(self, ready: ReadyTask) -> Rank:
        """By deadline."""
        if ready.deadline_s is None:
            session = ready.session
            begin_s = max(ready.arrival_s, self._promised_s.get(session.id, ready.arrival_s))
            ready.deadline_s = begin_s + ready.duration_s / max(session.share, _MIN_SHARE)
            self._promised_s[session.id] = ready.deadline_s
        return (ready.deadline_s, ready.number)

    def forget(self, session_id: str) -> None:
        """No more promises."""
        self._promised_s.pop(session_id, None)

    def past(self) -> dict[str, tuple[float, ...]]:
        """The promises."""
        return {name: (promised_s,) for name, promised_s in self._promised_s.items()}

    def recall(self, past: Mapping[str, tuple[float, ...]]) -> None:
        """Keep what was promised."""
        self._promised_s = {name: promised_s for name, (promised_s,) in past.items()}


_MIN_SHARE = 1e-3
