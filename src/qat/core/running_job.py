"""Which job of an access server this process is running, and whose it is."""

from __future__ import annotations

import os

__all__ = ["OWNER_VARIABLE", "get_job_id", "get_job_owner", "set_job_id"]

OWNER_VARIABLE = "QAT_JOB_OWNER"
"""Set by servers in the environment of a process that runs jobs of one user under another Unix account."""

_current: str | None = None


def get_job_id() -> str | None:
    """The id of the job that a server runs in this process; None outside of one.

    >>> get_job_id()
    """
    return _current


def set_job_id(job_id: str | None) -> None:
    """Say which job this process runs from now on; what runs jobs calls it before and after each.

    >>> set_job_id("j1")
    >>> get_job_id()
    'j1'
    >>> set_job_id(None)
    """
    global _current
    _current = job_id


def get_job_owner() -> str:
    """For whom a server runs this process, if that is not the account that it runs under; empty otherwise.

    >>> get_job_owner()
    ''
    """
    return os.environ.get(OWNER_VARIABLE, "")
