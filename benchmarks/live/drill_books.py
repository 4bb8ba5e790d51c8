"""What the QPU ran by its driver's own record, held against the accounts of the broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qhpc.broker.accounts import job_of
from qhpc.broker.drivers.slice_log import LoggedSlice
from qhpc.broker.usage_rows import SliceRow

__all__ = ["Books", "compared"]


@dataclass(frozen=True)
class Books:
    """What came out; the lists have to be empty.

    Attributes:
        nb_slices: that the QPU began.
        nb_charged: slices in the accounts that count.
        nb_lost: slices in the accounts of which nobody knows whether they ran; they are not charged.
        nb_cut: slices that the QPU began and whose driver was killed before their end.
        nb_again: slices that the QPU began again after its driver was killed, before anybody had heard of the first
            time; of tasks that may run again, and charged once.
        run_twice: other slices that the QPU began twice.
        recorded_twice: slices that are twice in the accounts.
        missing: slices that the QPU ended and the accounts do not have.
        invented: slices that the accounts have as finished, and the QPU has not ended.
        miscounted: jobs that are done, and are charged for other shots than theirs.
    """

    nb_slices: int
    nb_charged: int
    nb_lost: int
    nb_cut: int
    nb_again: int
    run_twice: Sequence[str]
    recorded_twice: Sequence[str]
    missing: Sequence[str]
    invented: Sequence[str]
    miscounted: Sequence[str]


def compared(
    log: Iterable[LoggedSlice], rows: Iterable[SliceRow], shots_of: Mapping[str, int], once: Collection[str] = ()
) -> Books:
    """Compare.

    Args:
        log: the record of the drivers.
        rows: the accounts.
        shots_of: by id of a job that is done, how many shots its tasks have.
        once: ids of the jobs whose tasks must not run again, whatever happens.
    """
    log, rows = list(log), list(rows)
    begins = Counter((line.key, line.number, line.pid) for line in log if line.what == "begun")
    begun = Counter((key, number) for key, number, _ in begins)  # by how many processes of drivers
    ended = {(line.key, line.number) for line in log if line.what == "ended"}
    broken = {(line.key, line.number) for line in log if line.what == "broken"}
    booked = Counter((f"{row.session}/{row.key}", row.number) for row in rows)
    finished = {(f"{row.session}/{row.key}", row.number) for row in rows if row.outcome == "finished"}
    charged: Counter[str] = Counter()
    again = {which for which, nb in begun.items() if nb > 1}
    forbidden = {(key, number) for key, number in again if _job(key.rpartition("/")[0]) in once}
    for row in rows:
        charged[_job(row.session)] += row.shots if row.outcome == "finished" else 0
    return Books(
        nb_slices=len(begun),
        nb_charged=len(finished),
        nb_lost=sum(row.outcome == "lost" for row in rows),
        nb_cut=len(begun.keys() - ended - broken),
        nb_again=len(again - forbidden),
        run_twice=_named(forbidden | {which[:2] for which, nb in begins.items() if nb > 1}),
        recorded_twice=_named(which for which, nb in booked.items() if nb > 1),
        missing=_named((ended | broken) - booked.keys()),
        invented=_named(finished - ended),
        miscounted=[f"{job}: {charged[job]} of {nb} shots" for job, nb in shots_of.items() if charged[job] != nb],
    )


def _job(session: str) -> str:
    """Id of the job of a session."""
    return job_of(session).partition(":")[2]


def _named(which: Iterable[tuple[str, int]]) -> list[str]:
    return sorted(f"{key} slice {number}" for key, number in which)
