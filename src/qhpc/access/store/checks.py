"""What every store asks of what it is given."""

from __future__ import annotations

from collections.abc import Sequence

from qhpc.access.jobs.ids import is_id
from qhpc.access.jobs.life_cycle import FilesDeleted, JobEvent, Succeeded
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.protocol import InvalidText, JobFilter, KeyReused

__all__ = ["check_events", "check_filter", "check_new", "check_texts", "same_submission"]


def check_new(job: JobRecord, *, is_taken: bool = False) -> None:
    """Refuse a job whose id is taken or could name a file elsewhere, or whose texts no database keeps.

    >>> check_new(JobRecord(id="../passwd", owner="eve"))
    Traceback (most recent call last):
    ValueError: '../passwd' is no id for a new job; expected one made by new_id, and not used before
    """
    if is_taken or not is_id(job.id):
        raise ValueError(f"{job.id!r} is no id for a new job; expected one made by new_id, and not used before")
    check_texts(job.owner, job.account, job.idempotency_key, job.session_id, job.name, *job.tags)


def check_filter(which: JobFilter) -> None:
    """Refuse a filter with texts that no database keeps."""
    check_texts(which.owner, which.account, which.session_id, which.name, *which.tags)


def check_texts(*texts: str | None) -> None:
    """Refuse texts that no database keeps.

    >>> check_texts("näme", None)
    >>> check_texts("a\\0b")
    Traceback (most recent call last):
    qhpc.access.store.protocol.InvalidText: 'a\\x00b' holds zero bytes or half characters; expected Unicode text
    """
    for text in texts:
        if text is not None and ("\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)):
            raise InvalidText(f"{text!r} holds zero bytes or half characters; expected Unicode text")


def same_submission(known: JobRecord, job: JobRecord) -> JobRecord:
    """The job that is known, if it is what is sent now.

    Raises:
        KeyReused: it is not.
    """
    if known.submission_sha256 != job.submission_sha256:
        raise KeyReused(f"the key {job.idempotency_key!r} belongs to job {known.id}, whose submission was different")
    return known


def check_events(events: Sequence[JobEvent]) -> None:
    """Refuse events that go with a change of files, which ``apply`` does not make."""
    for event in events:
        if isinstance(event, Succeeded | FilesDeleted):
            raise ValueError(f"{type(event).__name__} was applied; expected a call of finish or delete_files instead")
