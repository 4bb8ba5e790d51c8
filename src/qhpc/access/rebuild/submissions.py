"""Reads submissions, as they came from a client, into values, within the limits of the site."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from qat.comm.access.messages import API_VERSION, Submission
from qat.comm.wire import decode
from qat.core.errors import WireError
from qat.core.wrappers.job import Batch, Job
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.rebuild.policy import SubmissionLimits

__all__ = ["batch_of", "read_submission"]

_decoder = msgspec.msgpack.Decoder(Submission)


def read_submission(message: bytes, limits: SubmissionLimits | None = None) -> Submission:
    """The submission in a message.

    Raises:
        InvalidSubmission: ``too-large``, ``malformed-request`` or ``too-new``.
    """
    limits = limits or SubmissionLimits()
    if len(message) > limits.max_bytes:
        raise InvalidSubmission("too-large", f"the submission has {len(message)} bytes, at most {limits.max_bytes}")
    try:
        submission = _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(message, error) from error
    if submission.version > API_VERSION:
        raise _too_new(submission.version)
    nb_services = len(submission.recipe.services)
    if nb_services > limits.max_services:
        raise InvalidSubmission("invalid-stack", f"{nb_services} services in a stack, at most {limits.max_services}")
    return submission


def batch_of(submission: Submission, limits: SubmissionLimits | None = None) -> Batch | None:
    """The jobs of a submission; None if its task needs none.

    Raises:
        InvalidSubmission: ``malformed-request``: there are none, or they cannot be read; ``does-not-fit``: too many or
            too large.
    """
    if submission.task in ("execute", "specs"):
        if submission.batch is not None:
            raise InvalidSubmission("malformed-request", f"there is a batch, but {submission.task} takes none")
        return None
    if submission.batch is None:
        raise InvalidSubmission("malformed-request", f"there is no batch; {submission.task} needs one")
    try:
        batch: Batch = decode(submission.batch, Batch)
    except WireError as error:
        raise InvalidSubmission("malformed-request", f"the batch cannot be read: {error}") from error
    if submission.is_single and len(batch.jobs) != 1:
        raise InvalidSubmission("malformed-request", f"it holds {len(batch.jobs)} jobs and is said to be one job")
    _check_size(batch.jobs, limits or SubmissionLimits())
    return batch


def _check_size(jobs: Sequence[Job], limits: SubmissionLimits) -> None:
    for what, found, limit in (
        ("jobs in the batch", len(jobs), limits.max_jobs),
        ("qubits in a job", max((job.nbqbits or 0 for job in jobs), default=0), limits.max_qubits),
        ("shots in a job", max((job.nbshots or 0 for job in jobs), default=0), limits.max_shots),
    ):
        if found > limit:
            raise InvalidSubmission("does-not-fit", f"{found} {what}; this site takes at most {limit}")


def _malformed(message: bytes, error: Exception) -> InvalidSubmission:
    """Why it cannot be read: it may be of a version to come, which has other fields."""
    try:
        fields = msgspec.msgpack.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fields = None
    version = fields.get("version") if isinstance(fields, dict) else None
    if isinstance(version, int) and version > API_VERSION:
        return _too_new(version)
    return InvalidSubmission("malformed-request", f"the submission cannot be read: {error}; send it with openqat")


def _too_new(version: int) -> InvalidSubmission:
    found = f"the submission is of version {version}, this server reads up to {API_VERSION}"
    return InvalidSubmission("too-new", f"{found}; use an older client, or ask the site to update openqat")
