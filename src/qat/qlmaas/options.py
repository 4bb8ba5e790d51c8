"""What may be said with each submission, under its published names, and how it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypedDict

from qat.comm.access.messages import Resources

__all__ = ["OPTIONS", "SubmitOptions", "resources_of", "take_options"]


class SubmitOptions(TypedDict, total=False):
    """Keywords of ``submit``, ``compile``, ``execute`` and ``get_specs`` of remote services.

    Attributes:
        meta_data: meta data of the submission.
        mem_usage: memory in MB (2**20 bytes).
        core_usage: cores of a node.
        nb_nodes: nodes.
        max_time: minutes of running, or a ``timedelta``.
        scheduling_info: for the cluster's scheduler, as far as the site allows.
        name: a name for lists of jobs.
        tags: labels for lists of jobs.
        session: a session (or its id) that the job belongs to; by default that of the ``with`` around.
        idempotency_key: the same key never makes a second job, also from another process.
    """

    meta_data: Mapping[str, str] | None
    mem_usage: int | None
    core_usage: int | None
    nb_nodes: int | None
    max_time: float | timedelta | None
    scheduling_info: Mapping[str, str] | None
    name: str | None
    tags: Sequence[str]
    session: Any
    idempotency_key: str | None


OPTIONS = frozenset(SubmitOptions.__annotations__)
"""Their names."""


def take_options(keywords: dict[str, Any]) -> SubmitOptions:
    """Take the options out of keywords that hold others too.

    >>> keywords = {"depth": 3, "nb_nodes": 2}
    >>> take_options(keywords), keywords
    ({'nb_nodes': 2}, {'depth': 3})
    """
    return {name: keywords.pop(name) for name in sorted(OPTIONS & keywords.keys())}  # type: ignore[return-value]


def check_options(options: Mapping[str, Any], method: str) -> None:
    """Refuse keywords that are not options.

    Raises:
        TypeError: there are some.
    """
    unknown = sorted(options.keys() - OPTIONS)
    if unknown:
        raise TypeError(f"{method}() got {', '.join(unknown)}; its keywords are {', '.join(sorted(OPTIONS))}")


def resources_of(options: SubmitOptions) -> Resources:
    """The resources that options ask for.

    Raises:
        ValueError: a number is not positive.

    >>> resources_of({"mem_usage": 2, "max_time": 1.5}).max_time_s
    90.0
    """
    memory = _positive(options, "mem_usage")
    max_time = options.get("max_time")
    minutes = max_time.total_seconds() / 60 if isinstance(max_time, timedelta) else _positive(options, "max_time")
    return Resources(
        memory_bytes=None if memory is None else int(memory * (1 << 20)),
        nb_cores=_positive(options, "core_usage"),
        nb_nodes=_positive(options, "nb_nodes"),
        max_time_s=None if minutes is None else 60.0 * minutes,
        scheduling={str(key): str(value) for key, value in (options.get("scheduling_info") or {}).items()},
    )


def _positive(options: SubmitOptions, name: str) -> Any:
    value: Any = options.get(name)
    if value is not None and not value > 0:
        raise ValueError(f"{name} is {value!r}; expected a number above 0, or None to leave it to the server")
    return value
