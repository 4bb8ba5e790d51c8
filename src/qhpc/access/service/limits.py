"""What jobs may ask for. Pure: asked, estimated and allowed give the resources, or a problem."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from qat.comm.access.messages import Estimate, Resources
from qhpc.access.service.problems import AccessProblem
from qhpc.access.store.protocol import Account

__all__ = ["Limits", "check_quotas", "granted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of the site.

    Attributes:
        max_memory_bytes: of one job.
        max_cores: of one job.
        max_nodes: of one job.
        max_time_s: running time of one job, also the default.
        max_waiting_jobs: of all users; more are refused until some have started.
        retention_s: how long files are kept after the end of a job.
        max_wait_s: longest wait of one request.
    """

    max_memory_bytes: int | None = None
    max_cores: int | None = None
    max_nodes: int | None = 1
    max_time_s: float = 7 * 86400.0
    max_waiting_jobs: int = 100_000
    retention_s: float | None = 30 * 86400.0
    max_wait_s: float = 60.0


def granted(asked: Resources, estimate: Estimate, limits: Limits) -> Resources:
    """The resources of a job: what was asked for, or else the site's limits.

    Raises:
        AccessProblem: ``does-not-fit``: it asks for more than there is, or needs more than it may have.

    >>> granted(Resources(max_time_s=60), Estimate(), Limits(max_cores=2)).max_time_s
    60
    """
    allowed = Resources(
        memory_bytes=limits.max_memory_bytes,
        nb_cores=limits.max_cores,
        nb_nodes=limits.max_nodes,
        max_time_s=limits.max_time_s,
    )
    names = ("memory_bytes", "nb_cores", "nb_nodes", "max_time_s")
    given = {name: _at_most(name, getattr(asked, name), getattr(allowed, name)) for name in names}
    resources = msgspec.structs.replace(asked, **given)
    _check_estimate(estimate, resources)
    return resources


def _at_most(name: str, asked: float | None, allowed: float | None) -> float | None:
    if asked is None:
        return allowed
    if asked <= 0:
        raise AccessProblem("invalid-argument", f"{name} is {asked}; a number above 0 was expected")
    if allowed is not None and asked > allowed:
        raise AccessProblem("does-not-fit", f"{name} is {asked}; this server gives a job at most {allowed}")
    return asked


def _check_estimate(estimate: Estimate, resources: Resources) -> None:
    needed, given = estimate.memory_bytes, resources.memory_bytes
    if needed is not None and given is not None and needed > given:
        raise AccessProblem(
            "does-not-fit",
            f"the job needs about {_gib(needed)} of memory for {estimate.nb_qubits} qubits, and may use {_gib(given)}; "
            "use fewer qubits, or a QPU that needs less memory",
            context={"memory_bytes": needed, "allowed_bytes": given},
        )


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.3g} GiB"


def check_quotas(user: Account, nb_waiting: int, stored_bytes: int) -> None:
    """Whether a user may have one more job.

    Args:
        user: with quotas; None is unlimited.
        nb_waiting: waiting jobs.
        stored_bytes: with the new job.

    Raises:
        AccessProblem: ``quota-exceeded``.

    >>> check_quotas(Account(name="ada"), 10**6, 10**12)
    """
    if user.max_waiting_jobs is not None and nb_waiting >= user.max_waiting_jobs:
        detail = f"{nb_waiting} of your jobs wait, and {user.max_waiting_jobs} may; try again when some have started"
        raise AccessProblem("quota-exceeded", detail, retry_after_s=5.0)
    if user.max_stored_bytes is not None and stored_bytes > user.max_stored_bytes:
        detail = (
            f"your files would take {stored_bytes} bytes with this job, and may take {user.max_stored_bytes}; "
            "remove files of old jobs (qat delete ID)"
        )
        raise AccessProblem("quota-exceeded", detail)
