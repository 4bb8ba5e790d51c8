"""Policies side by side: the same workloads, the same seeds, the same measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from qhpc.lab.bounds import Bounds, bounds_of, check
from qhpc.lab.errors import LabError
from qhpc.lab.measures import Measures, measure
from qhpc.lab.simulation import simulate
from qhpc.lab.statistics import Interval, Verdict, interval, verdict
from qhpc.lab.trace import Trace
from qhpc.lab.workload import Workload
from qhpc.scheduling.admission.model import TARGET_STRETCH
from qhpc.scheduling.admission.policies import ADMISSIONS, AdmissionPolicy, CappedDuty, Credits, FixedCount, Rate
from qhpc.scheduling.machine import DEFAULT_POLICY
from qhpc.scheduling.policies import POLICIES

__all__ = [
    "CONTENDERS", "DEFAULT", "Contender", "Row", "all_contenders", "contender", "results", "rows", "run_checked",
    "scalar_measures",
]  # fmt: skip


class Contender(NamedTuple):
    """A way to share QPUs.

    Attributes:
        admission: name of the admission policy, with a number after a colon if it is not to have its usual one.
        dispatch: name of the dispatch policy.
    """

    admission: str
    dispatch: str

    def policy(self) -> AdmissionPolicy:
        """A new admission policy.

        Raises:
            LabError: there is none of this name, or it takes no such number.

        >>> Contender("capped-duty:1.5", "fifo").policy().capacity("qpu", 1)
        1500
        """
        name, colon, number = self.admission.partition(":")
        if name not in ADMISSIONS:
            raise LabError(f"no admission policy {name!r}: expected one of {', '.join(ADMISSIONS)}")
        if not colon:
            return ADMISSIONS[name]()
        try:
            return _WITH_NUMBER[name](number)
        except KeyError:
            known = ", ".join(_WITH_NUMBER)
            raise LabError(f"{self.admission!r}: {name} takes no number; expected one of {known}") from None
        except ValueError as error:
            raise LabError(f"{self.admission!r}: expected a number that {name} can have ({error})") from error

    def __str__(self) -> str:
        return f"{self.admission}/{self.dispatch}"


_WITH_NUMBER: dict[str, Callable[[str], AdmissionPolicy]] = {
    "fixed-count": lambda count: FixedCount(int(count)),
    "credits": lambda credits_of_qpu: Credits(int(credits_of_qpu)),
    "rate": lambda limit: Rate(float(limit)),
    "capped-duty": lambda alpha: CappedDuty(float(alpha)),
    "capped-duty-in-order": lambda alpha: CappedDuty(float(alpha), smallest_first=False),
    "capped-duty-learned": lambda alpha: CappedDuty(float(alpha), learns=True),
    "capped-duty-learned-closed-loop": lambda alpha: CappedDuty(
        float(alpha), learns=True, target_stretch=TARGET_STRETCH
    ),
}
"""Policies that take a number after a colon."""

DEFAULT = Contender("capped-duty", DEFAULT_POLICY)
"""What the others are compared with."""

CONTENDERS = (
    Contender("exclusive", "fifo"),
    Contender("unlimited", "fifo"),
    Contender("unlimited", "priority"),
    Contender("unlimited", "shortest-first"),
    Contender("unlimited", "round-robin"),
    Contender("unlimited", "fair-share"),
    Contender("fixed-count", "fifo"),
    Contender("licence-when-idle", "fifo"),
    Contender("credits", "fifo"),
    Contender("credits", "shortest-first"),
    Contender("credits", "round-robin"),
    Contender("rate", "fifo"),
    Contender("rate", "shortest-first"),
    Contender("rate", "round-robin"),
    Contender("capped-duty", "fifo"),
    Contender("capped-duty", "shortest-first"),
    Contender("capped-duty", "share-deadline"),
    DEFAULT,
    Contender("capped-duty-in-order", DEFAULT_POLICY),
    Contender("capped-duty-learned", DEFAULT_POLICY),
    Contender("capped-duty-learned-closed-loop", DEFAULT_POLICY),
)
"""Those that somebody runs or proposes; see the documentation of each baseline."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A contender's measures over the seeds.

    Attributes:
        admission: name of the admission policy.
        dispatch: name of the dispatch policy.
        measures: mean and half width of the 95 % confidence interval, by measure.
        against_default: whether it is better or worse than the default, seed by seed, by measure.
        idle: mean part of the QPUs' time that they ran nothing, by reason.
    """

    admission: str
    dispatch: str
    measures: dict[str, Interval]
    against_default: dict[str, Verdict]
    idle: dict[str, float]


def all_contenders() -> tuple[Contender, ...]:
    """Every admission policy with every dispatch policy."""
    return tuple(Contender(admission, dispatch) for admission in ADMISSIONS for dispatch in POLICIES)


def contender(text: str) -> Contender:
    """The contender of a name like ``unlimited/fifo``.

    Raises:
        LabError: there is no such policy.

    >>> contender("fixed-count:3/fifo")
    Contender(admission='fixed-count:3', dispatch='fifo')
    >>> contender("unlimited/lifo")
    Traceback (most recent call last):
    ...
    qhpc.lab.errors.LabError: no dispatch policy 'lifo': expected one of fifo, priority, ...
    """
    admission, slash, dispatch = text.partition("/")
    if not slash:
        raise LabError(f"{text!r} names no policies: give ADMISSION/DISPATCH, e.g. unlimited/fifo")
    if dispatch not in POLICIES:
        raise LabError(f"no dispatch policy {dispatch!r}: expected one of {', '.join(POLICIES)}")
    who = Contender(admission, dispatch)
    who.policy()
    return who


def run_checked(workload: Workload, who: Contender, bounds: Bounds | None = None) -> Trace:
    """What happens to a workload, refused if it violates a bound.

    Raises:
        BoundError: it does.
    """
    trace = simulate(workload, who.policy(), who.dispatch)
    check(trace, bounds_of(workload) if bounds is None else bounds)
    return trace


def results(workloads: Sequence[Workload], contenders: Sequence[Contender]) -> Iterator[tuple[Contender, Measures]]:
    """Measures of every contender on every workload, as they are ready."""
    for workload in workloads:
        bounds = bounds_of(workload)
        for who in contenders:
            yield who, measure(run_checked(workload, who, bounds), bounds)


def rows(results: Sequence[tuple[Contender, Measures]], reference: Contender = DEFAULT) -> list[Row]:
    """One row a contender, in the order in which they came.

    Args:
        results: of all contenders, each with the same workloads in the same order.
        reference: whom the others are compared with, if it is there.
    """
    by_contender: dict[Contender, list[Measures]] = {}
    for who, measures in results:
        by_contender.setdefault(who, []).append(measures)
    return [_row(who, runs, by_contender.get(reference)) for who, runs in by_contender.items()]


def scalar_measures() -> tuple[str, ...]:
    """Names of the measures that are one number."""
    return tuple(field.name for field in msgspec.structs.fields(Measures) if field.type is float)


_LARGER_IS_BETTER = {"utilisation", "jain", "node_compute"}


def _row(who: Contender, runs: Sequence[Measures], reference: Sequence[Measures] | None) -> Row:
    values = {name: [getattr(run, name) for run in runs] for name in scalar_measures()}
    return Row(
        admission=who.admission,
        dispatch=who.dispatch,
        measures={name: interval(numbers) for name, numbers in values.items()},
        against_default={}
        if reference is None or reference is runs or len(runs) < 2
        else {
            name: verdict(
                numbers, [getattr(run, name) for run in reference], smaller_is_better=name not in _LARGER_IS_BETTER
            )
            for name, numbers in values.items()
        },
        idle={reason: interval([run.idle[reason] for run in runs]).mean for reason in runs[0].idle},
    )
