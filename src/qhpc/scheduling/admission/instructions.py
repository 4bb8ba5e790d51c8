"""What admission decides."""

from __future__ import annotations

import msgspec

__all__ = ["AdmitJob", "ChangeShare", "Instruction", "SetCapacity"]


class _Instruction(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of the instructions."""


class AdmitJob(_Instruction, frozen=True):
    """Let a job run, with this share of a QPU promised to it."""

    job_id: str
    share: float


class ChangeShare(_Instruction, frozen=True):
    """A running job has another share from now on."""

    job_id: str
    share: float


class SetCapacity(_Instruction, frozen=True):
    """A pool offers so many duty units from now on."""

    pool: str
    units: int


Instruction = AdmitJob | ChangeShare | SetCapacity
