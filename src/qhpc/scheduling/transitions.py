"""The states of QPUs and tasks, as tables. What is not in them does not happen."""

from __future__ import annotations

from qhpc.scheduling.model import TaskState

__all__ = ["FINAL", "TASK_TRANSITIONS", "next_state"]

TASK_TRANSITIONS: dict[tuple[TaskState, str], TaskState] = {
    ("ready", "started"): "running",
    ("ready", "cancelled"): "cancelled",
    ("ready", "given up"): "failed",
    ("running", "slice finished"): "ready",
    ("running", "completed"): "done",
    ("running", "will be retried"): "ready",
    ("running", "given up"): "failed",
    ("running", "cancelled"): "stopping",
    ("stopping", "off the QPU"): "cancelled",
}
"""State and what happens give the next state. The diagram in the documentation is made from this table."""

FINAL: frozenset[TaskState] = frozenset({"done", "failed", "cancelled"})


def next_state(state: TaskState, happening: str) -> TaskState:
    """The state after something happened.

    Raises:
        ValueError: it cannot happen in this state: the machine has a defect.

    >>> next_state("ready", "started")
    'running'
    """
    following = TASK_TRANSITIONS.get((state, happening))
    if following is None:
        raise ValueError(f"a task that is {state} cannot be {happening}")
    return following
