"""What is to be done. Who gives the events carries them out, in order."""

from __future__ import annotations

import msgspec

__all__ = [
    "CancelTask", "FailTask", "FinishTask", "Instruction", "PrefetchTask", "ReclaimNodes", "RejectTask", "ReleaseNodes",
    "StartSlice", "StopSlice", "WakeAt",
]  # fmt: skip


class _Instruction(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of the instructions."""


class StartSlice(_Instruction, frozen=True):
    """Have a QPU run shots of a task; its end is told by ``SliceFinished`` or ``SliceFailed`` with the same number."""

    qpu: str
    key: str
    number: int
    shots: int


class PrefetchTask(_Instruction, frozen=True):
    """Prepare a task on a QPU that runs another: check, compile, upload. It will probably be the next one there."""

    qpu: str
    key: str


class StopSlice(_Instruction, frozen=True):
    """Have a QPU stop what it runs, at the next shot if it can; its end is told as usual."""

    qpu: str
    key: str
    number: int


class FinishTask(_Instruction, frozen=True):
    """A task is complete: put its slices together and give the session its result."""

    key: str


class FailTask(_Instruction, frozen=True):
    """A task will not be run (again): tell its session why."""

    key: str
    reason: str


class CancelTask(_Instruction, frozen=True):
    """A task that was not wanted any more is off the QPU: forget what it has."""

    key: str


class RejectTask(_Instruction, frozen=True):
    """A task is not accepted: tell who sent it why."""

    key: str
    reason: str


class ReleaseNodes(_Instruction, frozen=True):
    """A session's quantum phase is long: let it give back its nodes until ``until_s``."""

    session_id: str
    until_s: float


class ReclaimNodes(_Instruction, frozen=True):
    """A session's quantum phase ends soon: let it have nodes again."""

    session_id: str


class WakeAt(_Instruction, frozen=True):
    """Give a ``TimePassed`` at this time, unless something else happens before."""

    time_s: float


Instruction = (
    StartSlice
    | PrefetchTask
    | StopSlice
    | FinishTask
    | FailTask
    | CancelTask
    | RejectTask
    | ReleaseNodes
    | ReclaimNodes
    | WakeAt
)
