"""Which waiting job starts next: users take turns, and each user's jobs start in the order in which they came. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

__all__ = ["FairQueue"]


class FairQueue:
    """Waiting jobs by owner.

    >>> queue = FairQueue()
    >>> for owner, job in [("ada", "a1"), ("ada", "a2"), ("bob", "b1")]:
    ...     queue.push(owner, job)
    >>> queue.position("ada", "a2"), [queue.pop() for _ in range(4)]
    (2, ['a1', 'b1', 'a2', None])
    """

    def __init__(self) -> None:
        self._lanes: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def count(self, owner: str) -> int:
        """How many jobs of an owner wait."""
        return len(self._lanes.get(owner, ()))

    def push(self, owner: str, job_id: str, *, is_first: bool = False) -> None:
        """Add a job at the end of its owner's jobs, or before them: one that waited already and was not run."""
        lane = self._lanes.setdefault(owner, OrderedDict())
        self._size += job_id not in lane
        lane[job_id] = None
        if is_first:
            lane.move_to_end(job_id, last=False)

    def remove(self, owner: str, job_id: str) -> bool:
        """Take a job out; whether it was there."""
        lane = self._lanes.get(owner)
        if lane is None or job_id not in lane:
            return False
        del lane[job_id]
        self._size -= 1
        if not lane:
            del self._lanes[owner]
        return True

    def pop(self, may_start: Callable[[str], bool] = lambda owner: True) -> str | None:
        """Take out the next job of the next owner who may start one. Cost O(owners that may not)."""
        for owner in self._lanes:
            if may_start(owner):
                return self._take(owner)
        return None

    def _take(self, owner: str) -> str:
        lane = self._lanes[owner]
        job_id, _ = lane.popitem(last=False)
        self._size -= 1
        self._lanes.move_to_end(owner)
        if not lane:
            del self._lanes[owner]
        return job_id

    def position(self, owner: str, job_id: str) -> int | None:
        """How many jobs start before this one; None if it does not wait. Cost O(owners + jobs of the owner)."""
        lane = self._lanes.get(owner)
        if lane is None or job_id not in lane:
            return None
        return self._jobs_before(owner, _index(lane, job_id))

    def _jobs_before(self, owner: str, turn: int) -> int:
        before, owner_came = turn, False
        for other, lane in self._lanes.items():
            owner_came = owner_came or other == owner
            if other != owner:
                before += min(len(lane), turn if owner_came else turn + 1)
        return before


def _index(lane: OrderedDict[str, None], job_id: str) -> int:
    """Place of a job; quick for the one that came last, which is asked for most."""
    if next(reversed(lane)) == job_id:
        return len(lane) - 1
    return next(index for index, other in enumerate(lane) if other == job_id)
