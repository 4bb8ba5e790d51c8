"""What a child process does to itself so that it harms nobody: it ends with its server, and keeps to its limits."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["end_with_parent", "keep_limits", "limited", "resident_bytes"]

_PR_SET_PDEATHSIG = 1
_UNLIMITED = resource.RLIM_INFINITY


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent ends, however that happens (Linux).

    Args:
        parent_pid: the parent, as it named itself; if it has ended already, so does this process.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        raise SystemExit("the server ended before this process was ready")


def keep_limits(niceness: int = 0) -> None:
    """Give way to the server, and leave no core dumps."""
    os.nice(niceness)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def limited(memory_bytes: int | None, cpu_s: float | None) -> Iterator[None]:
    """Within, this process may add so much address space and processor time to what it has used; None: any amount.

    Allocations beyond fail with ``MemoryError``; at the end of its processor time the process is killed (SIGXCPU).
    Children that are started within may have as much each.
    """
    with (
        _soft_limit(resource.RLIMIT_AS, memory_bytes, _address_space_bytes),
        _soft_limit(resource.RLIMIT_CPU, None if cpu_s is None else int(cpu_s) + 1, _processor_time_s),
    ):
        yield


@contextmanager
def _soft_limit(kind: int, more: int | None, used: Callable[[], int]) -> Iterator[None]:
    if more is None:
        yield
        return
    soft, hard = resource.getrlimit(kind)
    wished = used() + more
    resource.setrlimit(kind, (wished if hard == _UNLIMITED else min(wished, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


def _address_space_bytes() -> int:
    return _memory_pages()[0] * resource.getpagesize()


def _processor_time_s() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return int(usage.ru_utime + usage.ru_stime)


def resident_bytes() -> int:
    """Memory of this process that is in use."""
    return _memory_pages()[1] * resource.getpagesize()


def _memory_pages() -> list[int]:
    """Pages of address space, and of what of it is in use, and of more. Asked for at every job, so without a stream."""
    descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return [int(number) for number in os.read(descriptor, 200).split()]
    finally:
        os.close(descriptor)
