"""Tasks that are prepared ahead: which, where, and what a free QPU runs first."""

import pytest

from qhpc.scheduling.events import QpuStateChanged, TaskCancelled, TimePassed, WindowAnnounced
from qhpc.scheduling.instructions import CancelTask, FinishTask, PrefetchTask, StartSlice
from qhpc.scheduling.model import Pool, Window

from .scenes import came, ended, machine, session


def pool(depth, *, qpus=("q",), latency_s=0.0):
    return Pool(name="p", qpus=qpus, prefetch_depth=depth, latency_s=latency_s)


def prepared(made, qpu="q"):
    return [each.ready.task.key for each in made.device(qpu).prepared]


@pytest.mark.parametrize(("depth", "expected"), [(0, []), (1, ["b"]), (2, ["b", "c"]), (9, ["b", "c", "d"])])
def test_as_many_tasks_are_prepared_as_the_pool_says(depth, expected):
    m = machine(pool=pool(depth))
    out = m.handle(*(came(float(i), key) for i, key in enumerate("abcd")))
    assert out == [StartSlice("q", "a", 1, 0), *(PrefetchTask("q", key) for key in expected)]
    assert prepared(m) == expected
    assert [ready.task.key for ready in m.waiting("p")] == ["b", "c", "d"]


def test_room_for_one_more_is_used_when_a_task_starts():
    m = machine(pool=pool(2))
    m.handle(*(came(float(i), key) for i, key in enumerate("abcd")))
    assert m.handle(ended(10.0, "a")) == [FinishTask("a"), StartSlice("q", "b", 1, 0), PrefetchTask("q", "d")]


def test_what_comes_first_takes_the_place_of_what_was_prepared():
    m = machine("shortest-first", pool=pool(1))
    m.handle(came(0.0, "a"), came(1.0, "long", duration_s=9.0))
    assert m.handle(came(2.0, "short", duration_s=1.0)) == [PrefetchTask("q", "short")]
    assert prepared(m) == ["short"]
    assert [ready.task.key for ready in m.waiting("p")] == ["short", "long"]


def test_what_comes_later_does_not():
    m = machine("shortest-first", pool=pool(1))
    m.handle(came(0.0, "a"), came(1.0, "short", duration_s=1.0))
    assert m.handle(came(2.0, "long", duration_s=9.0)) == []
    assert m.handle(came(3.0, "longer", duration_s=19.0)) == []
    assert prepared(m) == ["short"]


def test_a_free_qpu_runs_what_is_ready_while_the_first_is_prepared():
    """After 10 s, ``first`` needs 8 s more to be prepared; ``ready`` runs meanwhile."""
    m = machine("shortest-first", pool=pool(2, latency_s=9.0))
    m.handle(came(0.0, "a", duration_s=1.0), came(0.5, "ready", duration_s=8.5))
    m.handle(came(9.0, "first", duration_s=1.0))
    assert m.handle(ended(10.0, "a")) == [FinishTask("a"), StartSlice("q", "ready", 1, 0)]
    assert m.device("q").running.end_s == 18.5
    assert m.handle(ended(18.5, "ready")) == [FinishTask("ready"), StartSlice("q", "first", 1, 0)]
    assert m.device("q").running.end_s == 19.5


def test_the_first_is_not_delayed_for_long():
    """The dead time saved is 2 s; ``ready`` would delay the first by 58 s."""
    m = machine("shortest-first", pool=pool(2, latency_s=3.0))
    m.handle(came(0.0, "a", duration_s=7.0), came(0.5, "ready", duration_s=60.0), came(9.0, "first", duration_s=1.0))
    assert m.handle(ended(10.0, "a")) == [FinishTask("a"), StartSlice("q", "first", 1, 0)]
    assert m.device("q").running.end_s == 13.0


def test_a_class_does_not_wait_for_what_is_ready_of_a_lower_one():
    sessions = [session(), session("dev", priority_class="development")]
    m = machine(pool=pool(2, latency_s=9.0), sessions=sessions)
    m.handle(came(0.0, "a"), came(0.0, "d", "dev", duration_s=1.0), came(18.0, "b"))
    assert m.handle(ended(19.0, "a")) == [FinishTask("a"), StartSlice("q", "b", 1, 0)]


def test_tasks_are_spread_over_qpus_those_that_are_free_first_before_others():
    m = machine(pool=pool(2, qpus=("q", "r")))
    m.handle(came(0.0, "a", duration_s=20.0), came(0.0, "b", duration_s=10.0))
    out = m.handle(*(came(1.0, key) for key in "cdef"))
    assert [(each.qpu, each.key) for each in out] == [("r", "c"), ("q", "d"), ("r", "e"), ("q", "f")]


def test_an_idle_qpu_takes_what_is_prepared_elsewhere():
    m = machine(pool=pool(1, qpus=("q", "r")))
    m.handle(came(0.0, "a", duration_s=10.0), came(0.0, "b", duration_s=20.0), came(1.0, "c"))
    assert prepared(m) == ["c"]
    assert m.handle(ended(5.0, "b", qpu="r")) == [FinishTask("b"), StartSlice("r", "c", 1, 0)]
    assert prepared(m) == []


def test_a_qpu_that_is_late_keeps_nothing_from_others():
    m = machine(pool=pool(1, qpus=("q", "r")))
    m.handle(came(0.0, "a", duration_s=10.0), came(0.0, "b", duration_s=20.0))
    m.handle(came(1.0, "c"), came(2.0, "d"), came(3.0, "e"))
    assert (prepared(m), prepared(m, "r")) == (["c"], ["d"])
    assert StartSlice("r", "d", 1, 0) in m.handle(ended(9.0, "b", qpu="r"))
    assert StartSlice("r", "c", 1, 0) in m.handle(ended(19.0, "d", qpu="r"))


@pytest.mark.parametrize("state", ["draining", "calibrating", "down"])
def test_what_is_prepared_on_a_qpu_that_goes_waits_for_others(state):
    m = machine(pool=pool(1, qpus=("q", "r")))
    m.handle(came(0.0, "a", duration_s=10.0), came(0.0, "b", duration_s=20.0), came(1.0, "c"))
    assert m.handle(QpuStateChanged(2.0, "q", state)) == [PrefetchTask("r", "c")]
    assert prepared(m) == []


def test_what_is_prepared_can_be_cancelled():
    m = machine(pool=pool(1))
    m.handle(came(0.0, "a"), came(1.0, "b"))
    assert m.handle(TaskCancelled(2.0, "b")) == [CancelTask("b")]
    assert prepared(m) == []
    assert m.handle(ended(10.0, "a")) == [FinishTask("a")]


def test_what_is_not_prepared_must_be_before_it_ends_before_a_window():
    m = machine(pool=pool(1, latency_s=4.0))
    m.handle(WindowAnnounced(0.0, "q", Window(id="w", start_s=13.0, end_s=20.0)))
    assert m.handle(came(0.0, "t")) == []
    assert m.handle(came(0.0, "u", duration_s=9.0)) == [StartSlice("q", "u", 1, 0), PrefetchTask("q", "t")]
    assert m.handle(ended(13.0, "u")) == [FinishTask("u")]
    assert prepared(m) == []
    assert m.handle(TimePassed(20.0)) == [StartSlice("q", "t", 1, 0)]
