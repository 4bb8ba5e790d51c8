"""The scheduling benchmark: its figures on few seeds, and the claims that do not need many."""

import re

import pytest

from benchmarks.scheduling.__main__ import FIGURES
from benchmarks.scheduling.equal_utilisation import ADMISSIONS, _alpha_of, duels, summary, table, utilisation
from benchmarks.scheduling.speed import decision_us
from qhpc.lab.comparison import DEFAULT
from qhpc.lab.scenario_files import read_scenario


def numbers(line):
    return [float(number) for number in re.findall(r"\d+\.\d+", line)]


def test_the_mission():
    exclusive, unlimited, ours = list(FIGURES["mission"](range(2)))[2:]
    assert numbers(exclusive)[0] == 0.333 and numbers(unlimited)[2] == pytest.approx(4.0, rel=0.01)
    assert numbers(ours)[0] >= 0.99 and numbers(ours)[2] <= 1.01
    assert exclusive.endswith("U- S+ p95+ W+ T- |") and ours.endswith("|  |")


def test_turnaround_on_the_mix():
    exclusive, unlimited = (numbers(line)[-1] for line in FIGURES["turnaround"](range(2)))
    assert exclusive >= 4 and unlimited >= 1.3


def test_node_release():
    unlimited, ours, alone = (numbers(line) for line in FIGURES["nodes"](range(2)))
    assert unlimited[0] > ours[0] > 0.45
    assert alone[0] > 0.4


def test_ours_has_the_utilisation_of_each_baseline():
    found = list(duels(read_scenario("mission-picture"), range(2)))
    combinations = [(name, order) for name, (_, orders) in ADMISSIONS.items() for order in orders]
    assert [(each.baseline.admission.partition(":")[0], each.baseline.dispatch) for each in found] == combinations
    assert all(each.ours.dispatch == DEFAULT.dispatch for each in found)
    exclusive = found[0]
    assert utilisation(exclusive.own) == utilisation(exclusive.theirs) and exclusive.verdict("stretch_mean") == "tie"
    lines = list(table(found))
    assert len(lines) == 2 + len(found) and lines[2].endswith("| S= p95= W= |")
    for line in list(summary(found))[1:]:
        assert all(sum(map(int, cell.split("/"))) == 1 for cell in line.strip("| ").split(" | ")[1:])


def test_seeds_begin_where_they_are_told_to():
    first, other = (next(duels(read_scenario("mix-poisson"), range(seed, seed + 1))) for seed in (0, 1))
    assert first.baseline == other.baseline and first.theirs != other.theirs


def test_alpha_is_interpolated_and_never_beyond_the_curve():
    curve = [(1.0, 0.5), (2.0, 0.7), (3.0, 0.7)]
    assert _alpha_of(curve, 0.6) == pytest.approx(1.5)
    assert (_alpha_of(curve, 0.4), _alpha_of(curve, 0.9)) == (1.0, 2.0)


def test_the_largest_loads_are_those_of_the_formula():
    names, loads, reached = list(FIGURES["limits"](range(1)))
    assert numbers(loads)[2] == pytest.approx(1.3 * numbers(reached)[2], abs=0.002)
    assert names.startswith("| N | 2 | 3 |")


def test_a_decision_is_timed():
    assert decision_us("fifo", nb_ready=5, nb_decisions=3) > 0
