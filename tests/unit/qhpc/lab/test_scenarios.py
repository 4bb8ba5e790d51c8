"""Scenario files: those that are shipped, and what is said of wrong ones."""

import pytest

from qhpc.lab.comparison import DEFAULT, run_checked
from qhpc.lab.errors import LabError
from qhpc.lab.scenario import Arrivals, Jobs, Outages, Scenario
from qhpc.lab.scenario_files import parse_scenario, read_scenario, shipped_scenarios
from qhpc.scheduling.timings import TIMINGS

GOOD = """\
name = "good"
nb_nodes = 8

[[pools]]
device = "superconducting"

[[jobs]]
name = "first"
count = 2
nb_phases = [1, 3]
quantum_s = 1.0
classical_s = 2.0

[[jobs]]
name = "second"
count = 1
nb_phases = 2
shots = 100
classical_s = 2.0

[[outages]]
first_s = 5.0
duration_s = 1.0
"""


@pytest.mark.parametrize("scenario", shipped_scenarios().values(), ids=lambda scenario: scenario.name)
def test_shipped_scenarios_run_within_their_bounds(scenario):
    assert scenario.about and shipped_scenarios()[scenario.name] == scenario
    given = scenario.workload(0)
    assert len(run_checked(given, DEFAULT).jobs) == sum(group.count for group in scenario.jobs)
    assert scenario.workload(0) == given != scenario.workload(1)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("nb_nodes = 8", "nodes = 8", "line 2: unknown key 'nodes': expected one of name, about, jobs, pools"),
        ('name = "second"', 'name = "second"\nusers = 3', "line 16: unknown key 'users': expected one of name, count"),
        ("shots = 100\nclassical_s = 2.0", "shots = 100\nclassical_s = -2.0",
         r"line 19: jobs\[1\].classical_s is -2.0: expected `float` >= 0"),
        ("first_s = 5.0", "first_s = -5.0", r"line 22: outages\[0\].first_s is -5.0: expected `float` >= 0"),
        ("count = 2", 'count = "two"', r"line 9: jobs\[0\].count is 'two': expected `int`, got `str`"),
        ("count = 2", "count = 0", r"line 9: jobs\[0\].count is 0: expected `int` >= 1"),
        ("nb_phases = [1, 3]", "nb_phases = [3, 1]", r"line 10: jobs\[0\].nb_phases is \[3, 1\]: expected two"),
        ("nb_phases = [1, 3]", "nb_phases = [3]", r"line 10: .*jobs\[0\].nb_phases"),
        ("superconducting", "abacus", r"line 5: pools\[0\].device is 'abacus': expected one of neutral-atoms"),
        ("count = 1", 'count = 1\npool = "x"', r"line 17: jobs\[1\].pool is 'x': expected one of qpu"),
        ("count = 1", "count = 1\nnb_nodes = 9", r"line 17: jobs\[1\].nb_nodes is 9: expected at most the 8 nodes"),
        ("shots = 100\n", "", r"line 14: jobs\[1\].shots is 0: expected at least 1"),
        ("first_s = 5.0", 'first_s = 5.0\nqpu = "qpu7"', r"line 23: outages\[0\].qpu is 'qpu7': expected one of qpu0"),
        ("count = 1\n", "", r"line 14: Object missing required field `count` in jobs\[1\]"),
        ('name = "good"', "name = good", "not TOML: Invalid value"),
    ],
)  # fmt: skip
def test_wrong_files_name_line_value_and_what_was_expected(old, new, complaint):
    assert old in GOOD
    with pytest.raises(LabError, match=r"^s\.toml(, |: )" + complaint):
        parse_scenario(GOOD.replace(old, new), "s.toml")


def test_a_scenario_has_jobs():
    with pytest.raises(LabError, match="missing required field `jobs`"):
        parse_scenario('name = "x"\n', "s.toml")
    with pytest.raises(LabError, match="length >= 1 in jobs"):
        parse_scenario('name = "x"\njobs = []\n', "s.toml")


def test_files_are_read_by_path_and_scenarios_by_name(tmp_path):
    (tmp_path / "my.toml").write_text(GOOD)
    assert read_scenario(str(tmp_path / "my.toml")).name == "good"
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    with pytest.raises(LabError, match="not UTF-8"):
        read_scenario(str(tmp_path / "bad.toml"))
    with pytest.raises(LabError, match=r"no scenario 'mixx': give the path of a \.toml file, or one of finite-nodes"):
        read_scenario("mixx")


def jobs(**fields):
    return Jobs(**{"name": "j", "count": 200, "nb_phases": 20, "quantum_s": 5.0, "classical_s": 10.0, **fields})


@pytest.mark.parametrize("spread", ["fixed", "exponential", "heavy-tailed"])
def test_spreads_keep_their_mean(spread):
    given = Scenario(name="s", jobs=(jobs(spread=spread),)).workload(0)
    quantum_s = [phase.quantum_s for plan in given.jobs for phase in plan.phases]
    assert sum(quantum_s) / len(quantum_s) == pytest.approx(5.0, rel=0.1)
    assert (max(quantum_s) > 200) == (spread == "heavy-tailed")


def test_each_user_keeps_to_one_wrong_factor():
    given = Scenario(name="s", jobs=(jobs(declared_factor=(0.25, 2.0)),)).workload(0)
    factors = {(plan.user, round(plan.declared_duty / plan.duty(1), 9)) for plan in given.jobs}
    assert len(factors) == len({user for user, _ in factors}) == 4
    assert all(0.25 <= factor <= 2.0 for _, factor in factors)


def test_what_is_told_of_lengths_is_wrong_by_user_and_by_task_and_changes_nothing_else():
    true = Scenario(name="s", jobs=(jobs(),)).workload(0)
    by_user = Scenario(name="s", jobs=(jobs(duration_factor=(0.25, 4.0)),)).workload(0)
    by_task = Scenario(name="s", jobs=(jobs(task_factor=(0.25, 4.0)),)).workload(0)
    usual = {plan.user: {phase.told_factor for phase in plan.phases} for plan in by_user.jobs}
    assert all(len(factors) == 1 for factors in usual.values()) and len(set(map(max, usual.values()))) == 4
    factors = [phase.told_factor for plan in by_task.jobs for phase in plan.phases]
    assert 0.25 <= min(factors) < 0.5 and 2.0 < max(factors) <= 4.0
    assert sum(factor < 1.0 for factor in factors) / len(factors) == pytest.approx(0.5, abs=0.1)
    for wrong in (by_user, by_task):
        assert [plan.alone_s for plan in wrong.jobs] == [plan.alone_s for plan in true.jobs]
        assert [plan.declared_duty for plan in wrong.jobs] == [plan.declared_duty for plan in true.jobs]


def test_arrivals():
    def times(**fields):
        arrivals = Arrivals(**fields)
        return [plan.arrival_s for plan in Scenario(name="s", jobs=(jobs(),), arrivals=arrivals).workload(0).jobs]

    assert set(times()) == {0.0}
    assert times(kind="batches", interval_s=60.0, size=150)[148:152] == [0.0, 0.0, 60.0, 60.0]
    poisson = times(kind="poisson", interval_s=60.0)
    assert poisson == sorted(poisson) and poisson[-1] == pytest.approx(199 * 60, rel=0.2)


def test_outages_repeat_and_devices_give_times():
    outages = Outages(first_s=10.0, duration_s=2.0, every_s=100.0, count=3)
    given = Scenario(name="s", jobs=(jobs(quantum_s=None, shots=10),), outages=(outages,)).workload(0)
    assert [(outage.start_s, outage.end_s) for outage in given.outages] == [(10, 12), (110, 112), (210, 212)]
    assert all(device.shot_s >= 0 and device.latency_s >= 0 and device.source for device in TIMINGS.values())
