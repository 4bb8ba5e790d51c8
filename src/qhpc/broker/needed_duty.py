"""What jobs have really needed of a pool, by user and stack: from the sessions that were closed. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from statistics import median

import msgspec

from qhpc.broker.usage_rows import SessionRow
from qhpc.scheduling.admission.model import units_of_duty
from qhpc.slurm.duty_table import DutyKey, DutyUnits

__all__ = ["HISTORY_S", "MIN_UNITS", "DutyBook", "NeededDuty", "needed_duties", "revised"]

HISTORY_S = 90 * 86400.0
"""Jobs of longer ago tell nothing."""

MIN_UNITS = 10
"""No job asks for less, however little it was seen to need."""

_NB_REMEMBERED, _ENOUGH = 9, 3
"""The last so many jobs of a user and stack count, and so many tell something of the next one."""

_NB_KEPT = 4 * _NB_REMEMBERED
_MAX_KEYS = 20_000
_SAME_JOB_S = 86400.0
"""Sessions of one job are not further apart: ids of jobs are used again."""

_OVER = 1.25
"""What is within this factor of what is asked for is as it was said: the duty of a job varies."""


class NeededDuty(msgspec.Struct, frozen=True, kw_only=True):
    """What the jobs of a user and stack need of a pool.

    Attributes:
        nb_jobs: that were looked at, the last few dozen.
        admitted: duty units that they were admitted with, half of them with no more.
        needed: duty units that they needed, by the last of them: QPU time over the time that they did not wait.
    """

    user: str
    pool: str
    stack: str = ""
    nb_jobs: int
    admitted: int
    needed: int

    @property
    def key(self) -> DutyKey:
        """User, pool and stack."""
        return self.user, self.pool, self.stack

    @property
    def advice(self) -> str:
        """In a word: ``more``, ``less``, or nothing."""
        if self.needed > _OVER * self.admitted:
            return "more"
        return "less" if _OVER * self.needed < self.admitted else ""


class _Job:
    """The sessions of a job at a pool, as one."""

    __slots__ = ("alone_s", "closed_s", "opened_s", "share", "slurm_job", "used_s", "waited_s")

    def __init__(self, row: SessionRow) -> None:
        self.slurm_job, self.share = row.slurm_job, row.share
        self.opened_s, self.closed_s = row.opened_s, row.closed_s
        self.used_s, self.waited_s, self.alone_s = row.used_s, row.waited_s, _alone_s(row)

    def has(self, row: SessionRow) -> bool:
        """Whether a session is one more of it."""
        is_near = row.opened_s - self.closed_s < _SAME_JOB_S
        return row.slurm_job is not None and row.slurm_job == self.slurm_job and is_near

    def add(self, row: SessionRow) -> None:
        """One more of its sessions, beside others or after them."""
        self.opened_s, self.closed_s = min(self.opened_s, row.opened_s), max(self.closed_s, row.closed_s)
        self.used_s += row.used_s
        self.waited_s += row.waited_s
        self.alone_s = max(self.closed_s - self.opened_s - self.waited_s, self.alone_s, _alone_s(row))

    @property
    def duty(self) -> float:
        """Part of its time in which a QPU worked for it, had it never waited."""
        return min(self.used_s / self.alone_s, 1.0) if self.alone_s > 0 else 1.0


def _alone_s(row: SessionRow) -> float:
    return row.closed_s - row.opened_s - row.waited_s


class DutyBook:
    """What jobs needed: it is given the sessions that are closed, and remembers the last jobs of each user and stack.

    >>> def row(number):
    ...     return SessionRow(f"ada:{number}", 0.0, "ada", "", number, "p", 0.25, 100.0, 8.0, 20.0, 0.0, "", "vqe")
    >>> book = DutyBook()
    >>> book.count_rows(map(row, range(3)))
    >>> [(needed.key, needed.admitted, needed.needed, needed.advice) for needed in book.news()]
    [(('ada', 'p', 'vqe'), 263, 108, 'less')]
    >>> book.news()
    []
    """

    def __init__(self) -> None:
        self._jobs: OrderedDict[DutyKey, list[_Job]] = OrderedDict()
        self._news: set[DutyKey] = set()

    def count_rows(self, rows: Iterable[SessionRow]) -> None:
        """Sessions that were closed, in that order; those that used no QPU tell nothing."""
        for row in rows:
            if row.used_s > 0:
                self._count(row)

    def knows(self, key: DutyKey) -> bool:
        """Whether there was a job of this user, pool and stack."""
        return key in self._jobs

    def news(self) -> list[NeededDuty]:
        """What is known of those of whom something new is, since this was asked last."""
        news, self._news = self._news, set()
        return [_needed(key, jobs) for key in sorted(news) if len(jobs := self._jobs.get(key, [])) >= _ENOUGH]

    def _count(self, row: SessionRow) -> None:
        key = row.user, row.pool, row.stack
        jobs = self._jobs.setdefault(key, [])
        self._jobs.move_to_end(key)
        known = next((job for job in reversed(jobs) if job.has(row)), None)
        if known is None:
            jobs.append(_Job(row))
            del jobs[:-_NB_KEPT]
        else:
            known.add(row)
        self._news.add(key)
        if len(self._jobs) > _MAX_KEYS:
            self._jobs.popitem(last=False)


def needed_duties(rows: Iterable[SessionRow]) -> list[NeededDuty]:
    """By user, pool and stack, of those with enough jobs that used a QPU; in order of their names."""
    book = DutyBook()
    book.count_rows(sorted(rows, key=lambda row: row.closed_s))
    return book.news()


def _needed(key: DutyKey, jobs: list[_Job]) -> NeededDuty:
    user, pool, stack = key
    duty = median(job.duty for job in jobs[-_NB_REMEMBERED:])
    admitted = median(job.share for job in jobs)
    return NeededDuty(
        user=user,
        pool=pool,
        stack=stack,
        nb_jobs=len(jobs),
        admitted=units_of_duty(admitted),
        needed=units_of_duty(duty),
    )


def revised(units: DutyUnits, needed: Iterable[NeededDuty]) -> dict[DutyKey, int]:
    """What jobs should ask for from now on; what was said before stays unless it is clearly wrong.

    Args:
        units: what was said before.
        needed: what is known now, of some.

    >>> from msgspec.structs import replace
    >>> vqe = NeededDuty(user="ada", pool="p", stack="vqe", nb_jobs=9, admitted=250, needed=120)
    >>> [revised({vqe.key: 100}, [replace(vqe, needed=needed)])[vqe.key] for needed in (2, 80, 125, 126, 1000)]
    [10, 100, 100, 126, 1000]
    """
    said = dict(units)
    for each in needed:
        asked, before = max(each.needed, MIN_UNITS), said.get(each.key)
        if each.stack and (before is None or not before <= _OVER * asked or not asked <= _OVER * before):
            said[each.key] = asked
    return said
