"""What was used, by user, account, QPU, pool or job: rows of the broker's accounts summed up. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from qat.comm.broker.usage import Group, QpuUsage
from qhpc.broker.usage_rows import SessionRow, SliceRow
from qhpc.slurm.parsers import SlurmJob

__all__ = ["job_of", "totals", "with_slurm"]


def totals(slices: Iterable[SliceRow], sessions: Iterable[SessionRow], by: Group) -> list[QpuUsage]:
    """Sums of rows, the largest use first.

    Args:
        slices: that ran.
        sessions: that have ended.
        by: what a sum is of.

    >>> ran = SliceRow("ada:vqe.1", 0.0, "t", 1, "ada", "phys", None, "q", "p", 1.0, 3.0, 0.5, 100, "finished")
    >>> (total,) = totals([ran, ran._replace(number=2, busy_s=2.0)], [], "user")
    >>> total.name, total.nb_tasks, total.nb_slices, total.used_s, total.blocked_s
    ('ada', 1, 2, 5.0, 1.0)
    """
    name_of = _NAMES[by]
    sums: dict[str, _Sum] = {}
    for ran in slices:
        sums.setdefault(name_of(ran), _Sum()).add_slice(ran)
    for ended in sessions if by != "qpu" else ():
        sums.setdefault(name_of(ended), _Sum()).add_session(ended)
    usages = [each.usage(name, has_sessions=by != "qpu", is_job=by == "job") for name, each in sums.items()]
    return sorted(usages, key=lambda usage: (-usage.used_s, usage.name))


def job_of(session: str) -> str:
    """The job of a session: its name without what tells the sessions of a job apart.

    >>> job_of("ada:0195b3.5f2c"), job_of("ada:vqe")
    ('ada:0195b3', 'ada:vqe')
    """
    name, dot, _ = session.rpartition(".")
    return name if dot else session


def with_slurm(usages: Iterable[QpuUsage], jobs: Iterable[SlurmJob]) -> list[QpuUsage]:
    """Use of jobs, with what Slurm's accounting says of them; ids are used again, so the latest job of an id counts."""
    by_id = {job.id: job for job in sorted(jobs, key=lambda job: job.submitted)}
    return [_with_slurm(usage, by_id) for usage in usages]


def _with_slurm(usage: QpuUsage, jobs: Mapping[int, SlurmJob]) -> QpuUsage:
    job = jobs.get(usage.slurm_job) if usage.slurm_job is not None else None
    if job is None:
        return usage
    return msgspec.structs.replace(usage, slurm_state=job.state, slurm_nodes=tuple(job.nodes))


def _job_name(row: SliceRow | SessionRow) -> str:
    return job_of(row.session) if row.slurm_job is None else str(row.slurm_job)


def _qpu_name(row: SliceRow | SessionRow) -> str:
    return row.qpu if isinstance(row, SliceRow) else ""


_NAMES: dict[Group, Callable[[SliceRow | SessionRow], str]] = {
    "user": lambda row: row.user,
    "account": lambda row: row.account,
    "qpu": _qpu_name,
    "pool": lambda row: row.pool,
    "job": _job_name,
}


class _Sum:
    """A sum that grows."""

    def __init__(self) -> None:
        self._tasks: set[tuple[str, float, str]] = set()
        self._nb_slices = self._nb_shots = self._nb_sessions = 0
        self._used_s = self._blocked_s = self._failed_s = self._lost_s = self._waited_s = self._node_waited_s = 0.0
        self._slurm_job: int | None = None

    def add_slice(self, row: SliceRow) -> None:
        self._slurm_job = row.slurm_job
        if row.outcome == "lost":
            self._lost_s += row.busy_s
            return
        self._tasks.add((row.session, row.opened_s, row.key))
        self._nb_slices += 1
        self._nb_shots += row.shots
        self._used_s += row.busy_s
        self._blocked_s += row.overhead_s
        self._failed_s += row.busy_s if row.outcome == "failed" else 0.0

    def add_session(self, row: SessionRow) -> None:
        self._slurm_job = row.slurm_job
        self._nb_sessions += 1
        self._waited_s += row.waited_s
        self._node_waited_s += row.node_waited_s

    def usage(self, name: str, *, has_sessions: bool, is_job: bool) -> QpuUsage:
        return QpuUsage(
            name=name,
            nb_tasks=len(self._tasks),
            nb_slices=self._nb_slices,
            nb_shots=self._nb_shots,
            used_s=self._used_s,
            blocked_s=self._blocked_s,
            failed_s=self._failed_s,
            lost_s=self._lost_s,
            nb_sessions=self._nb_sessions if has_sessions else None,
            waited_s=self._waited_s if has_sessions else None,
            node_waited_s=self._node_waited_s if has_sessions else None,
            slurm_job=self._slurm_job if is_job else None,
        )
