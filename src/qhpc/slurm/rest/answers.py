"""What slurmrestd answers, in its version v0.0.38, as values. Pure; tested on what a real one has answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.parsers import NotUnderstood, SlurmJob, parse_licenses, parse_nodes
from qhpc.slurm.rest.requests import VERSION

__all__ = [
    "RestJob", "jobs_in", "licenses_in", "nothing_in", "says_no_such_job", "submitted_in", "value_of", "waiting_in",
]  # fmt: skip

_INVALID_JOB_ID = 2017
_CUT_OFF = ((-1, -1), (1000, 1999), (5000, 6999))
"""Codes that say that slurmrestd could not reach the controller, or was not believed: nothing is known then."""
_NO_REASON = ("", "None")


class _Error(msgspec.Struct, frozen=True):
    error: str = ""
    error_number: int = 0
    error_code: int = 0
    description: str = ""

    @property
    def code(self) -> int:
        return self.error_number or self.error_code

    def __str__(self) -> str:
        return ": ".join(dict.fromkeys(text for text in (self.description, self.error) if text)) or "no reason is given"


class RestJob(msgspec.Struct, frozen=True):
    """A job, as slurmrestd has it; times are in seconds since 1970, 0 for none."""

    job_id: int
    job_state: str
    name: str | None = None
    state_reason: str | None = None
    submit_time: int = 0
    start_time: int = 0
    nodes: str | None = None
    node_count: int | None = None
    user_name: str | None = None
    user_id: int = -1
    account: str | None = None
    licenses: str | None = None
    comment: str | None = None
    priority: int | None = None


class _License(msgspec.Struct, frozen=True, rename="pascal"):
    license_name: str
    total: int
    used: int
    free: int
    reserved: int = 0


class _Failed(msgspec.Struct, frozen=True):
    errors: list[_Error] = []


class _Submitted(_Failed, frozen=True):
    job_id: int = 0


class _Jobs(_Failed, frozen=True):
    jobs: list[RestJob] = []


class _Licenses(_Failed, frozen=True):
    licenses: list[_License] = []


_Answer = TypeVar("_Answer", bound=_Failed)


def _answer_in(status: int, body: bytes, kind: type[_Answer]) -> _Answer:
    """The answer to a request, of a kind.

    Raises:
        ControllerUnreachable: slurmrestd could not reach Slurm, or nobody believed the token.
        SlurmRefused: Slurm said no.
        NotUnderstood: the answer cannot be read.
    """
    if status in (401, 403, 502, 503, 504):
        raise ControllerUnreachable(f"slurmrestd answers {status}; is the token good, and does slurmctld run?")
    if status == 404:
        raise NotUnderstood(f"slurmrestd answers 404: it may not have {VERSION} (slurmrestd -s {VERSION})")
    try:
        answer = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotUnderstood(f"slurmrestd answers {status} and {body[:200]!r}: {error}") from None
    _raise_first(answer.errors, status)
    return answer


def _raise_first(errors: Sequence[_Error], status: int) -> None:
    """Its errors are HTTP 500 whatever they are, so the code tells."""
    if any(first <= error.code <= last for error in errors for first, last in _CUT_OFF):
        told = "; ".join(map(str, errors))
        raise ControllerUnreachable(f"slurmrestd: {told}; is the token good, and does slurmctld run?")
    if errors:
        raise SlurmRefused("; ".join(map(str, errors)))
    if status >= 400:
        raise NotUnderstood(f"slurmrestd answers {status} and gives no error")


def says_no_such_job(body: bytes) -> bool:
    """Whether an answer says that there is no job of the id.

    >>> says_no_such_job(b'{"errors": [{"error_number": 2017, "error": "Invalid job id specified"}], "jobs": []}')
    True
    """
    try:
        errors = msgspec.json.decode(body, type=_Failed).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return any(error.code == _INVALID_JOB_ID for error in errors)


def nothing_in(status: int, body: bytes) -> None:
    """See to it that a request was carried out whose answer says nothing else.

    >>> nothing_in(200, b'{"errors": []}')
    """
    _answer_in(status, body, _Failed)


def submitted_in(status: int, body: bytes) -> int:
    """The id of a job that was submitted.

    >>> submitted_in(200, b'{"errors": [], "job_id": 12, "step_id": "BATCH", "job_submit_user_msg": ""}')
    12
    """
    job_id = _answer_in(status, body, _Submitted).job_id
    if job_id < 1:
        raise NotUnderstood(f"slurmrestd answers {body[:200]!r}; the id of a job was expected")
    return job_id


def jobs_in(status: int, body: bytes) -> list[RestJob]:
    """The jobs that were listed.

    >>> [job.job_id for job in jobs_in(200, b'{"errors": [], "jobs": [{"job_id": 7, "job_state": "RUNNING"}]}')]
    [7]
    """
    return _answer_in(status, body, _Jobs).jobs


def waiting_in(jobs: Sequence[RestJob]) -> list[SlurmJob]:
    """Those that wait, the next one first.

    >>> jobs = [RestJob(7, "PENDING", priority=1), RestJob(8, "PENDING", priority=5), RestJob(9, "RUNNING")]
    >>> [job.id for job in waiting_in(jobs)]
    [8, 7]
    """
    waiting = [job for job in jobs if job.job_state == "PENDING"]
    return [value_of(job) for job in sorted(waiting, key=lambda job: (-(job.priority or 0), job.job_id))]


def licenses_in(status: int, body: bytes) -> list[dict[str, str]]:
    """The licences that were listed, as ``scontrol show licenses`` has them.

    >>> licenses_in(200, b'{"licenses": [{"LicenseName": "qpu_q", "Total": 9, "Used": 2, "Free": 7}]}')[0]["Free"]
    '7'
    """
    return [
        {
            "LicenseName": each.license_name,
            "Total": str(each.total),
            "Used": str(each.used),
            "Free": str(each.free),
            "Reserved": str(each.reserved),
        }
        for each in _answer_in(status, body, _Licenses).licenses
    ]


def value_of(job: RestJob) -> SlurmJob:
    """A job as squeue would have it.

    >>> value_of(RestJob(7, "PENDING", state_reason="Licenses", licenses="qpu_fresnel:250", comment="a.1")).licenses
    {'qpu_fresnel': 250}
    """
    return SlurmJob(
        id=job.job_id,
        state=job.job_state,
        reason=None if job.state_reason in _NO_REASON else job.state_reason,
        submitted=_local(job.submit_time) or "",
        started=_local(job.start_time),
        nodes=parse_nodes(job.nodes or ""),
        nb_nodes=job.node_count or 1,
        user=job.user_name or "",
        uid=job.user_id,
        account=job.account or None,
        licenses=parse_licenses(job.licenses or ""),
        comment=job.comment or None,
    )


def _local(seconds: int) -> str | None:
    """As Slurm's commands write it: in local time."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds)) if seconds else None
