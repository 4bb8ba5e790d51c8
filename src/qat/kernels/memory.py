"""How much memory there is, asked before a large array is allocated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from qat.kernels.engine import NotEnoughMemoryError

_CHECK_FROM_BYTES = 1 << 26
"""Less than this is not worth a look at the memory of the machine."""
_UNLIMITED = 1 << 62
_CGROUP = Path("/sys/fs/cgroup")
_CGROUP_FILES = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))


def require_memory(needed_bytes: int, nb_qubits: int) -> None:
    """See to it that so much can be allocated for a run with ``nb_qubits`` qubits.

    Raises:
        NotEnoughMemoryError: it cannot.
    """
    if needed_bytes > _CHECK_FROM_BYTES and needed_bytes > (available := available_bytes()):
        raise NotEnoughMemoryError(needed_bytes, available, nb_qubits)


def available_bytes() -> int:
    """Bytes that can still be allocated without swapping, also within the limits of the process and its control group.

    A platform that does not tell is taken as unlimited. Cost: about 0.1 ms.

    >>> available_bytes() > 0
    True
    """
    return min(_free_bytes(), _address_space_bytes(), *_control_group_bytes())


@lru_cache(maxsize=1)
def total_bytes() -> int:
    """Bytes of the machine, or what its control group leaves of them; the same for the whole process.

    >>> total_bytes() >= available_bytes()
    True
    """
    return min(_physical_bytes(), *_control_group_limits())


def _free_bytes() -> int:
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            fields = dict(line.split(":", 1) for line in lines)
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _physical_bytes()


def _address_space_bytes() -> int:
    """What ``ulimit -v`` leaves of the address space."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit == resource.RLIM_INFINITY:
            return _UNLIMITED
        nb_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return max(limit - nb_pages * os.sysconf("SC_PAGE_SIZE"), 0)
    except (ImportError, OSError, ValueError):
        return _UNLIMITED


def _physical_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return _UNLIMITED


def _control_group_bytes() -> Iterator[int]:
    for limit_file, usage_file in _CGROUP_FILES:
        with suppress(OSError, ValueError):
            limit = int((_CGROUP / limit_file).read_text())
            yield max(limit - int((_CGROUP / usage_file).read_text()), 0)


def _control_group_limits() -> Iterator[int]:
    yield _UNLIMITED
    for limit_file, _ in _CGROUP_FILES:
        with suppress(OSError, ValueError):
            yield int((_CGROUP / limit_file).read_text())
