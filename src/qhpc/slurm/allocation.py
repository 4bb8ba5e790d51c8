"""Which duty units of QPUs a job of Slurm has, of all those that its cluster hands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qhpc.slurm.directory import units_of
from qhpc.slurm.job_control import JobControl
from qhpc.slurm.parsers import SlurmJob

__all__ = ["allocated_units", "units_in"]

_PREFIX = "qpu_"


async def allocated_units(control: JobControl, number: int, *, is_heterogeneous: bool = False) -> dict[str, int]:
    """Units of each pool that the cluster has a licence for; none of what the job has not asked for.

    Args:
        control: asks Slurm.
        number: id of the job.
        is_heterogeneous: whether all its parts count.

    Raises:
        ControllerUnreachable, SlurmRefused, NotUnderstood: Slurm does not tell.
    """
    parts = [part for part in await control.job(number) if is_heterogeneous or part.id == number]
    return units_in(await control.licenses(), parts)


def units_in(licenses: Sequence[Mapping[str, str]], parts: Sequence[SlurmJob]) -> dict[str, int]:
    """The units of each pool in what Slurm tells.

    >>> job = SlurmJob(id=7, state="RUNNING", licenses={"qpu_fresnel": 250})
    >>> units_in([{"LicenseName": "qpu_fresnel"}, {"LicenseName": "qpu_ions@openqat"}, {"LicenseName": "cad"}], [job])
    {'fresnel': 250, 'ions': 0}
    """
    names = [each.get("LicenseName", "").partition("@")[0] for each in licenses]
    pools = [name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)]
    return {pool: sum(units_of(part, pool) for part in parts) for pool in pools}
