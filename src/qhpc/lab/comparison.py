"""Policies side by side: the same workloads, the same seeds, the same measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from qhpc.lab.bounds import Bounds, bounds_of, check
from qhpc.lab.errors import LabError
from qhpc.lab.measures import Measures, measure
from qhpc.lab.simulation import simulate
from qhpc.lab.statistics import Interval, Verdict, interval, verdict
from qhpc.lab.trace import Trace
from qhpc.lab.workload import Workload
from qhpc.scheduling.admission.policies import ADMISSIONS
from qhpc.scheduling.machine import DEFAULT_POLICY
from qhpc.scheduling.policies import POLICIES

__all__ = [
    "CONTENDERS", "DEFAULT", "Contender", "Row", "all_contenders", "contender", "results", "rows", "run_checked",
    "scalar_measures",
]  # fmt: skip


class Contender(NamedTuple):
    """A way to share QPUs.

    Attributes:
        admission: name of the admission policy.
        dispatch: name of the dispatch policy.
    """

    admission: str
    dispatch: str

    def __str__(self) -> str:
        return f"{self.admission}/{self.dispatch}"


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
    Contender("capped-duty", "fifo"),
    Contender("capped-duty", "shortest-first"),
    Contender("capped-duty", "share-deadline"),
    Contender("capped-duty-learned", "share-deadline"),
    Contender("capped-duty-learned-closed-loop", "share-deadline"),
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

    >>> contender("unlimited/fifo")
    Contender(admission='unlimited', dispatch='fifo')
    >>> contender("unlimited/lifo")
    Traceback (most recent call last):
    ...
    qhpc.lab.errors.LabError: no dispatch policy 'lifo': expected one of fifo, priority, ...
    """
    admission, slash, dispatch = text.partition("/")
    if not slash:
        raise LabError(f"{text!r} names no policies: give ADMISSION/DISPATCH, e.g. unlimited/fifo")
    for kind, name, known in (("admission", admission, ADMISSIONS), ("dispatch", dispatch, POLICIES)):
        if name not in known:
            raise LabError(f"no {kind} policy {name!r}: expected one of {', '.join(known)}")
    return Contender(admission, dispatch)


def run_checked(workload: Workload, who: Contender, bounds: Bounds | None = None) -> Trace:
    """What happens to a workload, refused if it violates a bound.

    Raises:
        BoundError: it does.
    """
    trace = simulate(workload, ADMISSIONS[who.admission](), who.dispatch)
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
