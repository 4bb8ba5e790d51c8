"""What a quantum task carries: one job, and the meta data of the batch that it comes from."""

from __future__ import annotations

from collections.abc import Mapping

from qat.comm.wire import encode
from qat.comm.wire.codec import decode_any
from qat.core.errors import WireError
from qat.core.wrappers.job import Batch, Job

__all__ = ["batch_in", "payload_of"]


def payload_of(job: Job, meta_data: Mapping[str, str] | None = None) -> bytes:
    """The ``payload`` of a task: message of the Job, or of a Batch of it where there are meta data.

    >>> from qat.core import Circuit
    >>> batch_in(payload_of(Circuit.empty(1).to_job(), {"a": "b"})).meta_data
    {'a': 'b'}
    """
    return encode(Batch([job], dict(meta_data))) if meta_data else encode(job)


def batch_in(payload: bytes) -> Batch:
    """The job in a payload and the meta data of its batch, as a batch of this one job.

    Raises:
        WireError: it is no such message, or damaged.
    """
    value = decode_any(payload)
    if isinstance(value, Job):
        return Batch([value], {})
    if isinstance(value, Batch) and len(value) == 1:
        return value
    found = (
        f"it holds a Batch of {len(value)} jobs" if isinstance(value, Batch) else f"it holds a {type(value).__name__}"
    )
    raise WireError(found, "a Job, or a Batch of one")
