"""Where a job stands in Slurm, in sentences: why it waits, what is before it, which licences it lacks. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qhpc.access.launchers.protocol import Standing
from qhpc.slurm.parsers import SlurmJob

__all__ = ["Licence", "licences_of", "standing_of"]


@dataclass(frozen=True, slots=True)
class Licence:
    """How many there are of a licence, and how many nobody holds and no reservation keeps."""

    total: int
    free: int


def licences_of(records: Sequence[Mapping[str, str]]) -> dict[str, Licence]:
    """The licences that ``scontrol show licenses`` lists.

    >>> licences_of([{"LicenseName": "qpu_fresnel", "Total": "1000", "Used": "250", "Free": "750", "Reserved": "700"}])
    {'qpu_fresnel': Licence(total=1000, free=50)}
    """
    return {
        each["LicenseName"]: Licence(int(each["Total"]), max(0, int(each["Free"]) - int(each.get("Reserved", 0))))
        for each in records
        if "LicenseName" in each
    }


def standing_of(said: str, job: SlurmJob, queue: Sequence[SlurmJob], licences: Mapping[str, Licence]) -> Standing:
    """Where a job stands that waits.

    Args:
        said: its state and reason in words.
        job: its row.
        queue: all jobs that wait, the next one first.
        licences: of the cluster.

    >>> job = SlurmJob(id=8, state="PENDING", reason="Licenses", licenses={"qpu_fresnel": 250})
    >>> queue = [SlurmJob(id=7, state="PENDING", licenses={"qpu_fresnel": 900}), job]
    >>> for sentence in standing_of("job 8 waits", job, queue, {"qpu_fresnel": Licence(1000, 100)}).reasons[1:]:
    ...     print(sentence)
    1 job is before it in Slurm, 1 of them for the same QPU
    it asks for 250 of qpu_fresnel: 100 of 1000 are free
    """
    now = next((each for each in queue if each.id == job.id), job)
    return Standing(
        reasons=(said, *_before(job, queue), *_lacking(job, licences)),
        latest_start_s=None if now.started is None else _seconds(now.started),
    )


def _before(job: SlurmJob, queue: Sequence[SlurmJob]) -> Iterator[str]:
    ids = [each.id for each in queue]
    ahead = queue[: ids.index(job.id)] if job.id in ids else ()
    if ahead:
        rivals = sum(1 for each in ahead if each.licenses.keys() & job.licenses.keys())
        nb_ahead = f"{len(ahead)} job{'s are' if len(ahead) > 1 else ' is'} before it in Slurm"
        yield f"{nb_ahead}, {rivals} of them for the same QPU" if job.licenses else nb_ahead
    elif job.id in ids and len(ids) > 1:
        yield f"it is the next of {len(ids)} jobs that wait in Slurm"


def _lacking(job: SlurmJob, licences: Mapping[str, Licence]) -> Iterator[str]:
    for name, number in job.licenses.items():
        licence = licences.get(name)
        if licence is None:
            yield f"it asks for {number} of {name}, which the cluster does not have now"
        elif number > licence.free:
            yield f"it asks for {number} of {name}: {licence.free} of {licence.total} are free"


def _seconds(text: str) -> float | None:
    """Slurm writes local time."""
    try:
        return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None
