"""Simulations whose outcome is known, and invariants of all others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qhpc.lab.bounds import bounds_of, repairman_utilisation, run_without_waiting
from qhpc.lab.comparison import CONTENDERS, Contender, all_contenders, run_checked
from qhpc.lab.errors import LabError
from qhpc.lab.measures import measure, steady_utilisation
from qhpc.lab.scenario import Jobs, Scenario
from qhpc.lab.simulation import simulate
from qhpc.lab.workload import DevicePool, Outage
from qhpc.scheduling.admission.policies import Unlimited
from tests.unit.qhpc.lab.words import identical, job, measured, workload, workloads

EXCLUSIVE, UNLIMITED = Contender("exclusive", "fifo"), Contender("unlimited", "fifo")
CAPPED = Contender("capped-duty", "share-deadline")


@pytest.mark.parametrize("who", CONTENDERS, ids=str)
def test_a_job_alone_is_as_fast_as_can_be(who):
    alone = measured(workload(job("j", (20.0, 10.0), (5.0, 15.0), tail_s=10.0)), who)
    assert (alone.stretch_mean, alone.makespan_s, alone.makespan_over_bound) == (1.0, 60.0, 1.0)
    assert alone.utilisation == pytest.approx(25 / 60) and alone.node_waste == 0.0


def test_exclusive_utilisation_of_identical_jobs_is_their_duty():
    reached = measured(identical(5, 7, 20.0, 10.0), EXCLUSIVE)
    assert reached.utilisation == pytest.approx(1 / 3)
    assert reached.stretch_max == 1.0 and reached.makespan_s == pytest.approx(5 * 7 * 30)


def test_the_mission():
    given = identical(12, 100, 20.0, 10.0)
    unlimited, ours = measured(given, UNLIMITED), measured(given, CAPPED)
    assert unlimited.stretch_mean == pytest.approx(12 / 3, rel=0.01)
    assert ours.utilisation >= 0.99 and ours.stretch_mean <= 1.01
    assert ours.turnaround_s < unlimited.turnaround_s


@pytest.mark.parametrize(("count", "duty"), [(2, 0.3), (4, 0.25)])
def test_exponential_phases_reproduce_the_machine_repairman(count, duty):
    group = Jobs(name="j", count=count, nb_phases=10_000, quantum_s=duty, classical_s=1 - duty, spread="exponential")
    trace = run_checked(Scenario(name="repairman", jobs=(group,)).workload(1), UNLIMITED)
    until_s = min(trace_job.ended_s for trace_job in trace.jobs)
    utilisation = steady_utilisation(trace, 0.0, until_s)
    assert utilisation == pytest.approx(repairman_utilisation(count, duty), rel=0.01)


@pytest.mark.parametrize("dispatch", ["fifo", "shortest-first", "share-deadline", "round-robin"])
def test_in_steady_state_stretch_times_utilisation_is_the_sum_of_duties(dispatch):
    trace = simulate(identical(8, 400, 15.0, 5.0), Unlimited(), dispatch)
    stretch = sum(each.stretch for each in trace.jobs) / 8
    utilisation = steady_utilisation(trace, 15.0, min(each.ended_s for each in trace.jobs))
    assert stretch * utilisation == pytest.approx(8 * 0.25, rel=0.01)


def test_periodic_jobs_share_without_waiting_exactly_if_the_bound_says_so():
    for second in ((20.0, 40.0), (10.0, 40.0)):
        first = job("a", *[(20.0, 10.0)] * 8)
        other = job("b", *[second] * 4, arrival_s=10.0 - (second[0] - 20.0))
        waits = any(each.stretch > 1.0 for each in run_checked(workload(first, other), UNLIMITED).jobs)
        period = int(sum(second))
        assert waits != run_without_waiting((10, 30), (int(second[1]), period))


def test_latency_is_hidden_while_another_runs_and_only_then():
    def dead_s(depth):
        given = workload(
            job("a", (0.0, 10.0), latency_s=4.0),
            job("b", (1.0, 10.0), latency_s=4.0),
            pools=(DevicePool(prefetch_depth=depth),),
        )
        return run_checked(given, UNLIMITED).qpus[0].dead_s

    assert (dead_s(0), dead_s(1)) == (8.0, 4.0)


def test_several_tasks_prepared_at_a_time_hide_a_latency_that_one_does_not():
    """Twelve jobs of 1 s tasks that take 9 s to prepare: one ahead leaves 4 s of dead time a task, nine none."""

    def reached(depth):
        given = identical(12, 20, 2.0, 1.0, latency_s=9.0, pools=(DevicePool(prefetch_depth=depth),))
        return measured(given, UNLIMITED).utilisation

    alone_s = 2.0 + 9.0 + 1.0
    assert reached(0) == pytest.approx(0.1, rel=0.02)
    assert reached(1) == pytest.approx(0.2, rel=0.02)
    assert reached(9) == pytest.approx(20 * 12 / (20 * alone_s), rel=0.06)


def test_admission_counts_a_latency_only_as_far_as_nothing_else_runs_meanwhile():
    """Jobs of 1 s of QPU in 10 s: with a latency that is hidden, 10 of them fill a QPU; with one that is not, one."""

    def nb_resident(depth):
        given = identical(20, 20, 2.0, 1.0, latency_s=7.0, pools=(DevicePool(prefetch_depth=depth),))
        trace = run_checked(given, Contender("capped-duty:1.1", "fifo"))
        return sum(each.admitted_s == 0.0 for each in trace.jobs)

    assert (nb_resident(0), nb_resident(1), nb_resident(9)) == (1, 2, 10)


def test_the_scheduler_believes_what_it_is_told_until_it_has_measured():
    """Shortest tasks first; those of one job take ten times what is told, so that it goes first, but only once."""
    lies = job("a", *[(0.0, 10.0, 0, 0.1)] * 4, arrival_s=1.0)
    others = [job(name, *[(0.0, 3.0)] * 4, arrival_s=1.0) for name in "bc"]
    trace = run_checked(workload(job("first", (0.0, 2.0)), lies, *others), Contender("unlimited", "shortest-first"))
    assert [run.job_id for run in trace.qpus[0].runs] == ["first", "a", *["b", "c"] * 4, "a", "a", "a"]


def test_every_slice_is_a_submission():
    sliced = workload(job("a", (0.0, 10.0, 100), latency_s=2.0), pools=(DevicePool(slice_s=5.0),))
    trace = run_checked(sliced, UNLIMITED)
    assert (trace.qpus[0].dead_s, trace.jobs[0].ended_s) == (4.0, 14.0)


def test_nodes_are_given_back_in_quantum_phases_and_cost_nothing_meanwhile():
    phases = [(100.0, 100.0)] * 3
    keeps, gives = (run_checked(workload(job("j", *phases, restart_s=each)), UNLIMITED) for each in (None, 10.0))
    assert (keeps.jobs[0].node_s, gives.jobs[0].node_s) == (600.0, 330.0)
    assert gives.jobs[0].stretch == 1.0


def test_released_nodes_admit_another_job():
    first = job("a", (10.0, 100.0), tail_s=10.0, restart_s=5.0)
    second = job("b", (10.0, 1.0))
    trace = run_checked(workload(first, second, nb_nodes=1), UNLIMITED)
    assert trace.jobs[1].admitted_s == 10.0


def test_an_announced_outage_is_kept_free_and_another_one_loses_a_slice():
    def trace(notice_s):
        outage = Outage("qpu0", 5.0, 20.0, notice_s)
        return run_checked(workload(job("a", (0.0, 10.0)), outages=(outage,)), UNLIMITED)

    announced, sudden = trace(100.0), trace(0.0)
    assert announced.jobs[0].ended_s == sudden.jobs[0].ended_s == 30.0
    assert (announced.qpus[0].lost_s, sudden.qpus[0].lost_s) == (0.0, 5.0)
    assert announced.idle_s["qpu"]["held back"] == 5.0 and announced.idle_s["qpu"]["outage"] == 15.0


def test_outages_that_are_too_frequent_are_refused():
    outages = tuple(Outage("qpu0", 5.0 * number, 5.0 * number + 1.0, 0.0) for number in range(1, 9))
    with pytest.raises(LabError, match="a/0 failed for good"):
        run_checked(workload(job("a", (0.0, 10.0)), outages=outages), UNLIMITED)


def test_a_job_that_cannot_be_admitted_is_named():
    with pytest.raises(LabError, match="job a is never admitted: it needs 9 nodes"):
        run_checked(workload(job("a", (1.0, 1.0), nb_nodes=9), nb_nodes=4), UNLIMITED)


@settings(max_examples=100, deadline=None)
@given(workloads(), st.sampled_from(all_contenders()))
def test_no_result_violates_a_bound_and_all_time_is_accounted_for(given_workload, who):
    bounds = bounds_of(given_workload)
    trace = run_checked(given_workload, who, bounds)
    for pool in given_workload.pools:
        occupied_s = sum(qpu.busy_s + qpu.dead_s for qpu in trace.qpus if qpu.pool == pool.name)
        idle_s = sum(trace.idle_s[pool.name].values())
        assert occupied_s + idle_s == pytest.approx(trace.end_s * pool.nb_qpus)
    reached = measure(trace, bounds)
    assert 0 <= reached.node_waste < 1 and 0 < reached.jain <= 1 + 1e-9 and reached.worst_user >= 1 - 1e-9


@settings(max_examples=10, deadline=None)
@given(workloads(), st.sampled_from(all_contenders()))
def test_the_same_workload_gives_the_same_result(given_workload, who):
    first, second = (run_checked(given_workload, who) for _ in range(2))
    assert [qpu.runs for qpu in first.qpus] == [qpu.runs for qpu in second.qpus]


def test_the_closed_loop_comes_to_the_same_from_everywhere_and_does_not_swing():
    """Alike jobs for a day: from 0.8 and from 3, alpha is in one band after twelve hours, and stays."""
    group = Jobs(name="j", count=90, nb_phases=30, quantum_s=40.0, classical_s=160.0, spread="exponential")
    given = Scenario(name="day", jobs=(group,)).workload(0)
    late = []
    for alpha in ("0.8", "3.0"):
        trace = run_checked(given, Contender(f"capped-duty-learned-closed-loop:{alpha}", "shortest-in-share"))
        until_s = max(each.admitted_s for each in trace.jobs)
        assert until_s > 20 * 3600
        late += [value for time_s, value in trace.alpha if 12 * 3600 < time_s < until_s]
    assert max(late) / min(late) < 1.35 and 0.9 < min(late) < max(late) < 1.5
