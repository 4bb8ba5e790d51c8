"""Policies that share a pool between sessions or accounts by what each has used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping

from qhpc.scheduling.policies.protocol import Fixed, Rank, ReadyTask

__all__ = ["FairShare", "RoundRobin"]


class RoundRobin(Fixed):
    """One task of each session in turn."""

    name = "round-robin"

    def __init__(self) -> None:
        self._turns: defaultdict[Hashable, int] = defaultdict(int)
        self._count = 0

    def lane(self, ready: ReadyTask) -> Hashable:
        """One a session."""
        return ready.session.id

    def rank(self, ready: ReadyTask) -> Rank:
        """By arrival."""
        return ready.number

    def lane_rank(self, lane: Hashable) -> Rank:
        """By when it had its last turn."""
        return self._turns[lane]

    def charge(self, lane: Hashable, busy_s: float) -> None:
        """It had its turn."""
        self._count += 1
        self._turns[lane] = self._count

    def forget(self, session_id: str) -> None:
        """No more turns."""
        self._turns.pop(session_id, None)

    def past(self) -> dict[str, tuple[float, ...]]:
        """When each had its last turn."""
        return {str(lane): (turn,) for lane, turn in self._turns.items()}

    def recall(self, past: Mapping[str, tuple[float, ...]]) -> None:
        """Turns go on where they were."""
        self._turns.update({lane: int(turn) for lane, (turn,) in past.items()})
        self._count = max(self._turns.values(), default=0)


class FairShare(Fixed):
    """The account that has used least goes first, then by arrival. A new one begins with what the least has used."""

    name = "fair-share"

    def __init__(self) -> None:
        self._used_s: dict[Hashable, float] = {}

    def lane(self, ready: ReadyTask) -> Hashable:
        """One an account."""
        return ready.session.account

    def rank(self, ready: ReadyTask) -> Rank:
        """By arrival."""
        return ready.number

    def lane_rank(self, lane: Hashable) -> Rank:
        """By use."""
        if lane not in self._used_s:
            self._used_s[lane] = min(self._used_s.values(), default=0.0)
        return self._used_s[lane]

    def charge(self, lane: Hashable, busy_s: float) -> None:
        """It has used more."""
        self._used_s[lane] = self._used_s.get(lane, 0.0) + busy_s

    def forget(self, session_id: str) -> None:
        """An account outlives its sessions."""

    def past(self) -> dict[str, tuple[float, ...]]:
        """What each account has used."""
        return {str(lane): (used_s,) for lane, used_s in self._used_s.items()}

    def recall(self, past: Mapping[str, tuple[float, ...]]) -> None:
        """What was used counts on."""
        self._used_s.update({lane: used_s for lane, (used_s,) in past.items()})
