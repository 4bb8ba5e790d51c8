"""Which jobs a list shows and where its next part begins. Pure.

A cursor names the last job of a part by its place in the order, (time of creation, id), so that jobs that come or go
meanwhile make no other job appear twice or be left out.
"""

from __future__ import annotations

from typing import NamedTuple

from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.protocol import InvalidCursor, JobFilter

__all__ = ["Place", "cursor_of", "matches", "place_of", "place_of_cursor"]


class Place(NamedTuple):
    """Where a job stands in lists."""

    created_s: float
    id: str


def place_of(job: JobRecord) -> Place:
    """Where a job stands."""
    return Place(job.created_s, job.id)


def cursor_of(job: JobRecord) -> str:
    """The cursor of the part that begins behind a job.

    >>> cursor = cursor_of(JobRecord(id="b", owner="eve", created_s=0.5))
    >>> cursor, place_of_cursor(cursor)
    ('0x1.0000000000000p-1:b', Place(created_s=0.5, id='b'))
    >>> place_of_cursor(cursor_of(JobRecord(id="b", owner="eve", created_s=1.5e9))).created_s
    1500000000.0
    """
    exact = job.created_s.hex().replace("+", "")  # which would be a space in a query that is not encoded
    return f"{exact}:{job.id}"


def place_of_cursor(cursor: str) -> Place:
    """The place that a cursor names.

    Raises:
        InvalidCursor: it is none.
    """
    time_s, separator, job_id = cursor.partition(":")
    try:
        place = Place(float.fromhex(time_s), job_id)
    except (ValueError, OverflowError):
        raise InvalidCursor(cursor) from None
    if not separator or not job_id:
        raise InvalidCursor(cursor)
    return place


def matches(job: JobRecord, which: JobFilter) -> bool:
    """Whether a filter lets a job pass.

    >>> job = JobRecord(id="a", owner="eve", tags=("x", "y"))
    >>> matches(job, JobFilter(owner="eve", tags=("x",))), matches(job, JobFilter(states=("done",)))
    (True, False)
    """
    return (
        all(
            wanted is None or found == wanted
            for wanted, found in (
                (which.owner, job.owner),
                (which.account, job.account),
                (which.session_id, job.session_id),
                (which.name, job.name),
            )
        )
        and (which.states is None or job.state in which.states)
        and set(which.tags) <= set(job.tags)
        and (which.created_after_s is None or job.created_s > which.created_after_s)
        and (which.created_before_s is None or job.created_s < which.created_before_s)
    )
