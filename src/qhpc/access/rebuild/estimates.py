"""What a submission will need, as its services say, without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qat.comm.access.messages import Estimate
from qat.core.application import Application
from qat.core.errors import ServiceError
from qat.core.qpu.qpu import CommonQPU
from qat.core.wrappers.job import Batch, Job
from qat.qpus.linalg import LinAlg

__all__ = ["estimated"]

_MB = 10**6
_MOST = (1 << 63) - 1
"""More bytes than there are anywhere, and yet a number that travels."""


def estimated(stack: Any, services: Sequence[Any], batch: Batch | None) -> Estimate:
    """What a batch needs on a stack.

    Memory and time are what the QPU at the bottom says (``estimate_resources_for_batch``) of the jobs as they were
    submitted; plugins may change that, and a generator's jobs are not known beforehand.

    Args:
        stack: the stack.
        services: what it is made of.
        batch: the jobs, or None.
    """
    is_safe = all(getattr(service, "is_safe_to_retry", False) for service in services)
    qpu_pools = {pool: share for each in services for pool, share in getattr(each, "qpu_pools", {}).items()}
    if batch is None:
        return Estimate(is_safe_to_retry=is_safe, qpu_pools=qpu_pools)
    memory_bytes, duration_s = _needs(_bottom(stack), batch)
    return Estimate(
        nb_jobs=len(batch.jobs),
        nb_qubits=max((job.nbqbits or 0 for job in batch.jobs), default=0),
        nb_shots=sum(job.nbshots or 0 for job in batch.jobs),
        memory_bytes=memory_bytes,
        duration_s=duration_s,
        is_safe_to_retry=is_safe,
        qpu_pools=qpu_pools,
    )


def _bottom(stack: Any) -> Any:
    """The QPU that everything else of a stack stands on."""
    if isinstance(stack, Application):
        return _bottom(stack._qpu)
    below = getattr(stack, "qpu", None)
    return _bottom(below) if isinstance(below, CommonQPU) else stack


def _needs(qpu: Any, batch: Batch) -> tuple[int | None, float | None]:
    """Bytes of the largest job and seconds of one pass, as far as a QPU tells.

    A QPU that refuses a job tells nothing: a plugin may make of it what the QPU takes, or the run will tell.
    """
    if not isinstance(qpu, CommonQPU) or not batch.jobs:
        return None, None
    try:
        return _simulated(qpu, batch.jobs) if isinstance(qpu, LinAlg) else _modelled(qpu, batch)
    except ServiceError:
        return None, None
    except OverflowError:  # more than a float holds
        return _MOST, None


def _simulated(qpu: LinAlg, jobs: Sequence[Job]) -> tuple[int, float | None]:
    """In bytes and seconds. Jobs that share a circuit and all that matters are estimated once."""
    kinds = [(id(job.circuit), job.type, job.nbshots, id(job.observable)) for job in jobs]
    estimates = {kind: qpu.estimate(job) for kind, job in dict(zip(kinds, jobs, strict=True)).items()}
    duration_s = sum(estimates[kind].duration_s for kind in kinds)
    return min(max(each.nb_bytes for each in estimates.values()), _MOST), _finite(duration_s)


def _modelled(qpu: CommonQPU, batch: Batch) -> tuple[int | None, float | None]:
    """In the published structure: MB and minutes."""
    models = qpu.estimate_resources_for_batch(batch)
    models = models if isinstance(models, list | tuple) else [models]
    sizes: list[Any] = [getattr(model, "mem_necessary_biggest_job_mb", None) for model in models]
    times: list[Any] = [getattr(model, "max_time_minutes", None) for model in models]
    memory_bytes = None if None in sizes or not sizes else min(int(max(sizes) * _MB), _MOST)
    return memory_bytes, None if None in times or not times else _finite(sum(times) * 60.0)


def _finite(duration_s: float) -> float | None:
    return duration_s if duration_s < float("inf") else None
