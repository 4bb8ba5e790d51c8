"""Measures, statistics, meters and pictures on traces that are known."""

import random
import xml.etree.ElementTree as ET

import pytest

from qhpc.lab.comparison import Contender, run_checked
from qhpc.lab.gantt import Panel, html_page, svg
from qhpc.lab.measures import jain, quantile
from qhpc.lab.meters import PoolMeter
from qhpc.lab.statistics import interval, verdict
from tests.unit.qhpc.lab.words import identical, job, measured, workload

UNLIMITED, EXCLUSIVE = Contender("unlimited", "fifo"), Contender("exclusive", "fifo")


def test_two_jobs_that_collide():
    """a runs from 10 to 20, b waits for it and runs from 20 to 30."""
    reached = measured(workload(job("a", (10.0, 10.0), user="u"), job("b", (10.0, 10.0), nb_nodes=3)), UNLIMITED)
    assert reached.utilisation == pytest.approx(20 / 30) == reached.utilisation_by_pool["qpu"]
    assert (reached.stretch_mean, reached.stretch_max, reached.stretch_p50) == (1.25, 1.5, 1.25)
    assert (reached.turnaround_s, reached.makespan_s, reached.makespan_over_bound) == (25.0, 30.0, 1.0)
    assert (reached.node_s, reached.node_waste, reached.node_compute) == (110.0, 30 / 110, 40 / 110)
    assert reached.worst_user == pytest.approx(1.5 / 1.25)
    assert reached.jain == pytest.approx(jain([1.0, 1 / 1.5]))
    assert reached.idle["too few jobs"] == pytest.approx(10 / 30) and sum(reached.idle.values()) == pytest.approx(1 / 3)


def test_waiting_for_admission_counts_from_submission_only():
    reached = measured(identical(2, 1, 10.0, 10.0), EXCLUSIVE)
    assert (reached.stretch_mean, reached.slowdown_mean, reached.slowdown_max) == (1.0, 1.5, 2.0)
    assert reached.idle["not admitted"] == pytest.approx(0.25) and reached.node_waste == 0.0


def test_time_begins_with_the_first_job():
    reached = measured(workload(job("a", (10.0, 10.0), arrival_s=100.0)), UNLIMITED)
    assert (reached.makespan_s, reached.utilisation) == (20.0, 0.5)


def test_quantiles_are_between_the_extremes():
    values = [random.Random(1).random() for _ in range(100)]
    assert quantile(values, 0.0) == min(values) and quantile(values, 1.0) == max(values)
    assert quantile([3.0], 0.95) == 3.0


def test_intervals_hold_the_mean_as_often_as_they_say():
    draw = random.Random(7)
    found = [interval([draw.gauss(5.0, 2.0) for _ in range(6)]) for _ in range(1000)]
    covered = sum(abs(each.mean - 5.0) <= each.half_width for each in found)
    assert 930 <= covered <= 970
    assert interval([4.0]).text(1) == "4.0"


def test_verdicts_compare_seed_by_seed():
    noise = [random.Random(3).gauss(0.0, 5.0) for _ in range(10)]
    ours, others = [10 + each for each in noise], [11 + each + 0.01 * index for index, each in enumerate(noise)]
    assert verdict(ours, others) == "better" and verdict(others, ours) == "worse"
    assert verdict(ours, others, smaller_is_better=False) == "worse"
    assert verdict(ours, ours) == "tie"


def test_admission_is_told_of_idle_qpus():
    meter = PoolMeter(1)
    assert meter.observe(30.0, 30.0) == 1.0
    meter.change(30.0, running=+2, asking=+2, occupied=+1)
    meter.busy_s = 15.0
    assert meter.observe(60.0, 30.0) == 0.5
    meter.change(60.0, occupied=-1)
    assert meter.observe(90.0, 30.0) == 1.0
    assert meter.idle_s == {"no job": 30.0, "too few jobs": 0.0, "not admitted": 0.0, "held back": 30.0, "outage": 0.0}


def test_an_outage_is_a_reason_of_its_own():
    meter = PoolMeter(2)
    meter.change(0.0, up=-1, running=+1)
    meter.change(10.0)
    assert (meter.idle_s["outage"], meter.idle_s["too few jobs"]) == (10.0, 10.0)


def bars(drawing):
    tips = ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}title")
    return [tip.text for tip in tips]


def test_pictures_show_every_phase_of_every_job():
    trace = run_checked(workload(job("a", (10.0, 10.0)), job("b<", (10.0, 10.0), tail_s=5.0)), UNLIMITED)
    shown = bars(svg([Panel("two & two", trace)]))
    assert shown.count("computes classically, 0 to 10 s") == 2 and shown.count("quantum task, 20 to 30 s") == 1
    assert "waits for a QPU, or for its latency, 10 to 20 s" in shown and "b<, 20 to 30 s" in shown
    assert "computes classically, 30 to 35 s" in shown and "waits to be admitted, 0 to 0 s" not in shown


def test_pictures_say_how_many_jobs_they_leave_out():
    trace = run_checked(identical(5, 1, 1.0, 1.0), EXCLUSIVE)
    drawing = svg([Panel("five", trace)], max_jobs=2)
    assert "five (2 of 5 jobs)" in drawing and ">j1<" in drawing and ">j2<" not in drawing
    page = html_page("a<b", [Panel("five", trace)], [["Head"], ["cell"]])
    assert "<th>Head</th>" in page and "<td>cell</td>" in page and "a&lt;b" in page
