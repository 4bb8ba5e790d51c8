"""The comment lines at the top of workload files: QPUs, nodes, outages, names. One ``Key: values`` a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from qhpc.lab.errors import LabError
from qhpc.lab.workload import DevicePool, JobPlan, Outage, Workload

__all__ = ["HeaderReader", "header_lines"]


def header_lines(workload: Workload) -> Iterator[str]:
    """The lines that say what is no job, without the sign of a comment.

    >>> list(header_lines(Workload(name="empty", jobs=(), nb_nodes=8)))
    ['Workload: empty', 'Pool: qpu 1 - 1', 'MaxNodes: 8']
    """
    yield f"Workload: {workload.name}"
    for pool in workload.pools:
        slice_text = "-" if pool.slice_s is None else repr(pool.slice_s)
        yield f"Pool: {pool.name} {pool.nb_qpus} {slice_text} {pool.prefetch_depth}"
    if workload.nb_nodes is not None:
        yield f"MaxNodes: {workload.nb_nodes}"
    for outage in workload.outages:
        yield f"Outage: {outage.qpu} {outage.start_s!r} {outage.end_s!r} {outage.notice_s!r} {outage.reason}"


class HeaderReader:
    """Takes comment lines, and puts a workload together.

    Args:
        source: name of the file, for messages.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._name = source
        self._pools: list[DevicePool] = []
        self._nb_nodes: int | None = None
        self._outages: list[Outage] = []

    @property
    def pools(self) -> list[str]:
        """Names of the pools so far; one of name ``qpu`` if none was given."""
        return [pool.name for pool in self._pools] or ["qpu"]

    def take(self, comment: str, line: int) -> None:
        """Read a comment; those with other keys say nothing to the laboratory.

        Raises:
            LabError: the values of a known key are not what they should be.
        """
        key, _, text = comment.partition(":")
        reader = _READERS.get(key.strip())
        if reader is None:
            return
        expected, read = reader
        try:
            read(self, text.split())
        except (ValueError, IndexError) as error:
            raise LabError(f"{key.strip()} is {text.strip()!r}: expected {expected}", self._source, line) from error

    def workload(self, jobs: Iterable[JobPlan]) -> Workload:
        """Everything together, jobs in order of arrival.

        Raises:
            LabError: there are no jobs, or two of one name.
        """
        plans = tuple(sorted(jobs, key=lambda plan: plan.arrival_s))
        if not plans:
            raise LabError("no jobs: expected at least one", self._source)
        if len({plan.id for plan in plans}) < len(plans):
            raise LabError("two jobs have the same id: expected one line or group of lines for each", self._source)
        return Workload(
            name=self._name,
            jobs=plans,
            pools=tuple(self._pools) or (DevicePool(),),
            nb_nodes=self._nb_nodes,
            outages=tuple(self._outages),
        )

    def _read_name(self, values: list[str]) -> None:
        self._name = values[0]

    def _read_pool(self, values: list[str]) -> None:
        name, nb_qpus, slice_text, depth = values
        slice_s = None if slice_text == "-" else _positive(slice_text)
        pool = DevicePool(name=name, nb_qpus=_count(nb_qpus), slice_s=slice_s, prefetch_depth=_natural(depth))
        self._pools.append(pool)

    def _read_nodes(self, values: list[str]) -> None:
        self._nb_nodes = _count(values[0])

    def _read_outage(self, values: list[str]) -> None:
        qpu, start_s, end_s, notice_s, *reason = values
        if float(start_s) < 0 or not float(start_s) < float(end_s):
            raise ValueError(start_s)
        self._outages.append(Outage(qpu, float(start_s), float(end_s), float(notice_s), " ".join(reason)))


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _natural(text: str) -> int:
    if int(text) < 0:
        raise ValueError(text)
    return int(text)


def _positive(text: str) -> float:
    if not float(text) > 0:
        raise ValueError(text)
    return float(text)


_READERS: dict[str, tuple[str, Callable[[HeaderReader, list[str]], None]]] = {
    "Workload": ("a name", HeaderReader._read_name),
    "Pool": ("NAME QPUS SLICE_S|- PREFETCH_DEPTH, e.g. qpu 1 - 1", HeaderReader._read_pool),
    "MaxNodes": ("a positive number of nodes", HeaderReader._read_nodes),
    "Outage": ("QPU START_S END_S NOTICE_S REASON, e.g. qpu0 60.0 90.0 inf calibration", HeaderReader._read_outage),
}
"""Known keys: what is expected, and who reads it."""
