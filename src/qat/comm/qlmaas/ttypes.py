"""What an access server tells about its jobs."""

from __future__ import annotations

from qat.core.enums import JobStatus
from qat.core.records import Record

__all__ = ["JobInfo", "JobStatus"]


class JobInfo(Record):
    """What an access server knows about a job.

    >>> JobInfo(id="Job1", status=JobStatus.DONE).status
    3
    """

    fields = (
        "id", "status", "submission_date", "owner", "type", "job_file", "result_file", "resources", "session_id",
        "message", "queue_pos", "starting_date", "ending_date", "meta_data",
    )  # fmt: skip

    def __init__(
        self,
        id: str | None = None,  # noqa: A002 (published name)
        status: int | None = None,
        submission_date: str | None = None,
        owner: str | None = None,
        type: int | None = None,  # noqa: A002 (published name)
        job_file: str | None = None,
        result_file: str | None = None,
        resources: object | None = None,
        session_id: str | None = None,
        message: str | None = None,
        queue_pos: int | None = None,
        starting_date: str | None = None,
        ending_date: str | None = None,
        meta_data: dict[str, str] | None = None,
    ) -> None:
        self.id = id
        self.status = status
        self.submission_date = submission_date
        self.owner = owner
        self.type = type
        self.job_file = job_file
        self.result_file = result_file
        self.resources = resources
        self.session_id = session_id
        self.message = message
        self.queue_pos = queue_pos
        self.starting_date = starting_date
        self.ending_date = ending_date
        self.meta_data = meta_data
