"""The errors of an access server: one table for the server that raises them and the client that raises them again."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PROBLEMS", "ProblemKind"]


class ProblemKind(NamedTuple):
    """A kind of error.

    Attributes:
        status: its HTTP status.
        title: for people.
        retryable: whether the same request may succeed later.
    """

    status: int
    title: str
    retryable: bool = False


PROBLEMS: dict[str, ProblemKind] = {
    "malformed-request": ProblemKind(400, "The request cannot be read"),
    "not-authenticated": ProblemKind(401, "Not logged in"),
    "forbidden": ProblemKind(403, "Not allowed"),
    "unknown-job": ProblemKind(404, "No such job"),
    "unknown-service": ProblemKind(404, "No such service"),
    "unknown-session": ProblemKind(404, "No such session"),
    "unknown-token": ProblemKind(404, "No such token"),
    "no-broker": ProblemKind(404, "There are no shared QPUs"),
    "unknown-route": ProblemKind(404, "No such address"),
    "wrong-method": ProblemKind(405, "This address does not take this method"),
    "too-slow": ProblemKind(408, "The body did not come in time", retryable=True),
    "not-final": ProblemKind(409, "The job has not ended"),
    "job-failed": ProblemKind(409, "The job failed"),
    "job-cancelled": ProblemKind(409, "The job was cancelled"),
    "job-stopped": ProblemKind(409, "The job was stopped at a limit"),
    "files-deleted": ProblemKind(410, "The files of the job were removed"),
    "key-reused": ProblemKind(409, "The idempotency key belongs to another submission"),
    "session-closed": ProblemKind(409, "The session takes no more jobs"),
    "too-large": ProblemKind(413, "The body is too large"),
    "wrong-media-type": ProblemKind(415, "The body is of the wrong type"),
    "invalid-stack": ProblemKind(422, "The stack cannot be built"),
    "invalid-argument": ProblemKind(422, "A value is not valid"),
    "does-not-fit": ProblemKind(422, "The job needs more than there is"),
    "too-new": ProblemKind(422, "The message is of a newer version"),
    "quota-exceeded": ProblemKind(429, "A quota is used up", retryable=True),
    "too-many-attempts": ProblemKind(429, "Too many failed log-ins", retryable=True),
    "broker-unavailable": ProblemKind(503, "The broker of the shared QPUs does not tell", retryable=True),
    "overloaded": ProblemKind(503, "The server cannot take more now", retryable=True),
    "storage-full": ProblemKind(507, "The server cannot store more", retryable=True),
    "internal-error": ProblemKind(500, "The server failed"),
}
"""By code."""
