"""Quotas: how many seconds of QPU users and accounts may use in a period, checked before a task is queued. Pure.

What counts is what was used within the last ``period_s``, what tasks that wait or run are still expected to use, and
the task itself.

>>> book = QuotaBook(Quotas(period_s=3600.0, user_s=100.0))
>>> book.count("ada", "phys", time_s=0.0, used_s=70.0)
>>> book.objection("ada", "phys", 20.0, waiting={}, now_s=60.0)
>>> print(book.objection("ada", "phys", 40.0, waiting={}, now_s=60.0))
the quota of user ada is 100 s of QPU in 1 h: 70 s are used and 0 s wait, and this task needs 40 s; ...
>>> book.objection("ada", "phys", 40.0, waiting={}, now_s=3700.0)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from qhpc.broker.facts import SessionIdentity
from qhpc.broker.usage_rows import SessionRow, SliceRow

__all__ = ["Payer", "Quota", "QuotaBook", "Quotas", "allowed"]

Payer = tuple[Literal["user", "account"], str]
"""Whose seconds they are."""

_NB_PARTS = 120
"""A period is counted in so many parts: use is forgotten when the part of it is over."""


@dataclass(frozen=True, slots=True)
class Quota:
    """So many seconds of QPU in a period."""

    limit_s: float
    period_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What a site allows; None is unlimited.

    Attributes:
        period_s: in which use counts.
        user_s: seconds of QPU of each user who is not named.
        account_s: the same of accounts.
        users: of single users.
        accounts: of single accounts.
    """

    period_s: float
    user_s: float | None = None
    account_s: float | None = None
    users: Mapping[str, float] = field(default_factory=dict)
    accounts: Mapping[str, float] = field(default_factory=dict)

    def of(self, payer: Payer) -> Quota | None:
        """The quota of a user or account.

        >>> Quotas(period_s=60.0, user_s=1.0, users={"ada": 9.0}).of(("user", "ada"))
        Quota(limit_s=9.0, period_s=60.0)
        """
        kind, name = payer
        named, usual = (self.users, self.user_s) if kind == "user" else (self.accounts, self.account_s)
        limit_s = named.get(name, usual)
        return None if limit_s is None else Quota(limit_s, self.period_s)


def allowed(used_s: float, waiting_s: float, estimate_s: float, quota: Quota) -> str | None:
    """Why a task goes beyond a quota; None if it does not.

    Args:
        used_s: seconds of QPU used in the period.
        waiting_s: what tasks that have not ended are still expected to use.
        estimate_s: of the task; 0 if nobody knows, then it is taken as long as something is left.
        quota: how much there is.

    >>> allowed(5.0, 2.0, 3.0, Quota(10.0, 60.0))
    >>> allowed(5.0, 2.0, 4.0, Quota(10.0, 60.0))
    '10 s of QPU in 1 min: 5 s are used and 2 s wait, and this task needs 4 s'
    """
    left_s = quota.limit_s - used_s - waiting_s
    if left_s > 0 and estimate_s <= left_s:
        return None
    known = f"this task needs {estimate_s:.4g} s" if left_s > 0 else "nothing is left"
    state = f"{used_s:.4g} s are used and {waiting_s:.4g} s wait"
    return f"{quota.limit_s:.4g} s of QPU in {_period_text(quota.period_s)}: {state}, and {known}"


class QuotaBook:
    """What users and accounts have used lately.

    Args:
        quotas: what they may use.
    """

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._used: dict[Payer, _Recent] = {}

    def count(self, user: str, account: str, *, time_s: float, used_s: float) -> None:
        """Seconds of QPU were used; in any order, but those before the period are forgotten."""
        for payer in _payers(user, account):
            if self._quotas.of(payer) is not None:
                recent = self._used.setdefault(payer, _Recent(self._quotas.period_s / _NB_PARTS))
                recent.add(time_s, used_s)

    def count_rows(self, rows: Iterable[SliceRow | SessionRow]) -> None:
        """What rows of the accounts say was used, of slices that did run."""
        for row in rows:
            if isinstance(row, SliceRow) and row.outcome != "lost":
                self.count(row.user, row.account, time_s=row.start_s, used_s=row.busy_s)

    def allows(
        self, who: SessionIdentity, estimate_s: float, waiting: Mapping[Payer, float], now_s: float
    ) -> str | None:
        """Why a session may not have a task: see ``objection``."""
        return self.objection(who.user, who.account, estimate_s, waiting, now_s)

    def objection(
        self, user: str, account: str, estimate_s: float, waiting: Mapping[Payer, float], now_s: float
    ) -> str | None:
        """Why a task is not to be queued; None if it may.

        Args:
            user: whose it is.
            account: who pays.
            estimate_s: seconds of QPU that it is expected to take; 0 if nobody knows.
            waiting: seconds that tasks which have not ended are still expected to use.
            now_s: time.
        """
        for payer in _payers(user, account):
            quota = self._quotas.of(payer)
            if quota is None:
                continue
            recent = self._used.get(payer)
            used_s = recent.total(now_s) if recent is not None else 0.0
            reason = allowed(used_s, waiting.get(payer, 0.0), estimate_s, quota)
            if reason is not None:
                cure = "wait until former use is so long ago, or ask the site for more"
                return f"the quota of {payer[0]} {payer[1]} is {reason}; {cure}"
        return None


class _Recent:
    """Seconds used within the last period, in parts of it."""

    def __init__(self, part_s: float) -> None:
        self._part_s = part_s
        self._parts: deque[tuple[int, float]] = deque()
        self._total_s = 0.0

    def add(self, time_s: float, used_s: float) -> None:
        part = int(time_s // self._part_s)
        if self._parts and self._parts[-1][0] >= part:
            last, sum_s = self._parts[-1]
            self._parts[-1] = (last, sum_s + used_s)
        else:
            self._parts.append((part, used_s))
        self._total_s += used_s

    def total(self, now_s: float) -> float:
        oldest = int(now_s // self._part_s) - _NB_PARTS
        while self._parts and self._parts[0][0] < oldest:
            self._total_s -= self._parts.popleft()[1]
        if not self._parts:
            self._total_s = 0.0  # no error of rounding stays
        return self._total_s


def _payers(user: str, account: str) -> tuple[Payer, Payer]:
    return ("user", user), ("account", account)


def _period_text(seconds: float) -> str:
    """
    >>> _period_text(30 * 86400.0), _period_text(7200.0), _period_text(90.0)
    ('30 days', '2 h', '90 s')
    """
    for unit_s, name in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= unit_s and seconds % unit_s == 0:
            return f"{seconds / unit_s:g} {name}"
    return f"{seconds:g} s"
