"""What jobs have really needed of a pool, by user: from the sessions that were closed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import ceil
from statistics import median

import msgspec

from qhpc.broker.usage_rows import SessionRow
from qhpc.scheduling.admission.duty import LearnedDuty
from qhpc.scheduling.admission.model import UNITS, HybridJob

__all__ = ["NeededDuty", "needed_duties"]

_ENOUGH = 3
"""Sessions of a user that tell something of the next one."""
_OVER = 1.25
"""What is beyond this part of the share counts as more than was asked for: the duty of a job varies."""


class NeededDuty(msgspec.Struct, frozen=True, kw_only=True):
    """What the jobs of a user need of a pool.

    Attributes:
        nb_sessions: that were looked at.
        admitted: duty units that they were admitted with, half of them with no more.
        needed: duty units that they needed, by the last of them: QPU time over the time that they did not wait.
    """

    user: str
    pool: str
    nb_sessions: int
    admitted: int
    needed: int

    @property
    def advice(self) -> str:
        """In a word: ``more``, ``less``, or nothing."""
        if self.needed > _OVER * self.admitted:
            return "more"
        return "less" if _OVER * self.needed < self.admitted else ""


def needed_duties(rows: Iterable[SessionRow]) -> list[NeededDuty]:
    """By user and pool, of those with enough sessions that used a QPU; in order of their names.

    >>> def row(number): return SessionRow(f"ada:{number}", 0.0, "ada", "", None, "p", 0.25, 100.0, 8.0, 20.0, 0.0, "")
    >>> [ada] = needed_duties(map(row, range(3)))
    >>> ada.admitted, ada.needed, ada.advice
    (250, 100, 'less')
    """
    groups: defaultdict[tuple[str, str], list[SessionRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.closed_s):
        if row.used_s > 0:
            groups[row.user, row.pool].append(row)
    return [_needed(*group, rows) for group, rows in sorted(groups.items()) if len(rows) >= _ENOUGH]


def _needed(user: str, pool: str, rows: list[SessionRow]) -> NeededDuty:
    learned = LearnedDuty()
    for row in rows:
        job = HybridJob(id=f"{row.session} {row.opened_s}", user=user, account=row.account, pool=pool)
        alone_s = max(row.closed_s - row.opened_s - row.waited_s, row.used_s)
        learned.observe(job, row.used_s, alone_s - row.used_s)
        learned.ended(job)
    expected = learned.expected(HybridJob(id="next", user=user, account="", pool=pool))
    admitted = ceil(round(UNITS * median(row.share for row in rows), 6))
    return NeededDuty(
        user=user, pool=pool, nb_sessions=len(rows), admitted=admitted, needed=ceil(round(UNITS * expected, 6))
    )
