"""Which Slurm jobs there are: for the broker, whose sessions belong to jobs and end with them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from qhpc.scheduling.admission.model import duty_of_units
from qhpc.slurm.commands import show, squeue
from qhpc.slurm.controller import Controller
from qhpc.slurm.parsers import SlurmJob, parse_configuration, parse_jobs, parse_record
from qhpc.slurm.site import Cluster
from qhpc.slurm.states import phase_of

__all__ = [
    "JobDirectory", "JobRun", "SlurmJob", "SlurmJobDirectory", "described", "duty_of", "has_nodes", "is_over",
    "listed_jobs", "run_of", "units_of",
]  # fmt: skip


class JobRun(NamedTuple):
    """A run of a job. Numbers say little: a job that lost its nodes is run again under its own, and a controller that
    has crashed gives those of jobs that it forgot to others.

    Attributes:
        job_id: number of the job.
        submitted: when it was submitted or put back, as Slurm writes it; empty if Slurm could not be asked.
    """

    job_id: int
    submitted: str = ""


class JobDirectory(Protocol):
    """Tells which jobs there are."""

    async def nb_restarts(self, job_id: int) -> int:
        """How often a job was begun anew. Raises as ``jobs``; also if there is no such job."""

    async def jobs(self) -> Mapping[int, SlurmJob]:
        """All jobs that the controller knows, by id, those that ended minutes ago too. A job that is not there is over.

        Raises:
            ControllerUnreachable: nothing is known now.
        """


class SlurmJobDirectory:
    """The jobs of a cluster: one squeue for each question, whatever the number of jobs.

    Args:
        controller: runs it.
    """

    def __init__(self, controller: Controller | None = None) -> None:
        self._controller = controller or Controller()

    async def jobs(self) -> Mapping[int, SlurmJob]:
        """See the protocol."""
        return {job.id: job for job in await listed_jobs(self._controller)}

    async def nb_restarts(self, job_id: int) -> int:
        """See the protocol."""
        record = parse_record(await self._controller.run(show("job", job_id)))
        return int(record.get("Restarts", "0"))


async def listed_jobs(controller: Controller, name: str | None = None) -> list[SlurmJob]:
    """The jobs that the controller knows, of one name or all.

    Raises:
        ControllerUnreachable: nothing is known now.
    """
    marker = secrets.token_hex(8)
    return parse_jobs(await controller.run(squeue(marker, name=name)), marker)


async def described(controller: Controller) -> Cluster:
    """What a controller says of its cluster.

    Raises:
        ControllerUnreachable, SlurmRefused: it says nothing.
    """
    configuration = parse_configuration(await controller.run(("scontrol", "show", "config")))
    licenses = [parse_record(line) for line in (await controller.run(show("licenses"))).splitlines()]
    partitions = [parse_record(line) for line in (await controller.run(show("partition"))).splitlines()]
    return Cluster(
        configuration=configuration,
        licenses={each["LicenseName"]: int(each["Total"]) for each in licenses if "LicenseName" in each},
        partitions=[each for each in partitions if "PartitionName" in each],
    )


def is_over(job: SlurmJob | None) -> bool:
    """Whether a job, as the directory has it or has not, has ended.

    >>> is_over(None), is_over(SlurmJob(id=1, state="TIMEOUT")), is_over(SlurmJob(id=1, state="RUNNING"))
    (True, True, False)
    """
    return job is None or phase_of(job.state) == "ended"


def has_nodes(job: SlurmJob) -> bool:
    """Whether a job has nodes now, as far as the controller knows.

    >>> has_nodes(SlurmJob(id=1, state="RUNNING")), has_nodes(SlurmJob(id=1, state="PENDING"))
    (True, False)
    """
    state = job.state.partition(" ")[0]
    return state == "CONFIGURING" or phase_of(state) in ("running", "unknown")


def run_of(job: SlurmJob) -> JobRun:
    """The run that a job is in, or waits for.

    >>> run_of(SlurmJob(id=7, state="RUNNING", submitted="2026-11-28T11:40:03"))
    JobRun(job_id=7, submitted='2026-11-28T11:40:03')
    """
    return JobRun(job.id, job.submitted)


def duty_of(job: SlurmJob, pool: str) -> float:
    """The share of a pool's QPUs that a job was admitted with, from its licence ``qpu_POOL``: 1000 units are one QPU.

    >>> duty_of(SlurmJob(id=1, state="RUNNING", licenses={"qpu_fresnel": 500}), "fresnel")
    0.5
    """
    return duty_of_units(units_of(job, pool))


def units_of(job: SlurmJob, pool: str) -> int:
    """Duty units of a pool that a job has, or asks for.

    >>> units_of(SlurmJob(id=1, state="PENDING", licenses={"qpu_fresnel@openqat": 250}), "fresnel")
    250
    """
    return sum(number for name, number in job.licenses.items() if name.partition("@")[0] == f"qpu_{pool}")
