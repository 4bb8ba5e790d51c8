"""How much of a task to run at once."""

from __future__ import annotations

from math import ceil, floor

from qhpc.scheduling.policies.protocol import ReadyTask

__all__ = ["slice_shots"]

_TOLERANCE = 1e-9


def slice_shots(ready: ReadyTask, available_s: float, slice_s: float | None) -> int | None:
    """Shots of the next slice of a task, or None if no slice of it fits.

    Args:
        ready: the task.
        available_s: how long the QPU is there after the task is prepared; negative if not for so long.
        slice_s: length of a slice, None for all of it. A rest of less than a slice is not left over.

    >>> from qhpc.scheduling.model import Session, Task
    >>> session = Session(id="s", user="u", account="a", pool="p")
    >>> task = Task(key="t", session="s", duration_s=100, shots=1000, is_sliceable=True)
    >>> ready = ReadyTask(task, session, 0, 0)
    >>> slice_shots(ready, 1e9, 30), slice_shots(ready, 20, None), slice_shots(ready, 0.05, None)
    (334, 200, None)
    """
    if available_s < 0:
        return None
    if not ready.task.is_sliceable or ready.remaining_shots <= 1:
        return ready.remaining_shots if ready.remaining_s <= available_s + _TOLERANCE else None
    shot_s = ready.remaining_s / ready.remaining_shots
    shots = ready.remaining_shots
    if slice_s is not None and ready.remaining_s > slice_s:
        shots = ceil(shots / floor(ready.remaining_s / slice_s))
    if shots * shot_s > available_s + _TOLERANCE:
        shots = floor((available_s + _TOLERANCE) / shot_s)
    return shots or None
