"""What a server and its processes tell each other: kinds of frames (:mod:`qat.comm.framing`), and their structures.

::

    server -> runner   CONFIGURE Configuration, then RUN Assignment, one at a time
    runner -> server   READY, then for each RUN: BEGUN, PROGRESS Progress, …, and RESULT message or FAILURE Outcome, on
                       channel SPENT if the runner ends after it; or SUSPENDED Suspension, where a job may give its
                       nodes back

    server -> clerk    CONFIGURE ClerkConfiguration, then SERVICES and INSPECT submission, each with a channel
    clerk  -> server   READY, then on that channel, in the order of the questions: SERVICES views, INSPECTION parts,
                       REFUSAL, or FAULT text
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from qat.comm.access.messages import Estimate, Failure
from qhpc.access.rebuild.policy import ServicePolicy, SubmissionLimits

__all__ = [
    "SPENT", "Assignment", "ClerkConfiguration", "Configuration", "FrameKind", "InspectionParts", "Outcome", "Refusal",
    "Suspension",
]  # fmt: skip


SPENT = 1
"""Channel of the last frame of a runner that takes no more jobs."""


class FrameKind(IntEnum):
    """Kinds of frames."""

    CONFIGURE = 1
    READY = 2
    RUN = 3
    PROGRESS = 4
    RESULT = 5
    FAILURE = 6
    BEGUN = 7
    SUSPENDED = 8
    SERVICES = 10
    INSPECT = 11
    INSPECTION = 12
    REFUSAL = 13
    FAULT = 14


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner has to know before it takes jobs.

    Attributes:
        policy: the services that may be used.
        preload: services to import beforehand.
        niceness: added to its own.
        max_result_bytes: larger results are refused.
        max_jobs: the runner ends after so many jobs.
        max_growth_bytes: the runner ends after a job that has left it so much larger than it was.
    """

    policy: ServicePolicy = ServicePolicy()
    preload: tuple[str, ...] = ()
    niceness: int = 0
    max_result_bytes: int = 1 << 30
    max_jobs: int = 10_000
    max_growth_bytes: int = 1 << 30


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A job for a runner.

    Attributes:
        job_id: its id.
        submission: as it came from the client.
        owner: whose it is, if it does not run under the Unix account of its owner.
        memory_bytes: how much memory it may add to what the runner has; None for no limit.
        nb_cores: how many threads it may use; None leaves it as it is.
        cpu_s: how much processor time it may use; None for no limit.
    """

    job_id: str
    submission: bytes
    owner: str = ""
    memory_bytes: int | None = None
    nb_cores: int | None = None
    cpu_s: float | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended that has no result; ``is_limit``: at a limit of memory."""

    failure: Failure
    is_limit: bool = False


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    """A job has given its nodes back.

    Attributes:
        until_s: when it is expected to need them again, seconds since 1970.
    """

    until_s: float


class ClerkConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What the clerk has to know.

    Attributes:
        policy: the services that may be used.
        limits: the largest submission.
        memory_bytes: how much memory the clerk may add to what it has when it is ready.
    """

    policy: ServicePolicy = ServicePolicy()
    limits: SubmissionLimits = SubmissionLimits()
    memory_bytes: int | None = None


class InspectionParts(msgspec.Struct, frozen=True, kw_only=True):
    """:class:`~qhpc.access.launchers.protocol.Inspection` on its way."""

    stack: str
    estimate: Estimate


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """:class:`~qhpc.access.launchers.protocol.InvalidSubmission` on its way."""

    code: str
    detail: str
    near_names: tuple[str, ...] = ()
