"""Our default against every baseline at the same utilisation.

A baseline is an admission and a dispatch policy that somebody publishes or that a centre has today, in any combination,
with any value of the number that its documentation lets a centre choose; round-robin and fair-share, which nowhere do
better than shortest-first, only without a limit. What this project adds, a cap on the sum of
duties beyond one QPU and an order by shares, is none: how these differ among each other is shown by ``components``.

Of baselines with a number, the value is taken that comes closest to the default's utilisation with the first seeds.
Then our alpha is set so that our mean utilisation is that of the baseline, by a curve over all seeds, and both are
compared seed by seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from qhpc.lab.bounds import Bounds, bounds_of
from qhpc.lab.comparison import DEFAULT, Contender, run_checked
from qhpc.lab.measures import Measures, measure
from qhpc.lab.scenario import Scenario
from qhpc.lab.statistics import Verdict, interval, verdict
from qhpc.lab.workload import Workload

ORDERS = ("fifo", "shortest-first")
ADMISSIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "exclusive": ((), ("fifo",)),
    "unlimited": ((), (*ORDERS, "round-robin", "fair-share")),
    "licence-when-idle": ((), ORDERS),
    "fixed-count": (tuple(str(count) for count in (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 36)), ORDERS),
    "credits": (tuple(str(count) for count in (2, 4, 6, 8, 10, 12, 16, 24, 32)), ORDERS),
    "rate": (("1.1", "1.25", "1.5", "1.75", "2", "2.25", "2.5", "3", "4", "6"), ORDERS),
}
"""The values to try for the number of each admission policy, and the orders that it is combined with."""

ALPHAS = (0.001, 0.25, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 2.0, 3.0, 5.0, 20.0)
MEASURES = ("stretch_mean", "stretch_p95", "node_waste")
NB_SEEDS_TO_SEARCH = 3


class Duel(NamedTuple):
    """A baseline and ours at its utilisation, over the same seeds."""

    scenario: str
    baseline: Contender
    ours: Contender
    theirs: list[Measures]
    own: list[Measures]

    def verdict(self, name: str) -> Verdict:
        """How ours compares."""
        return verdict([getattr(each, name) for each in self.own], [getattr(each, name) for each in self.theirs])


class Runs:
    """Measures of contenders on the workloads of a scenario, each simulated once."""

    def __init__(self, scenario: Scenario, seeds: range) -> None:
        self._given: list[tuple[Workload, Bounds]] = []
        for seed in seeds:
            workload = scenario.workload(seed)
            self._given.append((workload, bounds_of(workload)))
        self._known: dict[tuple[Contender, int], Measures] = {}

    def of(self, who: Contender, nb_seeds: int | None = None) -> list[Measures]:
        """For the first seeds, or all."""
        return [self._one(who, index) for index in range(len(self._given))[:nb_seeds]]

    def _one(self, who: Contender, index: int) -> Measures:
        if (who, index) not in self._known:
            workload, bounds = self._given[index]
            self._known[who, index] = measure(run_checked(workload, who, bounds), bounds)
        return self._known[who, index]


def utilisation(runs: Sequence[Measures]) -> float:
    """Mean over the seeds."""
    return sum(each.utilisation for each in runs) / len(runs)


def duels(scenario: Scenario, seeds: range, cap: str = "capped-duty") -> Iterator[Duel]:
    """Ours, which is an admission with a cap on duties, against each baseline."""
    runs = Runs(scenario, seeds)
    goal = utilisation(runs.of(DEFAULT, NB_SEEDS_TO_SEARCH))
    capped = [Contender(f"{cap}:{alpha}", DEFAULT.dispatch) for alpha in ALPHAS]
    curve = [(alpha, utilisation(runs.of(who))) for alpha, who in zip(ALPHAS, capped, strict=True)]
    for name, (values, orders) in ADMISSIONS.items():
        admission = _closest(runs, name, values, goal)
        for order in orders:
            baseline = Contender(admission, order)
            theirs = runs.of(baseline)
            ours = Contender(f"{cap}:{_alpha_of(curve, utilisation(theirs)):.3f}", DEFAULT.dispatch)
            yield Duel(scenario.name, baseline, ours, theirs, runs.of(ours))


def _closest(runs: Runs, name: str, values: Sequence[str], goal: float) -> str:
    if not values:
        return name
    named = [f"{name}:{value}" for value in values]
    return min(
        named, key=lambda admission: abs(utilisation(runs.of(Contender(admission, "fifo"), NB_SEEDS_TO_SEARCH)) - goal)
    )


def _alpha_of(curve: Sequence[tuple[float, float]], goal: float) -> float:
    """The smallest alpha with this utilisation, interpolated; the one that comes closest if none has it."""
    for (alpha, below), (next_alpha, above) in pairwise(curve):
        if below <= goal <= above:
            part = (goal - below) / (above - below) if above > below else 0.0
            return alpha + part * (next_alpha - alpha)
    return min(curve, key=lambda point: abs(point[1] - goal))[0]


def table(found: Sequence[Duel]) -> Iterator[str]:
    """One row a baseline: its measures, then ours."""
    yield "| baseline | U | stretch | p95 | waste | our alpha | U | stretch | p95 | waste | ours is |"
    yield "|---" * 11 + "|"
    for duel in found:
        cells = [*_cells(duel.theirs), duel.ours.admission.partition(":")[2], *_cells(duel.own), _judgement(duel)]
        yield f"| {duel.baseline.admission} / {duel.baseline.dispatch} | " + " | ".join(cells) + " |"


def _cells(runs: Sequence[Measures]) -> list[str]:
    digits = {"utilisation": 3, "stretch_mean": 2, "stretch_p95": 2, "node_waste": 3}
    return [interval([getattr(each, name) for each in runs]).text(count) for name, count in digits.items()]


def _judgement(duel: Duel) -> str:
    signs = {"better": "+", "worse": "-", "tie": "="}
    return " ".join(
        f"{title}{signs[duel.verdict(name)]}" for title, name in zip(("S", "p95", "W"), MEASURES, strict=True)
    )


def summary(found: Sequence[Duel]) -> Iterator[str]:
    """In how many scenarios ours is better, ties or is worse, by baseline and measure."""
    yield "| baseline | mean stretch | p95 stretch | node waste |\n|---|---|---|---|"
    for key in dict.fromkeys((duel.baseline.admission.partition(":")[0], duel.baseline.dispatch) for duel in found):
        mine = [duel for duel in found if (duel.baseline.admission.partition(":")[0], duel.baseline.dispatch) == key]
        cells = []
        for name in MEASURES:
            verdicts = [duel.verdict(name) for duel in mine]
            cells.append(" / ".join(str(verdicts.count(each)) for each in ("better", "tie", "worse")))
        yield f"| {key[0]} / {key[1]} | " + " | ".join(cells) + " |"
