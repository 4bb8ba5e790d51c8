"""Jobs by their ids: ``from qlmaas.jobs import j…``; ``dir(qlmaas.jobs)`` lists the newest."""

from typing import Any

from qat.qlmaas.names import connected


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return connected().get_job(name)


def __dir__() -> list[str]:
    return [job.get_id() for job in connected().jobs(limit=100)]
