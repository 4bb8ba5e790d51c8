"""Why tasks wait, in words and numbers."""

import pytest

from qhpc.scheduling.events import QpuStateChanged, TaskCancelled, WindowAnnounced
from qhpc.scheduling.explanation import explain
from qhpc.scheduling.model import Pool, Window

from .scenes import came, ended, machine, session


def test_what_is_unknown_is_not_explained():
    assert explain(machine(), "t", 0.0) is None


def test_where_a_task_is_that_does_not_wait():
    m = machine()
    m.handle(came(1.0))
    assert str(explain(m, "t", 2.0)) == "running on q: slice 1, 0 s of QPU before it"
    m.handle(TaskCancelled(3.0, "t"))
    assert explain(m, "t", 3.0).reasons == ("stopping on q: slice 1, 0 s of QPU before it",)
    m.handle(ended(4.0, busy_s=3.0))
    assert str(explain(m, "t", 5.0)) == "cancelled after 3 s of QPU"


def test_who_is_ahead_and_until_when():
    m = machine()
    m.handle(came(0.0), came(1.0, "u", duration_s=20.0), came(2.0, "v"), came(3.0, "w"))
    why = explain(m, "w", 4.0)
    assert (why.state, why.nb_ahead, why.ahead_s, why.earliest_s, why.latest_s) == ("ready", 2, 30.0, 36.0, 36.0)
    assert why.reasons == (
        "waits: 2 tasks (30 s) go before it",
        "q is busy for about 6 s",
        "expected to start in about 36 s",
    )
    assert explain(m, "u", 4.0).reasons[0] == "waits: it is the next one"
    assert explain(m, "v", 4.0).reasons[0] == "waits: 1 task (20 s) goes before it"


def test_a_task_that_overruns_is_due_now():
    m = machine()
    m.handle(came(0.0), came(1.0, "u"))
    assert explain(m, "u", 99.0).earliest_s == 0.0


def test_the_start_is_what_happens_if_nobody_comes():
    pool = Pool(name="p", qpus=("q", "r"), prefetch_depth=0)
    m = machine(pool=pool)
    m.handle(*(came(0.0, f"t{i}", duration_s=length_s) for i, length_s in enumerate([10.0, 4.0, 3.0, 5.0, 1.0])))
    expected_s = explain(m, "t4", 0.0).earliest_s
    m.handle(ended(4.0, "t1", qpu="r"), ended(7.0, "t2", qpu="r"), ended(10.0, "t0", qpu="q"))
    assert m.task("t4").first_start_s == expected_s == 10.0


def test_others_may_come_before():
    m = machine("shortest-first", sessions=[session(), session("o"), session("new")])
    m.handle(came(0.0, "o1", "o", duration_s=4.0), ended(4.0, "o1", busy_s=4.0))
    m.handle(came(5.0), came(5.0, "u"))
    why = explain(m, "u", 5.0)
    assert (why.earliest_s, why.latest_s) == (10.0, 14.0)
    assert why.reasons[-1] == "expected to start in 10 to 14 s"


@pytest.mark.parametrize(
    ("state", "until_s", "text", "start_s"),
    [
        ("calibrating", 100.0, "q is calibrating, for 90 s more: drift", 90.0),
        ("down", None, "q is down, nobody knows until when: drift", None),
        ("draining", 5.0, "q is draining, for 0 s more: drift", 0.0),
    ],
)
def test_a_qpu_that_is_not_up(state, until_s, text, start_s):
    m = machine()
    m.handle(QpuStateChanged(0.0, "q", state, until_s, "drift"), came(1.0))
    why = explain(m, "t", 10.0)
    assert why.reasons[1] == text and why.earliest_s == start_s
    assert (why.reasons[-1] == "nobody knows when it starts") is (start_s is None)


def test_windows():
    m = machine()
    m.handle(WindowAnnounced(0.0, "q", Window(id="w", start_s=20.0, end_s=50.0, reason="calibration")))
    m.handle(came(15.0))
    why = explain(m, "t", 16.0)
    assert why.reasons[1] == "q is there for 4 s, less than the 10 s of it: calibration"
    assert why.earliest_s == 34.0
    why = explain(m, "t", 30.0)
    assert why.reasons[1] == "q is not there for 20 s more: calibration" and why.earliest_s == 20.0
    m.handle(came(55.0, "u"))
    assert explain(m, "u", 55.0).reasons[1] == "q is busy for about 10 s"


def test_production_is_ahead_of_development():
    m = machine(sessions=[session("dev", priority_class="development"), session()])
    m.handle(came(0.0, "d1", "dev"), came(1.0, "d2", "dev"), came(2.0, "t"))
    assert explain(m, "d2", 3.0).nb_ahead == 1 and explain(m, "t", 3.0).nb_ahead == 0
