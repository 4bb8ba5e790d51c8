"""Which job of an access server this process is running."""

from qat.core.running_job import get_job_id, set_job_id

__all__ = ["get_job_id", "set_job_id"]
