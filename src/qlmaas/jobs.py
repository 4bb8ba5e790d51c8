"""Jobs by name, ``Job`` and the id: ``from qlmaas.jobs import Job01m8gmph…``; ``dir(qlmaas.jobs)`` lists the newest."""

from typing import Any

from qat.qlmaas.names import connected


def __getattr__(name: str) -> Any:
    if not name.startswith("Job"):
        raise AttributeError(f"module 'qlmaas.jobs' has no attribute {name!r}; write Job and the id of a job")
    return connected().get_job(name.removeprefix("Job"))


def __dir__() -> list[str]:
    return [f"Job{job.get_id()}" for job in connected().jobs(limit=100)]
