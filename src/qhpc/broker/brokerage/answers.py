"""What a job is told of a task that has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qat.comm.broker.messages import TaskCancelled, TaskFailed, TaskFinished
from qhpc.broker.brokerage.state import BrokerTask
from qhpc.broker.facts import Outcome

__all__ = ["Answer", "Merge", "answer", "is_long"]

Merge = Callable[[Sequence[bytes], Sequence[int]], bytes]
"""Puts the results of the slices of a task together, as they travel, given how many shots each had."""


Answer = TaskFinished | TaskFailed | TaskCancelled

_LONG_BYTES = 1 << 16


def is_long(task: BrokerTask) -> bool:
    """Whether putting its slices together takes so long that others would notice."""
    return len(task.results) > 1 and sum(len(part.result) for part in task.results.values()) > _LONG_BYTES


def answer(task: BrokerTask, merge: Merge) -> Answer:
    """The answer to a task that has ended, always the same for the same records; its slices are put together."""
    outcome = task.outcome
    if outcome is None:
        raise ValueError(f"{task.full_key} has not ended")
    if outcome.ending == "cancelled":
        return TaskCancelled(task.key)
    if outcome.ending == "failed":
        return TaskFailed(task.key, outcome.reason, outcome.error)
    return _finished(task, outcome, merge)


def _finished(task: BrokerTask, outcome: Outcome, merge: Merge) -> Answer:
    parts = [task.results[number] for number in sorted(task.results)]
    useful = [part for part in parts if part.shots] or parts[:1]
    try:
        merged = _merged([part.result for part in useful], [part.shots for part in useful], merge)
    except (ValueError, TypeError, LookupError, ArithmeticError, MemoryError) as error:
        reason = f"the {len(parts)} parts that the QPU gave cannot be put together: {error}"
        return TaskFailed(task.key, reason)
    return TaskFinished(task.key, merged, outcome.qpu, outcome.busy_s, outcome.waited_s, len(parts))


def _merged(results: list[bytes], shots: list[int], merge: Merge) -> bytes:
    return results[0] if len(results) == 1 else merge(results, shots)
