"""The low-level scheduler: events in, instructions out."""

import pytest

from qhpc.scheduling.events import (
    PoolAdded,
    QpuStateChanged,
    SessionClosed,
    SessionOpened,
    SliceFailed,
    TaskCancelled,
    TimePassed,
    WindowAnnounced,
    WindowWithdrawn,
)
from qhpc.scheduling.instructions import (
    CancelTask,
    FailTask,
    FinishTask,
    PrefetchTask,
    ReclaimNodes,
    RejectTask,
    ReleaseNodes,
    StartSlice,
    StopSlice,
    WakeAt,
)
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.model import Pool, Window
from qhpc.scheduling.story import Story

from .scenes import came, ended, machine, session

START = StartSlice("q", "t", 1, 0)


def test_a_task_starts_on_an_idle_qpu_and_is_finished():
    m = machine()
    assert m.handle(came(1.0)) == [START]
    assert m.handle(ended(11.0)) == [FinishTask("t")]
    record = m.task("t")
    assert (record.state, record.first_start_s, record.end_s, record.busy_s) == ("done", 1.0, 11.0, 10.0)
    assert m.session("s").used_s == 10.0


def test_tasks_wait_for_a_busy_qpu():
    m = machine()
    assert m.handle(came(1.0), came(2.0, "u")) == [START]
    assert [ready.task.key for ready in m.waiting("p")] == ["u"]
    assert m.handle(ended(11.0)) == [FinishTask("t"), StartSlice("q", "u", 1, 0)]


def test_each_idle_qpu_of_a_pool_takes_a_task():
    m = machine(pool=Pool(name="p", qpus=("q", "r"), prefetch_depth=0))
    assert m.handle(came(1.0), came(1.0, "u"), came(1.0, "v")) == [START, StartSlice("r", "u", 1, 0)]
    assert m.handle(ended(5.0, "u", qpu="r")) == [FinishTask("u"), StartSlice("r", "v", 1, 0)]


def test_the_next_task_is_prepared_while_a_qpu_runs():
    m = machine("shortest-first", pool=Pool(name="p", qpus=("q",)))
    assert m.handle(came(1.0)) == [START]
    assert m.handle(came(2.0, "long", duration_s=50.0)) == [PrefetchTask("q", "long")]
    assert m.handle(came(3.0, "same", duration_s=60.0)) == []
    assert m.handle(came(4.0, "short", duration_s=1.0)) == [PrefetchTask("q", "short")]
    assert m.handle(ended(11.0)) == [FinishTask("t"), StartSlice("q", "short", 1, 0), PrefetchTask("q", "long")]


# ---------------------------------------------------------------- twice, late, wrong
def test_the_same_task_twice_runs_once():
    m = machine()
    assert m.handle(came(1.0), came(1.5)) == [START]
    assert m.handle(ended(11.0), came(12.0)) == [FinishTask("t")]


def test_a_slice_ends_once():
    m = machine()
    m.handle(came(1.0))
    assert m.handle(ended(11.0), ended(11.0), ended(12.0, number=2), ended(12.0, qpu="nowhere")) == [FinishTask("t")]
    assert m.session("s").used_s == 10.0


@pytest.mark.parametrize(
    ("owner", "fields", "reason"),
    [
        ("x", {}, "no session 'x'"),
        ("s", {"duration_s": -1.0}, "duration -1.0 s"),
        ("s", {"duration_s": float("nan")}, "duration nan s"),
        ("s", {"duration_s": float("inf")}, "duration inf s"),
        ("s", {"shots": -1}, "-1 shots"),
        ("s", {"duration_s": 31.0}, "of its 30 s of QPU"),
    ],
)
def test_tasks_that_are_not_accepted(owner, fields, reason):
    m = machine(sessions=[session(max_qpu_s=30.0)])
    ((rejected),) = m.handle(came(1.0, owner=owner, **fields))
    assert isinstance(rejected, RejectTask) and reason in rejected.reason
    assert m.task("t") is None


def test_a_limit_of_waiting_tasks():
    m = machine(sessions=[session(max_ready_tasks=1)])
    m.handle(came(1.0))
    assert m.handle(came(1.0, "u")) == []
    (rejected,) = m.handle(came(1.0, "v"))
    assert "has 1 waiting tasks" in rejected.reason


def test_a_key_of_another_session():
    m = machine(sessions=[session(), session("other")])
    assert m.handle(came(1.0)) == [START]
    assert m.handle(came(2.0, owner="other")) == [RejectTask("t", "the key 't' is another session's")]


def test_a_session_of_an_unknown_pool():
    with pytest.raises(ValueError, match="names the pool 'x': there are \\['p'\\]"):
        machine(sessions=[session(pool="x")])


def test_a_pool_is_added_once():
    m = machine()
    m.handle(came(1.0))
    assert m.handle(PoolAdded(2.0, Pool(name="p", qpus=("q",)))) == []
    assert m.device("q").running is not None


# ---------------------------------------------------------------- cancelling and closing
def test_a_waiting_task_is_cancelled_at_once():
    m = machine()
    m.handle(came(1.0), came(2.0, "u"))
    assert m.handle(TaskCancelled(3.0, "u")) == [CancelTask("u")]
    assert m.handle(TaskCancelled(3.0, "u"), TaskCancelled(3.0, "unknown")) == []
    assert m.handle(ended(11.0)) == [FinishTask("t")]


def test_a_running_task_is_stopped_first():
    m = machine()
    m.handle(came(1.0), came(2.0, "u"))
    assert m.handle(TaskCancelled(3.0, "t")) == [StopSlice("q", "t", 1)]
    assert m.handle(TaskCancelled(3.5, "t")) == []
    assert m.handle(ended(4.0, busy_s=3.0)) == [CancelTask("t"), StartSlice("q", "u", 1, 0)]


def test_a_failure_ends_what_is_being_stopped():
    m = machine()
    m.handle(came(1.0))
    m.handle(TaskCancelled(3.0, "t"))
    assert m.handle(SliceFailed(4.0, "q", "t", 1, "stopped", is_retryable=True)) == [CancelTask("t")]


def test_the_end_of_a_job_cancels_its_tasks_and_forgets_it():
    m = machine(sessions=[session(), session("other")])
    m.handle(came(1.0), came(2.0, "u"), came(3.0, "v", "other"))
    assert m.handle(SessionClosed(4.0, "s")) == [StopSlice("q", "t", 1), CancelTask("u")]
    assert m.handle(SessionClosed(4.0, "s"), SessionClosed(4.0, "unknown")) == []
    (rejected,) = m.handle(came(5.0, "w"))
    assert rejected == RejectTask("w", "session 's' is closed")
    assert m.handle(ended(6.0)) == [CancelTask("t"), StartSlice("q", "v", 1, 0)]
    assert m.session("s") is None and m.task("t") is None


def test_opening_again_changes_the_share():
    m = machine()
    m.handle(SessionOpened(1.0, session(share=0.25)))
    assert m.session("s").session.share == 0.25
    m.handle(came(1.0), SessionClosed(2.0, "s"), SessionOpened(3.0, session(share=0.5)))
    assert not m.session("s").is_open


# ---------------------------------------------------------------- failures
def test_a_failure_that_may_pass_is_tried_three_times():
    m = machine()
    m.handle(came(1.0))
    for number in (1, 2):
        failed = SliceFailed(number + 1.0, "q", "t", number, "no answer", is_retryable=True)
        assert m.handle(failed) == [StartSlice("q", "t", number + 1, 0)]
    last = SliceFailed(9.0, "q", "t", 3, "no answer", is_retryable=True)
    assert m.handle(last) == [FailTask("t", "no answer (tried 3 times)")]


def test_a_failure_for_good():
    m = machine()
    m.handle(came(1.0))
    assert m.handle(SliceFailed(2.0, "q", "t", 1, "no such gate", busy_s=0.5)) == [FailTask("t", "no such gate")]
    assert m.session("s").used_s == 0.5


@pytest.mark.parametrize("is_repeatable", [True, False])
def test_what_may_have_run_is_run_again_only_if_that_does_no_harm(is_repeatable):
    m = machine()
    m.handle(came(1.0, is_repeatable=is_repeatable))
    (out,) = m.handle(SliceFailed(2.0, "q", "t", 1, "driver lost", may_have_run=True))
    assert (out == StartSlice("q", "t", 2, 0)) is is_repeatable
    assert is_repeatable or "must not run twice" in out.reason


# ---------------------------------------------------------------- classes, slices, windows, states
def test_production_goes_before_development():
    m = machine(sessions=[session("dev", priority_class="development"), session()])
    m.handle(came(1.0, "d1", "dev"), came(2.0, "d2", "dev"), came(3.0, "t"))
    assert m.handle(ended(11.0, "d1")) == [FinishTask("d1"), StartSlice("q", "t", 1, 0)]


def test_long_sampling_tasks_run_in_slices_and_let_others_through():
    m = machine("shortest-first", pool=Pool(name="p", qpus=("q",), slice_s=10.0, prefetch_depth=0))
    assert m.handle(came(0.0, duration_s=40.0, shots=400, is_sliceable=True)) == [StartSlice("q", "t", 1, 100)]
    assert m.handle(came(5.0, "short", duration_s=1.0)) == []
    assert m.handle(ended(10.0, shots=100)) == [StartSlice("q", "short", 1, 0)]
    assert m.handle(ended(11.0, "short", busy_s=1.0)) == [FinishTask("short"), StartSlice("q", "t", 2, 100)]
    assert m.handle(ended(21.0, number=2, shots=100)) == [StartSlice("q", "t", 3, 100)]
    assert m.handle(ended(31.0, number=3, shots=100)) == [StartSlice("q", "t", 4, 100)]
    assert m.handle(ended(41.0, number=4, shots=100)) == [FinishTask("t")]
    assert m.task("t").busy_s == 40.0


def test_nothing_starts_that_cannot_end_before_a_window():
    m = machine()
    assert m.handle(WindowAnnounced(0.0, "q", Window(id="w", start_s=20.0, end_s=30.0))) == [WakeAt(30.0)]
    assert m.handle(came(5.0, "long", duration_s=16.0)) == []
    assert m.handle(came(5.0, "short", duration_s=15.0)) == [StartSlice("q", "short", 1, 0)]
    assert m.handle(ended(20.0, "short")) == [FinishTask("short")]
    assert m.handle(TimePassed(29.9)) == []
    assert m.handle(TimePassed(30.0)) == [StartSlice("q", "long", 1, 0)]


def test_a_window_that_is_withdrawn():
    m = machine()
    m.handle(WindowAnnounced(0.0, "q", Window(id="w", start_s=0.0, end_s=30.0)), came(1.0))
    assert m.handle(WindowWithdrawn(2.0, "q", "w")) == [START]


def test_what_can_be_cut_fills_the_time_before_a_window():
    m = machine()
    m.handle(WindowAnnounced(0.0, "q", Window(id="w", start_s=20.0, end_s=30.0)))
    sampling = came(10.0, duration_s=100.0, shots=1000, is_sliceable=True)
    assert m.handle(sampling) == [StartSlice("q", "t", 1, 100)]
    assert m.handle(ended(20.0, shots=100)) == []
    assert m.handle(TimePassed(30.0)) == [StartSlice("q", "t", 2, 900)]


@pytest.mark.parametrize("state", ["draining", "calibrating", "down"])
def test_a_qpu_that_is_not_up_starts_nothing(state):
    m = machine()
    m.handle(QpuStateChanged(0.0, "q", state, 100.0, "why"))
    assert m.handle(came(1.0)) == []
    assert m.handle(QpuStateChanged(2.0, "q", "up")) == [START]


def test_a_draining_qpu_ends_what_it_runs():
    m = machine()
    m.handle(came(1.0), came(2.0, "u"))
    assert m.handle(QpuStateChanged(3.0, "q", "draining")) == []
    assert m.handle(ended(11.0)) == [FinishTask("t")]


# ---------------------------------------------------------------- wrong durations
def expected_s(told_s, took_s, *, nb_before=9):
    """What is expected of a task of 10 s after others that were told to take so long and took another time."""
    m = machine()
    for i in range(nb_before):
        m.handle(came(float(i), f"t{i}", duration_s=told_s), ended(i + 0.5, f"t{i}", busy_s=took_s))
    m.handle(came(100.0))
    return m.task("t").ready.remaining_s


def test_what_is_told_is_corrected_by_what_was_measured():
    assert expected_s(10.0, 40.0) == pytest.approx(10.0 * (9 * 40.0 + 10.0) / (9 * 10.0 + 10.0))
    assert expected_s(10.0, 2.5, nb_before=1) == pytest.approx(6.25)


@pytest.mark.parametrize("took_s", [9.2, 10.0, 10.8])
def test_small_errors_are_believed_to_be_chance(took_s):
    assert expected_s(10.0, took_s) == 10.0


def test_what_is_not_told_corrects_nothing():
    assert expected_s(0.0, 5.0) == 10.0


def test_a_correction_has_a_limit():
    assert expected_s(0.001, 1e6) == 160.0


def test_a_session_whose_tasks_take_longer_than_told_does_not_go_first_for_ever():
    m = machine("shortest-first", sessions=[session(), session("liar")])
    for i in range(9):
        m.handle(came(float(i), f"l{i}", "liar", duration_s=1.0), ended(i + 0.5, f"l{i}", busy_s=100.0))
    m.handle(came(50.0, "running"), came(51.0, "l", "liar", duration_s=1.0), came(52.0, "t", duration_s=10.0))
    assert m.handle(ended(60.0, "running")) == [FinishTask("running"), StartSlice("q", "t", 1, 0)]


# ---------------------------------------------------------------- nodes, story
def test_nodes_are_given_back_during_long_quantum_phases():
    m = machine(sessions=[session(releases_nodes=True, restart_s=20.0)])
    assert m.handle(came(0.0, duration_s=100.0)) == [ReleaseNodes("s", 80.0), START, WakeAt(80.0)]
    assert m.handle(TimePassed(79.0)) == []
    assert m.handle(TimePassed(80.0)) == [ReclaimNodes("s")]
    assert m.handle(ended(100.0)) == [FinishTask("t")]


def test_nodes_are_kept_in_short_quantum_phases():
    m = machine(sessions=[session(releases_nodes=True, restart_s=20.0)])
    assert m.handle(came(0.0, duration_s=20.0)) == [START]


def test_a_phase_that_ends_early_wants_its_nodes_at_once():
    m = machine(sessions=[session(releases_nodes=True, restart_s=20.0)])
    m.handle(came(0.0, duration_s=100.0))
    assert m.handle(ended(50.0)) == [FinishTask("t"), ReclaimNodes("s")]
    assert m.handle(TimePassed(80.0)) == []


def test_the_story_of_a_task():
    story = Story()
    m = machine(story=story)
    m.handle(came(1.0, shots=5))
    m.handle(SliceFailed(2.0, "q", "t", 1, "no answer", is_retryable=True), ended(12.0, number=2, shots=5))
    assert [(line.time_s, line.text) for line in story.of("t")] == [
        (1.0, "came"),
        (1.0, "runs on q: slice 1, 5 shots"),
        (2.0, "failed on q and will be retried: no answer"),
        (2.0, "runs on q: slice 2, 5 shots"),
        (12.0, "completed"),
    ]


def test_a_machine_without_pools_does_nothing():
    assert Machine().handle() == []
    assert Machine().handle(TimePassed(1.0)) == []
