"""Policies that rank every task by itself."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from qhpc.scheduling.policies.protocol import Fixed, Rank, ReadyTask

__all__ = ["Fifo", "Priority", "ShortestFirst"]


class SingleLane(Fixed):
    """Base: all tasks in one lane."""

    def lane(self, ready: ReadyTask) -> Hashable:
        """One for all."""
        return None

    def lane_rank(self, lane: Hashable) -> Rank:
        """There is only one."""
        return 0

    def charge(self, lane: Hashable, busy_s: float) -> None:
        """Nobody counts."""

    def forget(self, session_id: str) -> None:
        """Nothing is kept."""

    def past(self) -> dict[str, tuple[float, ...]]:
        """Nothing is kept."""
        return {}

    def recall(self, past: Mapping[str, tuple[float, ...]]) -> None:
        """Nothing is kept."""


class Fifo(SingleLane):
    """First come, first served. A task that was cut goes on where it was in the queue."""

    name = "fifo"

    def rank(self, ready: ReadyTask) -> Rank:
        """By arrival."""
        return ready.number


class Priority(SingleLane):
    """Largest priority first, then by arrival."""

    name = "priority"

    def rank(self, ready: ReadyTask) -> Rank:
        """By priority and arrival."""
        return (-ready.task.priority, ready.number)


class ShortestFirst(SingleLane):
    """Shortest expected task first, with ageing: a second of waiting counts as much as ``ageing`` seconds less.

    Args:
        ageing: 0 for none, which lets long tasks starve.
    """

    name = "shortest-first"

    def __init__(self, ageing: float = 0.05) -> None:
        if ageing < 0:
            raise ValueError(f"ageing is {ageing}: give 0 or more")
        self._ageing = ageing

    def rank(self, ready: ReadyTask) -> Rank:
        """By what it still needs and when it came: the difference of two waiting tasks' ages never changes."""
        return (ready.remaining_s + self._ageing * ready.arrival_s, ready.number)
