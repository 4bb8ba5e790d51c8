"""Sessions at the heart of the broker: opened, taken up, refused, closed; what jobs may ask."""

from math import inf, nan

import pytest

from qat.comm.broker.messages import (
    Acknowledge,
    Alive,
    AskExplanation,
    AskSpecs,
    CloseSession,
    Explained,
    Greeting,
    Heartbeat,
    NodesReclaimed,
    NodesReleased,
    Refused,
    SessionOpened,
    SessionRevoked,
    Specs,
    SubmitTask,
    TaskAccepted,
    TaskFinished,
)
from qhpc.broker.brokerage import TaskTiming
from qhpc.broker.brokerage.core import TASK_BYTES
from qhpc.broker.drivers.messages import (
    Drop,
    SliceEnded,
    Stop,
)
from qhpc.broker.usage_rows import SessionRow
from tests.unit.qhpc.broker.desk import END_T, Desk, T, U


def test_answers_are_told_again_until_they_are_acknowledged():
    desk = Desk()
    assert desk.open() == [SessionOpened("ada:vqe", 1.0, 30.0, True)]
    desk.says(T)
    desk.driver(END_T)
    (_, finished) = desk.sync()
    desk.heart.job_left("c")
    assert desk.open(connection="d") == [SessionOpened("ada:vqe", 1.0, 30.0, False, ("t",)), finished]
    assert desk.says(Acknowledge(("t", "unknown")), connection="d") == []
    desk.restart()
    assert desk.open(connection="e") == [SessionOpened("ada:vqe", 1.0, 30.0, False)]


def test_what_is_not_on_disk_is_not_said_to_be_known():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(END_T)
    desk.says(Acknowledge(("t",)))
    desk.heart.job_left("c")
    assert desk.open(connection="d")[0].keys == ()
    assert [type(message) for message in desk.sync("d")] == [TaskAccepted, TaskFinished]


def test_a_session_has_one_connection():
    desk = Desk()
    desk.open()
    desk.open(connection="d")
    desk.says(T, connection="c")
    assert not desk.turn.records
    desk.open(connection="e")
    assert desk.turn.leavers == ["d"]
    desk.heart.job_left("d")
    desk.says(T, connection="e")
    assert desk.turn.records


@pytest.mark.parametrize(
    ("fields", "code", "told"),
    [
        ({"pool": "q"}, "unknown-pool", "did you mean 'p'?|there are p"),
        ({"name": "a/b"}, "invalid", "no '/'"),
        ({"name": ""}, "invalid", "1 to 200"),
        ({"version": 2}, "too-new", "version 2"),
        ({"restart_s": nan}, "invalid", "restart_s nan"),
    ],
)
def test_sessions_that_cannot_be_opened(fields, code, told):
    (refused,) = Desk().open(**fields)
    assert isinstance(refused, Refused) and refused.code == code
    assert any(part in refused.reason for part in told.split("|"))


def test_there_are_not_too_many_sessions():
    desk = Desk(max_sessions=3, max_sessions_per_user=2)
    assert isinstance(desk.open("a", "1")[0], SessionOpened)
    assert isinstance(desk.open("b", "2")[0], SessionOpened)
    assert desk.open("c", "3")[0].code == "too-many"
    assert isinstance(desk.open("c", "4", user="eve")[0], SessionOpened)
    assert desk.open("d", "5", user="eve")[0].code == "unavailable"
    assert isinstance(desk.open("a", "6")[0], SessionOpened)


def test_what_slurm_admitted_goes_before_what_is_asked_for():
    desk = Desk()
    assert desk.open(share=0.25)[0].share == 0.25
    assert desk.heart.status(0.0).sessions[0].share == 0.25


def test_who_is_silent_too_long_loses_the_session():
    desk = Desk(lease_s=30.0)
    desk.open(nb_nodes=4)
    desk.says(T)
    desk.sync()
    assert desk.tick(29.0) == []
    assert desk.says(Heartbeat()) == [Alive()]
    assert desk.tick(29.0) == []
    assert desk.tick(1.0) == [SessionRevoked("nothing came from the job for 30 s")]
    assert desk.turn.leavers == ["c"] and ("q", Stop("ada:vqe/t", 1)) in desk.turn.to_drivers
    desk.sync()
    (row,) = [row for row in desk.turn.rows if isinstance(row, SessionRow)]
    assert (row.closed_s - row.opened_s, row.node_waited_s) == (59.0, 0.0)  # a QPU worked for it
    assert desk.open(connection="d")[0].code == "unavailable"
    assert desk.driver(END_T) == [Drop("ada:vqe/t")]
    assert desk.open(connection="d")[0].is_new


def test_a_job_that_ends_says_so():
    desk = Desk()
    desk.open()
    desk.says(T)
    assert desk.says(CloseSession()) == []
    assert desk.turn.leavers == ["c"]
    assert desk.says(U) == [] and not desk.turn.records


def test_sessions_of_slurm_jobs_are_closed_with_them():
    desk = Desk()
    desk.open(slurm_job=12)
    assert desk.heart.slurm_jobs() == {"ada:vqe": (12, "")}
    desk.heart.close_session("ada:vqe", "its Slurm job 12 is over", desk.now_s)
    assert desk.told() == [SessionRevoked("its Slurm job 12 is over")]
    desk.heart.close_session("ada:vqe", "again", desk.now_s)
    assert desk.told() == [] and desk.heart.slurm_jobs() == {}


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("task", "code"),
    [
        (SubmitTask("", b""), "invalid"),
        (SubmitTask("k" * 201, b""), "invalid"),
        (SubmitTask("t", b"", -1), "invalid"),
        (SubmitTask("t", b"", duration_s=inf), "invalid"),
        (SubmitTask("t", b"", duration_s=-1.0), "invalid"),
        (SubmitTask("t", b"", duration_s=nan), "invalid"),
        (SubmitTask("t", b"x" * 3001), "too-many"),
        (SubmitTask("t", b"", duration_s=61.0), "quota"),
    ],
)
def test_tasks_that_are_refused_leave_no_trace(task, code):
    desk = Desk(max_bytes_per_user=TASK_BYTES + 3000, max_qpu_s=60.0)
    desk.open()
    (refused,) = desk.says(task)
    assert (refused.code, refused.key) == (code, task.key[:200])
    assert not desk.turn.records and not desk.turn.to_drivers


def test_waiting_tasks_are_limited():
    desk = Desk(max_ready_tasks=2)
    desk.open()
    told = desk.says(*(SubmitTask(str(number), b"") for number in range(5)))
    assert [(message.code, message.key) for message in told] == [("too-many", "3"), ("too-many", "4")]


def test_bytes_of_a_user_are_counted_until_they_are_acknowledged():
    desk = Desk(max_bytes_per_user=2 * TASK_BYTES + 20)
    desk.open()
    assert desk.says(T) == [] and desk.says(SubmitTask("u", b"x" * 12))[0].code == "too-many"
    desk.driver(SliceEnded("ada:vqe/t", 1, 100, 3.0, 0.5, b"r" * 15))
    desk.sync()
    assert desk.says(SubmitTask("u", b"x" * 6))[0].code == "too-many"
    desk.says(Acknowledge(("t",)))
    assert desk.says(SubmitTask("u", b"x" * 20)) == []
    assert desk.says(SubmitTask("v", b"x"))[0].code == "too-many"


def test_quotas_are_asked_before_a_task_is_taken():
    desk = Desk(allows=lambda identity, duration_s, expected_s, now_s: f"{identity.user} may not have {duration_s} s")
    desk.open()
    assert desk.says(SubmitTask("t", b"", duration_s=5.0)) == [Refused("quota", "ada may not have 5.0 s", "t")]


def test_what_jobs_do_not_say():
    desk = Desk()
    desk.open()
    (refused,) = desk.says(Greeting(1, "lab", b"", ()))
    assert refused.code == "malformed"


# ---------------------------------------------------------------- what is asked
def test_specs_are_told_as_soon_as_a_driver_is_there():
    desk = Desk(attach=False)
    desk.open()
    assert desk.says(AskSpecs()) == []
    desk.attach("q")
    assert desk.told() == [Specs(b"specs")]
    assert desk.says(AskSpecs()) == [Specs(b"specs")]


def test_a_job_is_told_why_it_waits():
    desk = Desk()
    desk.open()
    desk.says(SubmitTask("t", b"", duration_s=30.0), SubmitTask("u", b"", duration_s=5.0))
    (told,) = desk.says(AskExplanation("u"))
    assert told.text.startswith("waits: it is the next one\nq is busy for about 30 s") and told.starts_s == 30.0
    assert "asked too often" in desk.says(AskExplanation("u"))[0].text
    desk.now_s += 0.2
    (told,) = desk.says(AskExplanation())
    assert told.text.startswith("2 tasks have not ended; of the first:\nrunning on q")
    desk.now_s += 0.2
    assert desk.says(AskExplanation("v")) == [Explained("v", "nothing of it is known here: it has ended")]


@pytest.mark.parametrize(
    ("timings", "expected_s"), [({"p": TaskTiming(shot_s=0.5, latency_s=2.0)}, 52.0), ({}, 0.0), (None, 0.0)]
)
def test_how_long_a_task_takes_that_does_not_say_it(timings, expected_s):
    desk = Desk(timings=timings)
    desk.open()
    desk.says(SubmitTask("w", b"", duration_s=1.0), U)
    assert desk.heart.status(desk.now_s).waiting[0].remaining_s == expected_s


def test_where_no_timing_is_known_tasks_are_expected_to_take_as_long_as_those_before():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(END_T)
    desk.says(SubmitTask("w", b"", duration_s=1.0), U)
    assert desk.heart.status(desk.now_s).waiting[0].remaining_s == 3.0


def test_what_goes_on_is_told():
    desk = Desk()
    desk.open(account="phys")
    desk.says(SubmitTask("t", b"", duration_s=30.0), SubmitTask("u", b"", duration_s=5.0))
    told = desk.heart.status(110.0)
    (pool,), (session,), (task,) = told.pools, told.sessions, told.waiting
    assert (pool.nb_waiting, pool.waiting_s, pool.nb_sessions) == (1, 5.0, 1)
    assert (pool.qpus[0].running, pool.qpus[0].ends_s, pool.qpus[0].state) == ("ada:vqe/t", 130.0, "up")
    assert (session.id, session.account, session.nb_waiting, session.nb_running) == ("ada:vqe", "phys", 1, 1)
    assert (task.key, task.position, task.remaining_s) == ("ada:vqe/u", 1, 5.0)


def test_nodes_are_given_back_and_wanted_again():
    desk = Desk(lease_s=1e6)
    desk.open(releases_nodes=True, restart_s=10.0)
    assert desk.says(SubmitTask("t", b"", duration_s=60.0)) == [NodesReleased(150.0)]
    assert desk.heart.wakes_s() == 150.0
    assert desk.tick(49.0) == [] and desk.tick(1.0) == [NodesReclaimed()]
    assert desk.heart.wakes_s() is None
