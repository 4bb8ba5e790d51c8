"""Which job of an access server this process is running, whose it is, and whether it can end and be run again."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["Suspended", "get_job_id", "get_job_owner", "get_record_file", "set_job_id", "set_record_file"]


class Suspended(BaseException):
    """Ends the run of a job that gives its nodes back; no failure, and nothing that a stack should catch.

    Args:
        until_s: when the job is expected to need them again, seconds since 1970 by the broker's clock.
    """

    def __init__(self, until_s: float) -> None:
        super().__init__(until_s)
        self.until_s = until_s


_job_id: str | None = None
_owner = ""
_record_file: Path | None = None


def get_job_id() -> str | None:
    """The id of the job that a server runs in this process; None outside of one.

    >>> get_job_id()
    """
    return _job_id


def get_job_owner() -> str:
    """Whose job it is, if it does not run under the Unix account of its owner; empty otherwise.

    >>> get_job_owner()
    ''
    """
    return _owner


def set_job_id(job_id: str | None, owner: str = "") -> None:
    """Say which job this process runs from now on; what runs jobs calls it before and after each.

    >>> set_job_id("j1", owner="ada")
    >>> get_job_id(), get_job_owner()
    ('j1', 'ada')
    >>> set_job_id(None)
    """
    global _job_id, _owner
    _job_id, _owner = job_id, owner


def get_record_file() -> Path | None:
    """Where what QPUs answer may be kept, so that the job can end and be run again from there; None if it cannot.

    >>> get_record_file()
    """
    return _record_file


def set_record_file(path: Path | None) -> None:
    """Say where what QPUs answer may be kept; what runs jobs calls it if it can run one again.

    >>> set_record_file(Path("answers"))
    >>> get_record_file()
    PosixPath('answers')
    >>> set_record_file(None)
    """
    global _record_file
    _record_file = path


os.register_at_fork(
    after_in_child=lambda: set_record_file(None)
)  # what a child asks has no place in its parent's order
