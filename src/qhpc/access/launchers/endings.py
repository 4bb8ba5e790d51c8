"""Why a job ended whose runner has gone. Pure, but for a look at how often memory was short."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Literal

from qat.comm.access.messages import Failure, Resources
from qat.core.enums import ErrorType
from qhpc.access.runner.frames import Outcome

__all__ = ["Cause", "ending_of", "nb_out_of_memory"]

Cause = Literal["cancelled", "time-limit", "shutdown"]
"""Why a launcher ends a job."""

_EVENTS = Path("/sys/fs/cgroup/memory.events")
_STATISTICS = Path("/proc/vmstat")


def ending_of(
    cause: Cause | None,
    status: int,
    resources: Resources,
    is_memory_short: bool,
) -> Outcome | str:
    """How a job ended: an outcome, or the reason why it is lost.

    Args:
        cause: why we ended it, if we did.
        status: exit status of its runner, or minus the number of the signal that killed it.
        resources: what the job was given.
        is_memory_short: whether the kernel has killed a process for lack of memory meanwhile.

    >>> ending_of(None, -9, Resources(), False)
    'the process that ran the job was killed by SIGKILL'
    >>> ending_of("time-limit", -15, Resources(max_time_s=2.0), False).failure.reason
    'time-limit'
    """
    if cause == "cancelled":
        return Outcome(failure=Failure(exception="ServerError", message="the job was cancelled", reason="cancelled"))
    if cause == "shutdown":
        return "the server was shut down while the job ran"
    if cause == "time-limit" or status == -signal.SIGXCPU:
        return Outcome(failure=_out_of_time(resources), is_limit=True)
    if status == -signal.SIGKILL and is_memory_short:
        return Outcome(failure=_out_of_memory(), is_limit=True)
    if status < 0:
        return f"the process that ran the job was killed by {signal.Signals(-status).name}"
    return f"the process that ran the job ended with status {status}"


def _out_of_time(resources: Resources) -> Failure:
    given = "the time it was given" if resources.max_time_s is None else f"{resources.max_time_s:g} s"
    message = f"the job ran longer than {given}; ask for more (max_time), or make it smaller"
    return Failure(exception="ServerError", message=message, reason="time-limit")


def _out_of_memory() -> Failure:
    return Failure(
        exception="QPUException",
        message="the machine ran out of memory and ended the job; make it smaller, or use another machine",
        code=ErrorType.INSUFFICIENT_RESOURCES,
        reason="out-of-memory",
    )


def nb_out_of_memory() -> int:
    """How many processes the kernel has killed so far for lack of memory; 0 where it does not tell.

    >>> nb_out_of_memory() >= 0
    True
    """
    for file in (_EVENTS, _STATISTICS):
        try:
            fields = dict(line.split(maxsplit=1) for line in file.read_text(encoding="ascii").splitlines())
        except (OSError, ValueError):
            continue
        if "oom_kill" in fields:
            return int(fields["oom_kill"])
    return 0
