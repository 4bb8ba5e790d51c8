"""What a submission will need, as its services say, without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qat.comm.access.messages import Estimate
from qat.core.application import Application
from qat.core.qpu.qpu import CommonQPU
from qat.core.wrappers.job import Batch
from qat.qpus.linalg import LinAlg

__all__ = ["estimated"]

_MB = 1 << 20
_MOST = (1 << 63) - 1
"""More bytes than there are anywhere, and yet a number that travels."""


def estimated(stack: Any, services: Sequence[Any], batch: Batch | None) -> Estimate:
    """What a batch needs on a stack.

    Memory and time are what the QPU at the bottom says (``estimate_resources_for_batch``); plugins may change that,
    and a generator's jobs are not known beforehand.

    Args:
        stack: the stack.
        services: what it is made of.
        batch: the jobs, or None.
    """
    is_safe = all(getattr(service, "is_safe_to_retry", False) for service in services)
    if batch is None:
        return Estimate(is_safe_to_retry=is_safe)
    memory_bytes, duration_s = _needs(_bottom(stack), batch)
    return Estimate(
        nb_jobs=len(batch.jobs),
        nb_qubits=max((job.nbqbits or 0 for job in batch.jobs), default=0),
        nb_shots=sum(job.nbshots or 0 for job in batch.jobs),
        memory_bytes=memory_bytes,
        duration_s=duration_s,
        is_safe_to_retry=is_safe,
    )


def _bottom(stack: Any) -> Any:
    """The QPU that everything else of a stack stands on."""
    if isinstance(stack, Application):
        return _bottom(stack._qpu)
    below = getattr(stack, "qpu", None)
    return _bottom(below) if isinstance(below, CommonQPU) else stack


def _needs(qpu: Any, batch: Batch) -> tuple[int | None, float | None]:
    """Bytes of the largest job and seconds of one pass, as far as a QPU tells."""
    models = qpu.estimate_resources_for_batch(batch) if isinstance(qpu, CommonQPU) else None
    if models is None:
        return _state_vector_bytes(qpu, batch), None
    models = models if isinstance(models, list | tuple) else [models]
    sizes = [model.mem_necessary_biggest_job_mb for model in models]
    times = [model.max_time_minutes for model in models]
    memory_bytes = None if None in sizes or not sizes else min(int(max(sizes) * _MB), _MOST)
    return memory_bytes, None if None in times or not times else sum(times) * 60.0


def _state_vector_bytes(qpu: Any, batch: Batch) -> int | None:
    """Bytes of a state-vector simulation, which takes three vectors of ``2**n`` amplitudes."""
    if not isinstance(qpu, LinAlg) or not batch.jobs:
        return None
    nb_qubits = max(job.nbqbits or 0 for job in batch.jobs)
    return min(3 * 16 << nb_qubits, _MOST)
