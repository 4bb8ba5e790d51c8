"""The heart of the broker after a crash, and what its journal keeps."""

from math import inf, nan

from qat.comm.broker.messages import (
    Acknowledge,
    SubmitTask,
    TaskAccepted,
    TaskFinished,
)
from qhpc.broker.brokerage import Rules
from qhpc.broker.drivers.messages import (
    AcknowledgeSlice,
    Load,
    Run,
    SliceEnded,
    Stop,
    WindowPlanned,
)
from qhpc.scheduling.model import Pool
from tests.unit.qhpc.broker.desk import END_T, RUN_T, TWO, Desk, T, U


def test_after_a_crash_tasks_wait_for_the_drivers_that_were_there():
    desk = Desk(TWO, recovery_s=5.0)
    desk.open()
    desk.says(T)
    desk.restart()
    desk.attach("r", "1")
    desk.open(connection="d")
    desk.says(U, connection="d")
    assert not desk.turn.to_drivers
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    told = [each for each in desk.take().to_drivers if isinstance(each[1], Run)]
    assert told == [("r", Run("ada:vqe/u", 1, 100))]


def test_after_a_crash_nobody_waits_for_ever():
    desk = Desk(TWO, recovery_s=5.0)
    desk.restart()
    desk.attach("r", "1")
    desk.open()
    desk.says(T)
    desk.tick(4.9)
    assert not desk.turn.to_drivers
    desk.tick(0.1)
    assert ("r", RUN_T) in desk.turn.to_drivers


def test_what_was_begun_and_is_on_no_disk_is_taken_up_where_it_is():
    desk = Desk(TWO)
    desk.restart()
    desk.attach("r", "1", known=(("ada:vqe/t", 1),))
    desk.attach("q", "1")
    desk.open()
    desk.says(T)
    assert desk.turn.to_drivers == [("r", Load("ada:vqe/t", b"payload t")), ("r", RUN_T)]
    desk.driver(END_T, qpu="r")
    (_, finished) = desk.sync()
    assert isinstance(finished, TaskFinished)


def test_what_nobody_submits_again_is_forgotten():
    desk = Desk(lease_s=30.0)
    desk.restart()
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    assert desk.heart.busy_qpus() == {"q"}
    desk.driver(END_T)
    desk.tick(59.0)
    assert not desk.turn.to_drivers
    desk.tick(1.0)
    assert desk.turn.to_drivers == [("q", Stop("ada:vqe/t", 1))]
    desk.sync()
    assert desk.turn.to_drivers == [("q", AcknowledgeSlice("ada:vqe/t", 1))]


def test_what_is_not_on_disk_is_not_acknowledged_to_a_driver_that_comes_back():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.sync()
    desk.driver(END_T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    assert desk.take().to_drivers == [("q", Stop("ada:vqe/t", 1))]
    desk.sync()
    assert ("q", AcknowledgeSlice("ada:vqe/t", 1)) in desk.turn.to_drivers


def test_a_task_that_must_not_run_twice_waits_for_the_disk_at_a_driver_that_comes_back_too():
    desk = Desk()
    desk.open()
    desk.says(SubmitTask("t", b"once", 100, is_repeatable=False))
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "1")
    assert not desk.take().to_drivers
    desk.sync()
    assert ("q", RUN_T) in desk.turn.to_drivers


def test_windows_that_cannot_be_are_not_believed():
    desk = Desk()
    for window in (WindowPlanned("w", nan, 1.0), WindowPlanned("w", 1.0, inf), WindowPlanned("w", 1.0, -1.0)):
        desk.driver(window)
        assert desk.turn.hung == ["q"] and not desk.turn.records


def test_a_session_that_goes_on_in_another_slurm_job_belongs_to_that():
    desk = Desk()
    desk.open(slurm_job=12)
    desk.open(connection="d", slurm_job=13, nb_nodes=2)
    assert desk.heart.slurm_jobs() == {"ada:vqe": (13, "")}
    desk.restart()
    assert desk.heart.slurm_jobs() == {"ada:vqe": (13, "")}


def test_what_slurm_has_said_of_a_job_holds_while_it_cannot_be_asked():
    desk = Desk()
    desk.open(account="phys", nb_nodes=3, share=0.25, slurm_job=12, slurm_run="11:40")
    desk.restart()
    desk.open(connection="d", slurm_job=12)
    (session,) = desk.heart.status(desk.now_s).sessions
    assert (session.account, session.share) == ("phys", 0.25) and not desk.turn.records
    assert desk.heart.slurm_jobs() == {"ada:vqe": (12, "11:40")}
    desk.open(connection="e", slurm_job=13)
    assert desk.heart.slurm_jobs() == {"ada:vqe": (13, "")}


def test_a_job_of_which_slurm_could_not_be_asked_opens_its_session_again_and_has_what_it_was_admitted_with():
    desk = Desk()
    desk.open(slurm_job=12)
    desk.says(T)
    desk.heart.ask_again("ada:vqe")
    desk.heart.ask_again("ada:nobody")
    assert desk.told() == [] and desk.turn.leavers == ["c"]
    (opened,) = desk.open(connection="d", account="phys", nb_nodes=3, share=0.25, slurm_job=12, slurm_run="11:40")
    assert (opened.is_new, opened.share) == (False, 0.25)
    assert desk.heart.slurm_jobs() == {"ada:vqe": (12, "11:40")}
    desk.heart.job_left("c")  # late
    assert desk.driver(END_T) and [type(each) for each in desk.sync("d")] == [TaskAccepted, TaskFinished]


def test_a_short_journal_has_only_what_is_not_over():
    desk = Desk()
    desk.open()
    for number in range(50):
        key = str(number)
        desk.says(SubmitTask(key, b"x", 100))
        desk.driver(SliceEnded(f"ada:vqe/{key}", 1, 100, 1.0, 0.0, b"result"))
        desk.sync()
        desk.says(Acknowledge((key,)))
    desk.says(T)
    desk.take()
    assert len(desk.disk) > 250 and len(desk.heart.records(desk.now_s)) < 10
    desk.restart()
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    desk.driver(END_T)
    assert [message.key for message in desk.open(connection="d")[1:] + desk.sync("d")] == ["t"]


def test_pools_that_are_no_more_take_their_sessions_with_them():
    desk = Desk(TWO)
    desk.open()
    desk.says(T)
    desk.restart(Rules(pools=(Pool(name="other", qpus=("x",)),)))
    assert not desk.heart.status(0.0).sessions
    assert desk.open(connection="d")[0].code == "unknown-pool"


def test_what_ran_on_a_qpu_that_is_no_more_runs_on_another():
    desk = Desk(TWO)
    desk.open()
    desk.says(T)
    desk.restart(Rules(pools=(Pool(name="p", qpus=("r",)),)))
    desk.attach("r", "1")
    assert Run("ada:vqe/t", 2, 100) in [message for _, message in desk.take().to_drivers]


def test_another_policy_is_that_of_the_next_start():
    desk = Desk(TWO)
    desk.open()
    desk.says(T)
    desk.restart(Rules(pools=(TWO,), policies={"p": "fifo"}))
    assert desk.heart.status(0.0).pools[0].policy == "fifo"
