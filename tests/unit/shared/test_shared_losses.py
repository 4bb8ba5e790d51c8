"""SharedQPU against a broker on a real socket: what is lost, comes twice, late, never, or makes no sense."""

from pathlib import Path

import pytest

from qat.comm.broker import messages as said
from qat.comm.framing import encode_frame
from qat.core.enums import ErrorType
from qat.qpus import LinAlg, SharedQPU
from tests.unit.shared.broker import LIMIT_S, renamed
from tests.unit.shared.calls import bell, failure, held, in_thread, release, samples


def test_a_connection_that_breaks_before_a_task_is_accepted(broker):
    def lose_once(connection, task):
        del broker.on[said.SubmitTask]
        connection.hang_up()

    broker.on[said.SubmitTask] = lose_once
    assert samples(SharedQPU("p").submit(bell())) == samples(LinAlg().submit(bell()))
    first, second = broker.of(said.SubmitTask)
    assert first == second
    assert len({opened.session for opened in broker.of(said.OpenSession)}) == 1


def test_a_broker_that_restarts_while_tasks_wait(broker):
    tasks = held(broker)
    future = in_thread(SharedQPU("p").submit, [bell()] * 5)
    broker.until(lambda: len(tasks) == 5)
    broker.stop()
    for connection, task in tasks[:3]:
        broker.answer(connection, task)  # they ran meanwhile
    broker.on.clear()
    broker.start()
    assert [samples(r) for r in future.result(LIMIT_S)] == [samples(LinAlg().submit(bell()))] * 5
    assert set(broker.nb_runs.values()) == {1}
    assert len(broker.of(said.SubmitTask)) == 5 + 2  # what it knows is not said again


def test_a_broker_that_is_away_for_a_while(broker):
    qpu = SharedQPU("p")
    qpu.submit(bell())
    broker.stop()
    future = in_thread(qpu.submit, bell())
    Path(broker.place).unlink()
    assert not future.done()
    broker.start()
    assert samples(future.result(LIMIT_S)) == samples(LinAlg().submit(bell()))


def test_a_broker_that_is_away_when_a_job_begins_is_waited_for(broker, monkeypatch):
    monkeypatch.setenv("QAT_BROKER_FIRST_PATIENCE_S", "60")
    broker.stop()
    qpu = SharedQPU("p")
    future, session = in_thread(qpu.submit, bell()), qpu._session()
    while session._trouble_s is None:
        assert session._thread.is_alive()
        session._is_stopping.wait(0.001)
    broker.start()
    assert samples(future.result(LIMIT_S)) == samples(LinAlg().submit(bell()))


def test_a_broker_that_is_never_there_is_waited_for_as_long_as_was_said(broker, monkeypatch):
    monkeypatch.setenv("QAT_BROKER_FIRST_PATIENCE_S", "0.05")
    broker.stop()
    assert "could not be reached for 0.05 s" in failure(SharedQPU("p").submit, bell()).message


def test_an_answer_that_comes_twice_is_acknowledged_twice_and_taken_once(broker):
    def twice(connection, task):
        answer = broker.answer(connection, task)
        connection.say(answer, answer)

    broker.on[said.SubmitTask] = twice
    qpu = SharedQPU("p")
    for _ in range(2):
        assert samples(qpu.submit(bell())) == samples(LinAlg().submit(bell()))
    broker.until_heard(said.Acknowledge, 4)
    assert [a.keys for a in broker.of(said.Acknowledge)] == [("1",), ("1",), ("2",), ("2",)]


def test_answers_to_what_nobody_asked(broker):
    def also_others(connection, task):
        answer = broker.answer(connection, task)
        connection.say(renamed(answer, "never"), said.TaskCancelled("neither"), said.TaskAccepted("nor"), answer)

    broker.on[said.SubmitTask] = also_others
    assert samples(SharedQPU("p").submit(bell())) == samples(LinAlg().submit(bell()))


def test_a_result_that_is_none(broker):
    broker.on[said.SubmitTask] = lambda connection, task: connection.say(
        said.TaskFinished(task.key, b"nonsense", "fresnel-1", 1.0, 0.0)
    )
    assert "result from fresnel-1 cannot be read" in failure(SharedQPU("p").submit, bell()).message


def test_an_exception_that_is_none(broker):
    broker.on[said.SubmitTask] = lambda connection, task: connection.say(said.TaskFailed(task.key, "it broke", b"?"))
    assert failure(SharedQPU("p").submit, bell()).message.startswith("it broke (its exception cannot be read")


@pytest.mark.parametrize("nonsense", [
    encode_frame(0x5142, b"nonsense"), encode_frame(7, b""), b"\xff" * 64, said.frame_of(said.Heartbeat()),
    said.frame_of(said.Greeting(1, "lab", b"", ("peer",))),
])  # fmt: skip
def test_nonsense_on_the_line_costs_the_connection_only(broker, nonsense):
    def once(connection, task):
        del broker.on[said.SubmitTask]
        connection.say_bytes(nonsense)

    broker.on[said.SubmitTask] = once
    assert samples(SharedQPU("p").submit(bell())) == samples(LinAlg().submit(bell()))
    assert len(broker.of(said.OpenSession)) == 2


def test_an_answer_that_never_comes(broker):
    held(broker)
    SharedQPU("p").get_specs()  # it is connected
    error = failure(SharedQPU("p", timeout_s=0.1).submit, bell())
    assert error.code == ErrorType.ABORT
    assert error.message == "SharedQPU('p'): 0.1 s were not enough; its tasks were cancelled. Raise timeout_s"
    broker.until_heard(said.CancelTask)


def test_an_answer_that_comes_too_late_is_acknowledged(broker):
    tasks = held(broker)
    broker.on[said.CancelTask] = lambda connection, message: None
    qpu = SharedQPU("p", timeout_s=0.1)
    qpu.get_specs()  # it is connected
    failure(qpu.submit, bell())
    broker.until(lambda: tasks)
    release(broker, tasks)
    broker.until_heard(said.Acknowledge)
    broker.on.clear()
    qpu = SharedQPU("p")
    assert samples(qpu.submit(bell())) == samples(LinAlg().submit(bell()))


# Heartbeats


def test_a_job_that_computes_says_that_it_is_there(start_broker):
    broker = start_broker(lease_s=2.0)
    SharedQPU("p").submit(bell())
    broker.until_heard(said.Heartbeat, 2)
    assert len(broker.of(said.OpenSession)) == 1


def test_a_broker_that_says_nothing_any_more_is_left(start_broker):
    broker = start_broker(lease_s=0.2)
    qpu = SharedQPU("p")
    qpu.submit(bell())
    broker.on[said.Heartbeat] = lambda connection, message: None
    broker.until_heard(said.OpenSession, 2)
    broker.on.clear()
    assert samples(qpu.submit(bell())) == samples(LinAlg().submit(bell()))
