"""Which job of an access server this process is running."""

from __future__ import annotations

__all__ = ["get_job_id", "set_job_id"]

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
