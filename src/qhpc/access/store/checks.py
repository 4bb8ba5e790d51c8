"""What every store asks of what it is given."""

from __future__ import annotations

from collections.abc import Sequence

from qhpc.access.jobs.ids import is_id
from qhpc.access.jobs.life_cycle import FilesDeleted, JobEvent, Succeeded
from qhpc.access.jobs.record import JobRecord

__all__ = ["check_events", "check_new"]


def check_new(job: JobRecord, *, is_taken: bool) -> None:
    """Refuse a job whose id is taken, or could name a file elsewhere.

    >>> check_new(JobRecord(id="../passwd", owner="eve"), is_taken=False)
    Traceback (most recent call last):
    ValueError: '../passwd' is no id for a new job; expected one made by new_id, and not used before
    """
    if is_taken or not is_id(job.id):
        raise ValueError(f"{job.id!r} is no id for a new job; expected one made by new_id, and not used before")


def check_events(events: Sequence[JobEvent]) -> None:
    """Refuse events that go with a change of files, which ``apply`` does not make."""
    for event in events:
        if isinstance(event, Succeeded | FilesDeleted):
            raise ValueError(f"{type(event).__name__} was applied; expected a call of finish or delete_files instead")
