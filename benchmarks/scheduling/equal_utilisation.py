"""Baselines at the default's utilisation: each with the setting of its one number that comes closest to it."""

from __future__ import annotations

from qhpc.lab.comparison import DEFAULT, Contender, Row, results, rows
from qhpc.lab.scenario import Scenario

ALPHAS = ("0.8", "0.9", "1.0", "1.1", "1.2", "1.35", "1.5", "1.75", "2.0", "2.5")
COUNTS = tuple(str(count) for count in (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24))
CREDITS = tuple(str(count) for count in (2, 4, 6, 8, 10, 12, 16, 24, 32))
SWEPT: dict[tuple[str, str], tuple[str, ...]] = {
    ("fixed-count", "fifo"): COUNTS,
    ("fixed-count", "shortest-first"): COUNTS,
    ("credits", "fifo"): CREDITS,
    ("credits", "shortest-first"): CREDITS,
    ("capped-duty", "fifo"): ALPHAS,
    ("capped-duty", "shortest-first"): ALPHAS,
}
"""The baselines that have a number, with the values to try."""


_NB_SEEDS_TO_SEARCH = 3


def matched(scenario: Scenario, seeds: int, reference: Contender = DEFAULT) -> list[Row]:
    """The reference, and each baseline where its mean utilisation is closest to the reference's.

    The setting is looked for with the first three seeds, and measured with all.
    """
    searched = _rows(scenario, [reference, *_swept()], min(seeds, _NB_SEEDS_TO_SEARCH), reference)
    goal = searched[0].measures["utilisation"].mean
    chosen: dict[tuple[str, str], Row] = {}
    for row in searched[1:]:
        key = (row.admission.partition(":")[0], row.dispatch)
        if key not in chosen or _distance(row, goal) < _distance(chosen[key], goal):
            chosen[key] = row
    contenders = [reference, *(Contender(row.admission, row.dispatch) for row in chosen.values())]
    return _rows(scenario, contenders, seeds, reference)


def _swept() -> list[Contender]:
    return [
        Contender(f"{admission}:{value}", dispatch)
        for (admission, dispatch), values in SWEPT.items()
        for value in values
    ]


def _rows(scenario: Scenario, contenders: list[Contender], seeds: int, reference: Contender) -> list[Row]:
    return rows(list(results([scenario.workload(seed) for seed in range(seeds)], contenders)), reference)


def _distance(row: Row, goal: float) -> float:
    return abs(row.measures["utilisation"].mean - goal)
