"""Drivers at the heart of the broker: what they tell, forget, break, and how it goes on."""

from math import inf, nan

import pytest

from qat.comm.broker.messages import (
    CancelTask,
    SubmitTask,
    TaskAccepted,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
)
from qhpc.broker.drivers.messages import (
    AcknowledgeSlice,
    Attach,
    Drop,
    Lacks,
    Load,
    Run,
    SliceBroken,
    SliceEnded,
    StateChanged,
    Stop,
    WindowCancelled,
    WindowPlanned,
)
from tests.unit.qhpc.broker.desk import END_T, RUN_T, TWO, Desk, T


def test_no_task_starts_before_the_driver_is_there():
    desk = Desk(attach=False)
    desk.open()
    desk.says(T)
    assert not desk.turn.to_drivers
    desk.attach("q", state="calibrating")
    assert not desk.take().to_drivers
    assert desk.driver(StateChanged("up")) == [Load("ada:vqe/t", b"payload t"), RUN_T]


def test_a_qpu_that_is_drained_takes_no_more():
    desk = Desk()
    desk.open()
    assert desk.driver(StateChanged("down", "cooling", in_s=60.0)) == []
    desk.says(T)
    assert not desk.turn.to_drivers
    qpu = desk.heart.status(desk.now_s).pools[0].qpus[0]
    assert (qpu.state, qpu.reason, qpu.until_s) == ("down", "cooling", 160.0)


def test_nothing_starts_that_does_not_end_before_a_window():
    desk = Desk()
    desk.open()
    desk.driver(WindowPlanned("w", 10.0, 60.0))
    assert desk.heart.wakes_s() == 170.0
    desk.says(SubmitTask("t", b"", duration_s=20.0))
    assert not desk.turn.to_drivers
    assert Run("ada:vqe/t", 1, 0) in desk.driver(WindowCancelled("w"))


def test_what_a_driver_has_forgotten_is_sent_again():
    desk = Desk()
    desk.open()
    desk.says(T)
    assert desk.driver(Lacks("ada:vqe/t", 1)) == [Load("ada:vqe/t", b"payload t"), RUN_T]
    assert desk.driver(Lacks("ada:vqe/t", 9)) == []


def test_an_end_that_is_told_twice_counts_once():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(END_T, END_T, END_T)
    told = desk.sync()
    assert [type(message) for message in told] == [TaskAccepted, TaskFinished]
    assert len(desk.turn.rows) == 1
    assert desk.turn.to_drivers == [("q", AcknowledgeSlice("ada:vqe/t", 1))] * 3


@pytest.mark.parametrize(
    "end",
    [
        SliceEnded("ada:vqe/t", 1, 101, 3.0, 0.5, b"result"),
        SliceEnded("ada:vqe/t", 1, -1, 3.0, 0.5, b"result"),
        SliceEnded("ada:vqe/t", 1, 100, nan, 0.5, b"result"),
        SliceEnded("ada:vqe/t", 1, 100, 3.0, -inf, b"result"),
    ],
)
def test_a_driver_that_tells_nonsense_is_not_believed(end):
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(end)
    (_, failed) = desk.sync()
    assert isinstance(failed, TaskFailed) and "which cannot be" in failed.reason


def test_ends_of_what_a_qpu_was_not_given_change_nothing():
    desk = Desk(TWO)
    desk.open()
    desk.says(T)
    desk.driver(END_T, qpu="r")
    desk.driver(SliceEnded("ada:vqe/t", 2, 100, 3.0, 0.5, b"?"), SliceBroken("eve:x/y", 1, "?"))
    assert desk.sync() == [TaskAccepted("t")]


def test_a_driver_that_speaks_as_a_broker_is_started_again():
    desk = Desk()
    desk.driver(Attach(1))
    assert desk.turn.hung == ["q"]


def test_a_slice_of_which_nothing_is_said_for_too_long_has_a_hung_driver():
    desk = Desk(slice_deadline_s=100.0, lease_s=1e6)
    desk.open()
    desk.says(SubmitTask("t", b"", duration_s=20.0))
    desk.tick(299.0)
    assert desk.turn.hung == []
    desk.tick(1.0)
    assert desk.turn.hung == ["q"]


def test_a_driver_that_comes_back_as_another_may_have_run_what_it_had():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    assert not desk.take().to_drivers
    desk.attach("q", "2")
    assert desk.take().to_drivers == [("q", Load("ada:vqe/t", b"payload t")), ("q", Run("ada:vqe/t", 2, 100))]
    assert {row.outcome for row in desk.turn.rows} == {"lost"}


def test_a_task_that_must_not_run_twice_fails_if_nobody_knows():
    desk = Desk()
    desk.open()
    desk.says(SubmitTask("t", b"once", 100, is_repeatable=False))
    desk.sync()
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "2")
    (failed,) = desk.sync()
    assert isinstance(failed, TaskFailed) and "it must not run twice" in failed.reason


def test_a_driver_that_was_only_disconnected_goes_on():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    assert desk.take().to_drivers == []
    assert desk.driver(END_T) == [Drop("ada:vqe/t")]


def test_what_a_driver_never_got_is_sent_again():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "1")
    assert desk.take().to_drivers == [("q", Load("ada:vqe/t", b"payload t")), ("q", RUN_T)]


def test_a_task_that_was_cancelled_meanwhile_is_not_sent_again():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.says(CancelTask("t"))
    desk.attach("q", "1")
    assert TaskCancelled("t") in desk.sync()


def test_work_of_a_driver_that_stays_away_goes_to_others():
    desk = Desk(TWO, driver_patience_s=60.0, lease_s=1e6)
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.tick(59.0)
    assert not desk.turn.to_drivers
    desk.tick(1.0)
    assert ("r", Run("ada:vqe/t", 2, 100)) in desk.turn.to_drivers
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    assert desk.take().to_drivers == [("q", Stop("ada:vqe/t", 1))]
    desk.sync()
    assert ("q", AcknowledgeSlice("ada:vqe/t", 1)) in desk.turn.to_drivers
