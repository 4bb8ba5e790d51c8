"""What a site allows: which services, and how large a submission may be."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

import msgspec

__all__ = ["UNLIMITED", "ServicePolicy", "SubmissionLimits"]


class ServicePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the installed services users may use.

    Attributes:
        allow: patterns of addresses, e.g. ``qat.qpus:LinAlg`` or ``qat.plugins:*``; a service has to match one.
        deny: patterns of addresses that are refused all the same.

    >>> policy = ServicePolicy(deny=("*:Display",))
    >>> policy.is_allowed("qat.qpus:LinAlg"), policy.is_allowed("qat.plugins:Display")
    (True, False)
    """

    allow: tuple[str, ...] = ("*",)
    deny: tuple[str, ...] = ()

    def is_allowed(self, address: str) -> bool:
        """Whether users may use the service of this address."""
        return _matches(address, self.allow) and not _matches(address, self.deny)


def _matches(address: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(address, pattern) for pattern in patterns)


class SubmissionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How large a submission may be; what exceeds it is refused before it is queued.

    Attributes:
        max_bytes: of the message.
        max_services: in a stack.
        max_jobs: in a batch.
        max_qubits: of a job.
        max_shots: of a job.
    """

    max_bytes: int = 64 << 20
    max_services: int = 32
    max_jobs: int = 10_000
    max_qubits: int = 10_000
    max_shots: int = 100_000_000


UNLIMITED = SubmissionLimits(
    max_bytes=sys.maxsize,
    max_services=sys.maxsize,
    max_jobs=sys.maxsize,
    max_qubits=sys.maxsize,
    max_shots=sys.maxsize,
)
"""For those who read what has been looked at already."""
