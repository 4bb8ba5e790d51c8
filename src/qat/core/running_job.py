"""Which job of an access server this process is running, and whose it is."""

from __future__ import annotations

__all__ = ["get_job_id", "get_job_owner", "set_job_id"]

_job_id: str | None = None
_owner = ""


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
