"""The tasks that wait for a pool, in the order of a policy. Every operation costs O(log n).

A policy sorts tasks into *lanes* (one for all, or one a session, or one an account) and ranks the tasks within a lane
and the lanes among each other. A task's rank is fixed when it has become the first of its lane; a lane's rank changes
when the lane is charged for QPU time, and only then. So a heap of lanes, each with a heap of tasks, gives the next task
without looking at others. Priority classes come before everything: each has heaps of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Any

from qhpc.scheduling.policies.protocol import DispatchPolicy, Rank, ReadyTask

__all__ = ["ReadyQueue"]


class _Lane:
    """Tasks that are ranked among each other; ``entry`` is the lane's valid entry in the heap of lanes, if any."""

    __slots__ = ("entry", "key", "rank", "tasks")

    def __init__(self, key: Any, rank: Rank) -> None:
        self.key, self.rank = key, rank
        self.tasks: list[tuple[Rank, int, ReadyTask]] = []
        self.entry: tuple[Any, ...] | None = None


class ReadyQueue:
    """Tasks that wait, of all classes.

    Args:
        policy: their order.

    Attributes:
        now_s: the time, which the owner of the queue keeps.

    >>> from qhpc.scheduling.model import Session, Task
    >>> from qhpc.scheduling.policies import Fifo
    >>> queue = ReadyQueue(Fifo())
    >>> session = Session(id="s", user="u", account="a", pool="p")
    >>> for number, key in enumerate("ab"):
    ...     queue.push(ReadyTask(Task(key=key, session="s", duration_s=1), session, number, number))
    >>> queue.pop().task.key, len(queue)
    ('a', 1)
    """

    def __init__(self, policy: DispatchPolicy) -> None:
        self._policy = policy
        self.now_s = 0.0
        self._lanes: dict[tuple[int, Any], _Lane] = {}
        self._heap: list[tuple[Any, ...]] = []
        self._removed: set[int] = set()
        self._size = 0
        self._count = 0

    def __len__(self) -> int:
        return self._size

    def push(self, ready: ReadyTask) -> None:
        """Let a task wait."""
        policy = self._policy
        key = (ready.class_rank, policy.lane(ready))
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(key, policy.lane_rank(key[1]))
            policy.joined(ready)
        self._count += 1
        ready.rank = policy.rank(ready)
        heappush(lane.tasks, (ready.rank, self._count, ready))
        self._size += 1
        self._announce(lane)

    def pop(self) -> ReadyTask | None:
        """The next task, which waits no more; None if none waits."""
        ready = self.peek()
        if ready is not None:
            self._take_first(heappop(self._heap)[-1])
        return ready

    def peek(self) -> ReadyTask | None:
        """The next task; None if none waits."""
        while self._heap:
            entry = self._heap[0]
            lane: _Lane = entry[-1]
            if lane.entry is entry:
                return lane.tasks[0][2]
            heappop(self._heap)
        return None

    def remove(self, ready: ReadyTask) -> None:
        """A task waits no more; the caller knows that it did."""
        lane = self._lanes[ready.class_rank, self._policy.lane(ready)]
        if lane.tasks[0][2] is ready:
            self._take_first(lane)
        else:
            self._removed.add(ready.number)
            self._size -= 1

    def _take_first(self, lane: _Lane) -> None:
        """Take the first task out of a lane, and those behind it that were removed before."""
        _, _, ready = heappop(lane.tasks)
        self._size -= 1
        lane.entry = None
        while lane.tasks and lane.tasks[0][2].number in self._removed:
            self._removed.discard(heappop(lane.tasks)[2].number)
        if lane.tasks:
            self._announce(lane)
        else:
            del self._lanes[lane.key]
            self._policy.left(ready)

    def place(self, ready: ReadyTask) -> tuple[Any, ...]:
        """Where a task is in the order now, or would be if it has been popped: class, rank of its lane, its rank."""
        return (ready.class_rank, self._policy.lane_rank(self._policy.lane(ready)), ready.rank, ready.number)

    def charged(self, ready: ReadyTask, busy_s: float) -> None:
        """A task's lane has used QPU time; its rank may have changed."""
        lane_key = self._policy.lane(ready)
        self._policy.charge(lane_key, busy_s)
        rank = self._policy.lane_rank(lane_key)
        for class_rank in (0, 1):
            lane = self._lanes.get((class_rank, lane_key))
            if lane is not None and lane.rank != rank:
                lane.rank, lane.entry = rank, None
                self._announce(lane)

    def in_order(self) -> Iterator[ReadyTask]:
        """All tasks as they would be popped if none were charged. Cost O(n log n); for explanations."""
        waiting = [
            (*self._key(lane, item), item[2]) for lane in self._lanes.values() for item in lane.tasks
            if item[2].number not in self._removed
        ]  # fmt: skip
        heapify(waiting)
        while waiting:
            yield heappop(waiting)[-1]

    def _announce(self, lane: _Lane) -> None:
        """Make the lane's entry in the heap say what its next task is."""
        _, count, first = lane.tasks[0]
        rank = self._policy.settled(first, self.now_s)
        if rank != first.rank:
            first.rank = rank
            lane.tasks[0] = (rank, count, first)
        ranked = self._key(lane, lane.tasks[0])
        if lane.entry is None or lane.entry[:-2] != ranked:
            self._count += 1
            lane.entry = (*ranked, self._count, lane)
            heappush(self._heap, lane.entry)

    @staticmethod
    def _key(lane: _Lane, item: tuple[Rank, int, ReadyTask]) -> tuple[Any, ...]:
        return (lane.key[0], lane.rank, item[0], item[1])
