"""Sessions of jobs that have given their nodes back: their tasks go on, and somebody asks for them."""

import pytest

from qat.comm.broker.messages import (
    SLEEP_LEASE_S,
    AskSleepers,
    Asleep,
    CloseSession,
    NodesReclaimed,
    NodesReleased,
    SessionOpened,
    Sleep,
    Sleepers,
    SubmitTask,
    TaskAccepted,
    TaskFinished,
)
from qhpc.broker.drivers.messages import SliceEnded, Stop
from tests.unit.qhpc.broker.desk import Desk

LONG = SubmitTask("t", b"payload", 100, duration_s=60.0)
END = SliceEnded("ada:j1.a/t", 1, 100, 60.0, 0.0, b"result")


def asleep(**fields):
    """A job in Slurm has a long task, and sleeps."""
    desk = Desk(lease_s=30.0)
    desk.open("j1.a", releases_nodes=True, restart_s=10.0, slurm_job=12, nb_nodes=2, **fields)
    assert desk.says(LONG) == [NodesReleased(150.0)]
    assert desk.says(Sleep()) == []
    assert desk.sync() == [TaskAccepted("t"), Asleep()]
    desk.heart.job_left("c")
    return desk


def ask(desk, job="j1", uid=7, **fields):
    told = desk.heart.sleepers(AskSleepers(1, job, uid, **fields), desk.now_s)
    desk.take()
    return told


def test_a_sleeping_session_needs_no_heartbeat_and_no_slurm_job():
    desk = asleep()
    assert desk.heart.slurm_jobs() == {}
    desk.tick(31.0)
    assert ask(desk) == Sleepers(1, False)
    desk.tick(20.0)
    assert ask(desk) == Sleepers(1, True)  # ten seconds before the end


def test_what_ended_meanwhile_is_told_when_it_is_open_again():
    desk = asleep()
    desk.now_s += 45.0
    desk.driver(END)
    desk.sync()
    assert ask(desk) == Sleepers(1, True)
    told = desk.open("j1.a", connection="d", releases_nodes=True, restart_s=10.0, slurm_job=13, nb_nodes=2)
    opened, finished = told
    assert isinstance(opened, SessionOpened) and opened.keys == ("t",) and not opened.is_new
    assert finished == TaskFinished("t", b"result", "q", 60.0, 0.0, 1)
    assert desk.heart.slurm_jobs() == {"ada:j1.a": (13, "")}
    assert ask(desk) == Sleepers(0)  # it is awake


def test_a_task_that_comes_again_does_not_run_again():
    desk = asleep()
    desk.open("j1.a", connection="d", releases_nodes=True, restart_s=10.0, slurm_job=13)
    assert desk.says(LONG, connection="d") == [TaskAccepted("t")]
    assert not desk.turn.to_drivers


@pytest.mark.parametrize("is_cut", [False, True])
def test_it_sleeps_on_when_the_broker_was_killed(is_cut):
    desk = asleep()
    if is_cut:
        desk.restart()
    desk.restart()
    desk.attach("q", known=(("ada:j1.a/t", 1),))
    desk.tick(SLEEP_LEASE_S - 1.0)
    assert ask(desk).count == 1
    assert desk.heart.slurm_jobs() == {}


def test_a_session_that_nobody_asks_for_is_closed():
    desk = asleep()
    desk.tick(SLEEP_LEASE_S - 1.0)
    assert ask(desk, job="j2") == ask(desk, uid=8) == Sleepers(0)
    desk.tick(1.0)
    assert ask(desk) == Sleepers(0)


def test_a_session_that_is_not_wanted_any_more_is_closed_and_its_tasks_stopped():
    desk = asleep()
    assert desk.heart.sleepers(AskSleepers(1, "j1", 7, are_wanted=False), desk.now_s) == Sleepers(1, False)
    assert ("q", Stop("ada:j1.a/t", 1)) in desk.take().to_drivers
    assert ask(desk) == Sleepers(0)


def test_only_sleepers_are_asked_for():
    desk = Desk()
    desk.open("j1.a")
    assert ask(desk, are_wanted=False) == Sleepers(0)
    assert desk.says(CloseSession()) == []
    assert desk.turn.leavers == ["c"]  # it was still open


def test_a_second_phase_is_another_one():
    desk = asleep()
    desk.tick(50.0)
    desk.driver(END)
    desk.sync()
    desk.open("j1.a", connection="d", releases_nodes=True, restart_s=10.0)
    second = SubmitTask("u", b"payload", 100, duration_s=60.0)
    assert desk.says(second, connection="d") == [NodesReleased(desk.now_s + 50.0)]
    desk.says(Sleep(), connection="d")
    desk.sync("d")
    assert ask(desk) == Sleepers(1, False)
    assert desk.tick(50.0, connection="d") == [NodesReclaimed()]
    assert ask(desk) == Sleepers(1, True)
