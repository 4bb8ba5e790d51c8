"""The duty units of a job: of itself, its array, or all its parts."""

import asyncio

from qhpc.slurm.allocation import allocated_units
from qhpc.slurm.parsers import SlurmJob

LICENSES = [{"LicenseName": name} for name in ("qpu_fresnel", "qpu_ions@openqat", "matlab")]


class Control:
    """Lists what a job's number stands for."""

    def __init__(self, *parts):
        self.parts = parts

    async def job(self, number):
        return list(self.parts)

    async def licenses(self):
        return LICENSES


def units(*parts, **options):
    return asyncio.run(allocated_units(Control(*parts), 7, **options))


def part(number, **licenses):
    return SlurmJob(id=number, state="RUNNING", licenses={name.replace("__", "@"): n for name, n in licenses.items()})


def test_units_of_a_job():
    assert units(part(7, qpu_fresnel=250, matlab=1)) == {"fresnel": 250, "ions": 0}
    assert units(part(7, qpu_ions__openqat=100)) == {"fresnel": 0, "ions": 100}


def test_a_number_that_stands_for_an_array_is_that_task_alone():
    assert units(part(6, qpu_fresnel=250), part(7, qpu_fresnel=100)) == {"fresnel": 100, "ions": 0}


def test_all_parts_of_a_heterogeneous_job_count():
    parts = part(7), part(8, qpu_fresnel=250)
    assert units(*parts, is_heterogeneous=True) == {"fresnel": 250, "ions": 0}
    assert units(*parts) == {"fresnel": 0, "ions": 0}


def test_a_job_that_slurm_does_not_know_has_none():
    assert units() == {"fresnel": 0, "ions": 0}
