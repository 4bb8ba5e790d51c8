"""The jobs that have not ended, as this process knows them: the store's records, and what need not be stored."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from qat.comm.access.messages import Progress
from qhpc.access.jobs.life_cycle import JobEvent
from qhpc.access.jobs.record import JobRecord

__all__ = ["ActiveJob", "ActiveJobs"]

_KEPT_BYTES = 64 * 1024
"""Submissions up to this size stay in memory until they are launched; longer ones are read from the store."""


@dataclass(slots=True)
class ActiveJob:
    """A job that has not ended.

    Attributes:
        record: as the store has it, or is about to have it.
        lock: held by whoever changes the job.
        submission: its bytes, if they are small and it was not launched yet.
        unstored: events that the record has, and the store will soon have.
        next_line: number of the next line of its log; None when it has to be looked up.
        progress: the latest, stored or not.
        progress_stored_s: when a progress was stored last.
    """

    record: JobRecord
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    submission: bytes | None = None
    unstored: list[JobEvent] = field(default_factory=list)
    next_line: int | None = None
    progress: Progress | None = None
    progress_stored_s: float = 0.0

    @property
    def latest(self) -> JobRecord:
        """The record with the latest progress."""
        return self.record if self.progress is None else replace(self.record, progress=self.progress)

    def keep_submission(self, submission: bytes) -> None:
        """Keep it for the launch, if it is small."""
        self.submission = submission if len(submission) <= _KEPT_BYTES else None


class ActiveJobs:
    """All of them, counted by owner; ``ended`` counts by state those that were let go."""

    def __init__(self) -> None:
        self._jobs: dict[str, ActiveJob] = {}
        self._launched: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[ActiveJob]:
        return iter(self._jobs.values())

    def get(self, job_id: str) -> ActiveJob | None:
        """The job, if it has not ended."""
        return self._jobs.get(job_id)

    def add(self, record: JobRecord) -> ActiveJob:
        """Care for a job from now on."""
        job = self._jobs[record.id] = ActiveJob(record)
        self._launched[record.owner] += _is_launched(record)
        return job

    def update(self, job: ActiveJob, record: JobRecord) -> None:
        """Take over a new record; a job that ended is let go."""
        self._launched[record.owner] += _is_launched(record) - _is_launched(job.record)
        job.record = record
        if record.ended_s is not None and self._jobs.pop(record.id, None) is not None:
            self.ended[record.state] += 1
        if not self._launched[record.owner]:
            del self._launched[record.owner]

    def is_launched(self, job_id: str) -> bool:
        """Whether a launcher has the job."""
        job = self._jobs.get(job_id)
        return job is not None and _is_launched(job.record)

    def nb_launched(self, owner: str | None = None) -> int:
        """Jobs that a launcher has: of one user, or of all."""
        return self._launched.total() if owner is None else self._launched[owner]


def _is_launched(record: JobRecord) -> bool:
    return record.state in ("pending", "running")
