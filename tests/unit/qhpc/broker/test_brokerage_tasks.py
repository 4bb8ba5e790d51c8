"""The life of a task at the heart of the broker."""

from qat.comm.broker.messages import (
    CancelTask,
    SubmitTask,
    TaskAccepted,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskStarted,
)
from qhpc.broker.brokerage import Brokerage
from qhpc.broker.drivers.messages import (
    AcknowledgeSlice,
    Drop,
    Load,
    Run,
    SliceBegun,
    SliceBroken,
    SliceEnded,
    Stop,
)
from qhpc.broker.usage_rows import SliceRow
from qhpc.scheduling.model import Pool
from tests.unit.qhpc.broker.desk import END_T, RUN_T, TWO, Desk, T, U


def test_a_task_is_run_at_once_and_accepted_when_it_is_on_disk():
    desk = Desk()
    desk.open()
    assert desk.says(T) == []
    assert desk.turn.to_drivers == [("q", Load("ada:vqe/t", b"payload t")), ("q", RUN_T)]
    assert desk.sync() == [TaskAccepted("t")]
    desk.driver(SliceBegun("ada:vqe/t", 1))
    assert desk.turn.to_jobs == [("c", TaskStarted("t", "q"))]


def test_its_result_and_all_that_follows_waits_for_the_disk():
    desk = Desk()
    desk.open(account="phys", slurm_job=12)
    desk.says(T)
    desk.sync()
    desk.now_s += 5.0
    assert desk.driver(END_T) == [Drop("ada:vqe/t")] and not desk.turn.to_jobs and not desk.turn.rows
    told = desk.sync()
    assert told == [TaskFinished("t", b"result", "q", 3.0, 2.0, 1)]
    assert desk.turn.to_drivers == [("q", AcknowledgeSlice("ada:vqe/t", 1))]
    row = SliceRow("ada:vqe", 100.0, "t", 1, "ada", "phys", 12, "q", "p", 100.0, 3.0, 0.5, 100, "finished")
    assert desk.turn.rows == [row]


def test_a_task_that_must_not_run_twice_runs_when_it_is_on_disk():
    desk = Desk()
    desk.open()
    desk.says(SubmitTask("t", b"once", 100, is_repeatable=False))
    assert not desk.turn.to_drivers
    assert desk.sync() == [TaskAccepted("t")]
    assert desk.turn.to_drivers == [("q", Load("ada:vqe/t", b"once")), ("q", RUN_T)]


def test_the_next_task_is_loaded_ahead():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.says(U)
    assert desk.turn.to_drivers == [("q", Load("ada:vqe/u", b"payload u"))]
    assert desk.driver(END_T) == [Drop("ada:vqe/t"), Run("ada:vqe/u", 1, 100)]


def test_the_next_slice_of_a_loaded_task_is_prepared():
    desk = Desk(Pool(name="p", qpus=("q",), slice_s=10.0))
    desk.open()
    desk.says(SubmitTask("long", b"payload", 100, is_sliceable=True, duration_s=20.0))
    desk.says(SubmitTask("short", b"other", 10, duration_s=1.0))
    told = desk.driver(SliceEnded("ada:vqe/long", 1, 50, 10.0, 0.0, b"half"))
    assert told == [Run("ada:vqe/short", 1, 10), Load("ada:vqe/long", b"")]


def test_slices_are_put_together():
    desk = Desk(TWO)
    desk.open()
    desk.says(SubmitTask("t", b"long", 100, is_sliceable=True, duration_s=20.0))
    assert desk.driver(SliceEnded("ada:vqe/t", 1, 50, 3.0, 0.5, b"one")) == [Run("ada:vqe/t", 2, 50)]
    desk.driver(SliceEnded("ada:vqe/t", 2, 50, 2.0, 0.5, b"two"))
    (finished,) = [message for message in desk.sync() if isinstance(message, TaskFinished)]
    assert (finished.result, finished.busy_s, finished.nb_slices) == (b"one+two", 5.0, 2)


def test_parts_that_do_not_go_together_are_an_honest_failure():
    desk = Desk(TWO)
    desk.heart = Brokerage(desk.rules, lambda results, shots: (_ for _ in ()).throw(ValueError("apples and pears")))
    desk.disk.clear()
    desk.heart.begin(desk.now_s)
    desk.attach("q")
    desk.open()
    desk.says(SubmitTask("t", b"long", 100, is_sliceable=True, duration_s=20.0))
    for number in (1, 2):
        desk.driver(SliceEnded("ada:vqe/t", number, 50, 3.0, 0.5, b"?"))
    assert TaskFailed("t", "the 2 parts that the QPU gave cannot be put together: apples and pears") in desk.sync()


def test_long_results_are_put_together_aside():
    desk, part = Desk(TWO), b"x" * 50_000
    desk.open()
    desk.says(SubmitTask("t", b"long", 100, is_sliceable=True, duration_s=20.0))
    for number in (1, 2):
        desk.driver(SliceEnded("ada:vqe/t", number, 50, 3.0, 0.5, part))
    assert desk.sync() == [TaskAccepted("t")]
    (task,) = desk.turn.to_merge
    desk.heart.job_left("c")
    desk.heart.merged(task, desk.heart.put_together(task))
    assert desk.told() == []
    finished = TaskFinished("t", part + b"+" + part, "q", 6.0, 0.0, 2)
    assert desk.open(connection="d")[1:] == [finished] and not desk.turn.to_merge
    desk.heart.merged(task, finished)
    assert desk.told("d") == []


def test_an_error_of_the_qpu_is_told():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(SliceBroken("ada:vqe/t", 1, "too many qubits", b"error", busy_s=1.0))
    assert desk.sync() == [TaskAccepted("t"), TaskFailed("t", "too many qubits", b"error")]
    (row,) = desk.turn.rows
    assert (row.outcome, row.busy_s, row.shots) == ("failed", 1.0, 0)


def test_what_may_succeed_is_tried_three_times():
    desk = Desk()
    desk.open()
    desk.says(T)
    for number in (1, 2):
        told = desk.driver(SliceBroken("ada:vqe/t", number, "a fuse blew", is_retryable=True))
        assert Run("ada:vqe/t", number + 1, 100) in told
    desk.driver(SliceBroken("ada:vqe/t", 3, "a fuse blew", is_retryable=True))
    assert TaskFailed("t", "a fuse blew (tried 3 times)") in desk.sync()


def test_a_task_that_waits_is_cancelled_at_once_one_that_runs_is_stopped():
    desk = Desk()
    desk.open()
    desk.says(T, U)
    desk.sync()
    desk.says(CancelTask("u"), CancelTask("t"))
    assert set(desk.turn.to_drivers) == {("q", Drop("ada:vqe/u")), ("q", Stop("ada:vqe/t", 1))}
    assert desk.sync() == [TaskCancelled("u")]
    desk.driver(SliceEnded("ada:vqe/t", 1, 40, 1.0, 0.0, b"partial"))
    assert desk.sync() == [TaskCancelled("t")]
    assert desk.says(CancelTask("never")) == [TaskCancelled("never")]


def test_a_task_that_comes_again_does_not_run_again():
    desk = Desk()
    desk.open()
    desk.says(T)
    assert desk.says(T) == [] and not desk.turn.records
    desk.sync()
    assert desk.says(T) == [TaskAccepted("t")]
    assert desk.says(SubmitTask("t", b"other"))[0].code == "invalid"
    desk.driver(END_T)
    (finished,) = desk.sync()
    assert desk.says(T) == [TaskAccepted("t"), finished] and not desk.turn.records
