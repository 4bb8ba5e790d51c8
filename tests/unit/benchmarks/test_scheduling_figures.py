"""The scheduling benchmark: its figures on few seeds, and the claims that do not need many."""

import re

import pytest

from benchmarks.scheduling.__main__ import FIGURES, against
from benchmarks.scheduling.equal_utilisation import SWEPT, matched
from benchmarks.scheduling.speed import decision_us
from qhpc.lab.comparison import DEFAULT
from qhpc.lab.scenario_files import read_scenario


def numbers(line):
    return [float(number) for number in re.findall(r"\d+\.\d+", line)]


def test_the_mission():
    exclusive, unlimited, ours = list(FIGURES["mission"](2))[2:]
    assert numbers(exclusive)[0] == 0.333 and numbers(unlimited)[2] == pytest.approx(4.0, rel=0.01)
    assert numbers(ours)[0] >= 0.99 and numbers(ours)[2] <= 1.01
    assert exclusive.endswith("U- S+ p95+ W+ T- |") and ours.endswith("|  |")


def test_turnaround_on_the_mix():
    exclusive, unlimited = (numbers(line)[-1] for line in FIGURES["turnaround"](2))
    assert exclusive >= 4 and unlimited >= 1.3


def test_node_release():
    unlimited, ours, alone = (numbers(line) for line in FIGURES["nodes"](2))
    assert unlimited[0] > ours[0] > 0.45
    assert alone[0] > 0.4


def test_baselines_are_matched_by_utilisation():
    found = matched(read_scenario("mission-picture"), 2)
    assert (found[0].admission, found[0].dispatch) == DEFAULT
    assert [(row.admission.partition(":")[0], row.dispatch) for row in found[1:]] == list(SWEPT)
    goal = found[0].measures["utilisation"].mean
    assert all(abs(row.measures["utilisation"].mean - goal) < 0.1 for row in found[1:])
    assert set(against(found[1]).split()) <= {f"{name}{sign}" for name in ("U", "S", "p95", "W", "T") for sign in "+-="}


def test_a_decision_is_timed():
    assert decision_us("fifo", nb_ready=5, nb_decisions=3) > 0
