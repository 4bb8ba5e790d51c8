"""Records as rows, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from qat.comm.access.messages import FINAL_STATES, LogLine, Usage
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.protocol import Account, ApiToken, Session

__all__ = [
    "account_of", "job_of", "lines_of", "row_of_account", "row_of_job", "row_of_lines", "row_of_session",
    "row_of_token", "row_of_usage", "rows_of_tags", "session_of", "token_of", "usage_of",
]  # fmt: skip

_encode = msgspec.msgpack.Encoder().encode
_decode_job = msgspec.msgpack.Decoder(JobRecord).decode
_decode_lines = msgspec.msgpack.Decoder(list[LogLine]).decode

_USAGE = Usage.__struct_fields__

Row = Mapping[Any, Any]


def row_of_job(job: JobRecord) -> dict[str, Any]:
    """A row of ``jobs``.

    >>> row = row_of_job(JobRecord(id="a", owner="eve"))
    >>> row["state"], job_of(row["record"])
    ('waiting', JobRecord(id='a', owner='eve', ...))
    """
    can_expire = job.state in FINAL_STATES and job.state != "deleted"
    return {
        "id": job.id,
        "owner": job.owner,
        "account": job.account,
        "idempotency_key": job.idempotency_key,
        "state": job.state,
        "version": job.version,
        "created_s": job.created_s,
        "expires_s": job.expires_s if can_expire else None,
        "session_id": job.session_id,
        "name": job.name,
        "record": _encode(job),
    }


def job_of(record: bytes) -> JobRecord:
    """The job in a row of ``jobs``; fields that an older version did not know have their defaults."""
    return _decode_job(record)


def rows_of_tags(job: JobRecord) -> list[dict[str, Any]]:
    """The rows of ``job_tags``."""
    return [
        {"job_id": job.id, "tag": tag, "owner": job.owner, "created_s": job.created_s, "state": job.state}
        for tag in dict.fromkeys(job.tags)
    ]


def row_of_lines(job_id: str, lines: Sequence[LogLine]) -> dict[str, Any]:
    """A row of ``log_parts``."""
    return {"job_id": job_id, "first": lines[0].number, "last": lines[-1].number, "lines": _encode(list(lines))}


def lines_of(lines: bytes) -> list[LogLine]:
    """The lines in a row of ``log_parts``."""
    return _decode_lines(lines)


def row_of_usage(part: Usage, before: str | None, after: str) -> dict[str, Any]:
    """What is to be added to a row of ``usage``, for a job that went from one state to another.

    >>> row = row_of_usage(Usage(owner="eve", nb_jobs=1), "done", "deleted")
    >>> row["account"], row["nb_jobs"], row["nb_done"], row["nb_failed"], row["nb_deleted"]
    ('', 1, -1, 0, 1)
    """
    counts = {f"nb_{state}": (state == after) - (state == before) for state in sorted(FINAL_STATES)}
    return {**{name: getattr(part, name) for name in _USAGE}, "account": part.account or "", **counts}


def usage_of(row: Row) -> Usage:
    """The usage in a row of ``usage``."""
    fields = {name: row[name] for name in _USAGE}
    return Usage(**{**fields, "account": row["account"] or None, "nb_shots": int(row["nb_shots"])})


def row_of_session(session: Session) -> dict[str, Any]:
    """A row of ``sessions``."""
    return asdict(session)


def session_of(row: Row) -> Session:
    """The session in a row."""
    return Session(**row)


def row_of_account(account: Account) -> dict[str, Any]:
    """A row of ``accounts``."""
    return {**asdict(account), "scopes": " ".join(account.scopes)}


def account_of(row: Row) -> Account:
    """The user in a row."""
    return Account(**{**row, "scopes": tuple(row["scopes"].split())})


def row_of_token(token: ApiToken) -> dict[str, Any]:
    """A row of ``tokens``."""
    return {**asdict(token), "scopes": " ".join(token.scopes)}


def token_of(row: Row) -> ApiToken:
    """The token in a row."""
    return ApiToken(**{**row, "scopes": tuple(row["scopes"].split())})
