"""Bounds against brute force, and results that violate them."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.lab.bounds import (
    bounds_of,
    check,
    johnson_s,
    least_end_s,
    repairman_load,
    repairman_utilisation,
    resident_utilisation,
)
from qhpc.lab.comparison import Contender, run_checked
from qhpc.lab.errors import BoundError
from tests.unit.qhpc.lab.words import identical, job, workload

UNLIMITED = Contender("unlimited", "fifo")
small = st.integers(0, 6)
tasks = st.lists(st.tuples(small, st.integers(1, 5), small), min_size=1, max_size=5)


def end_in_order(order):
    now = end = 0
    for head, duration, tail in order:
        now = max(now, head) + duration
        end = max(end, now + tail)
    return end


@given(tasks)
def test_no_order_of_tasks_beats_the_preemptive_bound(given_tasks):
    best = min(map(end_in_order, permutations(given_tasks)))
    work = sum(duration for _, duration, _ in given_tasks)
    assert work <= least_end_s(given_tasks) <= best
    assert least_end_s(given_tasks, 2) <= least_end_s(given_tasks)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=5))
def test_johnson_is_the_best_order(jobs):
    def end(order):
        node = qpu = 0
        for classical, quantum in order:
            node += classical
            qpu = max(qpu, node) + quantum
        return qpu

    assert johnson_s(jobs) == min(map(end, permutations(jobs)))


def test_bounds_of_a_workload_name_what_binds():
    quantum = bounds_of(identical(5, 2, 10.0, 10.0))
    assert quantum.end_s == quantum.pools_s["qpu"] == 110.0
    longest = bounds_of(workload(job("a", (500.0, 1.0)), job("b", (1.0, 1.0))))
    assert longest.end_s == longest.longest_job_s == 501.0
    nodes = bounds_of(workload(*(job(str(number), (100.0, 1.0), nb_nodes=2) for number in range(4)), nb_nodes=2))
    assert nodes.end_s == nodes.nodes_s == 400.0


def test_repairman_of_one_job_is_its_duty_and_of_many_is_one():
    assert repairman_utilisation(1, 0.3) == pytest.approx(0.3)
    assert repairman_utilisation(60, 0.3) == pytest.approx(1.0)
    for count in range(1, 9):
        assert repairman_utilisation(count, 0.3) <= resident_utilisation(count, 0.3) + 1e-12


@pytest.mark.parametrize("nb_jobs", [2, 3, 10, 50])
def test_the_largest_load_has_the_stretch_that_was_asked_for(nb_jobs):
    load = repairman_load(nb_jobs, 1.3)
    assert load / repairman_utilisation(nb_jobs, load / nb_jobs) == pytest.approx(1.3)
    more = load * 1.01
    assert more / repairman_utilisation(nb_jobs, more / nb_jobs) > 1.3


def trace():
    return run_checked(identical(3, 2, 10.0, 5.0), UNLIMITED)


def test_a_good_result_passes():
    check(trace(), bounds_of(trace().workload))


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda trace: [setattr(each, "ended_s", 20.0) for each in trace.jobs], "it ends at 20.0 s"),
        (lambda trace: setattr(trace.jobs[0], "admitted_s", 39.0), "times slower than alone"),
        (lambda trace: setattr(trace.jobs[0], "ended_s", 1000.0), "job j0 took 1000.0 s, more than"),
        (lambda trace: setattr(trace.qpus[0], "busy_s", 29.0), "29.0 s ran of 30.0 s"),
        (lambda trace: trace.qpus[0].start_s.__setitem__(1, 11.0), "qpu0 runs two slices at 11.0 s"),
    ],
)
def test_results_that_cannot_be_are_refused(spoil, complaint):
    spoiled = trace()
    spoil(spoiled)
    with pytest.raises(BoundError, match=complaint):
        check(spoiled, bounds_of(spoiled.workload))
