"""SharedQPU against a broker on a real socket: refusals, ends of sessions, cancelling."""

from pathlib import Path
from threading import Event

import pytest

from qat.comm.broker import messages as said
from qat.core.enums import ErrorType
from qat.kernels.control import RunControl
from qat.qpus import LinAlg, SharedQPU
from qat.shared.session import SessionOver
from qat.shared.sessions import close_sessions
from tests.unit.shared.broker import LIMIT_S
from tests.unit.shared.calls import bell, failure, held, in_thread, release, samples

SOURCE = str(Path(__file__).parents[3] / "src")


@pytest.mark.parametrize("code", ["authentication", "unknown-pool", "not-yours", "invalid", "malformed"])
def test_a_session_that_is_refused(broker, code):
    broker.on[said.OpenSession] = lambda connection, message: connection.say(said.Refused(code, "because; do that"))
    assert failure(SharedQPU("p").submit, bell()).message == "SharedQPU('p'): because; do that"
    assert failure(SharedQPU("p").get_specs).message == "SharedQPU('p'): because; do that"


def test_a_broker_that_is_not_ready_is_asked_again(broker):
    def not_yet(connection, message):
        if len(broker.of(said.OpenSession)) > 2:
            del broker.on[said.OpenSession]
        connection.say(said.Refused("unavailable", "starting"))

    broker.on[said.OpenSession] = not_yet
    assert samples(SharedQPU("p").submit(bell())) == samples(LinAlg().submit(bell()))


def test_a_task_that_cannot_be_taken_now_is_submitted_again(broker):
    def full(connection, task):
        del broker.on[said.SubmitTask]
        connection.say(said.Refused("unavailable", "the disk is full", task.key))

    broker.on[said.SubmitTask] = full
    assert samples(SharedQPU("p").submit(bell())) == samples(LinAlg().submit(bell()))


@pytest.mark.parametrize(
    ("code", "number"), [("quota", ErrorType.INSUFFICIENT_RESOURCES), ("too-large", ErrorType.INVALID_ARGS)]
)
def test_a_task_that_is_refused(broker, code, number):
    broker.on[said.SubmitTask] = lambda connection, task: connection.say(said.Refused(code, "too much", task.key))
    error = failure(SharedQPU("p").submit, bell())
    assert (error.code, error.message) == (number, f"The broker does not take the task ({code}): too much")


def test_a_revoked_session_ends_what_waits_and_the_next_task_asks_for_another(broker):
    tasks = held(broker)
    qpu = SharedQPU("p")
    future = in_thread(qpu.submit, [bell()] * 2)
    broker.until(lambda: len(tasks) == 2)
    tasks[0][0].say(said.SessionRevoked("the Slurm job 7 has ended"))
    assert failure(future.result, LIMIT_S).message == "SharedQPU('p'): the Slurm job 7 has ended"
    broker.on.clear()
    assert samples(qpu.submit(bell())) == samples(LinAlg().submit(bell()))
    first, second = broker.of(said.OpenSession)
    assert first.session != second.session


def test_a_task_that_is_cancelled_at_the_broker(broker):
    broker.on[said.SubmitTask] = lambda connection, task: connection.say(said.TaskCancelled(task.key))
    assert "cancelled at the broker" in failure(SharedQPU("p").submit, bell()).message


def test_another_version(broker):
    broker._converse = lambda connection: connection.say(said.Greeting(99, "lab", b"", ("peer",)))
    message = failure(SharedQPU("p").submit, bell()).message
    assert "the broker of 'lab' speaks version 99, this job 1: use the same version" in message


def test_something_else_listens_there(broker):
    broker._converse = lambda connection: connection.say_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert "speaks the broker's protocol" in failure(SharedQPU("p").submit, bell()).message


def test_nobody_is_there(tmp_path):
    qpu = SharedQPU("p", broker=f"unix:{tmp_path}/none", patience_s=0.1)
    message = failure(qpu.submit, bell()).message
    assert f"the broker at unix:{tmp_path}/none could not be reached for 0.1 s" in message
    assert "is it running" in message


def test_a_session_is_closed_while_nobody_is_there(tmp_path):
    qpu = SharedQPU("p", broker=f"unix:{tmp_path}/none")
    for number in range(30):  # at whatever its thread does then
        session = qpu._session()
        [ticket] = session.submit([said.SubmitTask("", b"")])
        ticket.wait(0.001 * (number % 5))
        close_sessions()
        with pytest.raises(SessionOver, match="the session was closed"):
            ticket.outcome()
        with pytest.raises(SessionOver, match="the session was closed"):
            session.submit([said.SubmitTask("", b"")])


def test_nobody_says_where(monkeypatch, tmp_path):
    monkeypatch.delenv("QAT_BROKER", raising=False)
    monkeypatch.setenv("QAT_BROKER_SETTINGS", str(tmp_path / "settings"))
    (tmp_path / "settings").write_text("")
    assert "set QAT_BROKER to unix:/PATH or tls://HOST:PORT" in failure(SharedQPU("p").submit, bell()).message


# Cancelling


def test_a_run_control_cancels_the_tasks(broker):
    tasks = held(broker)
    run = RunControl()

    def submit():
        with run:
            return SharedQPU("p").submit([bell()] * 3)

    future = in_thread(submit)
    broker.until(lambda: len(tasks) == 3)
    run.cancel()
    error = failure(future.result, LIMIT_S)
    assert error.code == ErrorType.ABORT
    assert "RunControl.cancel()" in error.message
    broker.until_heard(said.CancelTask, 3)
    assert {cancelled.key for cancelled in broker.of(said.CancelTask)} == {task.key for _, task in tasks}


def test_a_cancelled_control_submits_nothing(broker):
    run = RunControl()
    run.cancel()
    with run:
        assert failure(SharedQPU("p").submit, bell()).code == ErrorType.ABORT
    assert not broker.of(said.SubmitTask)


def test_progress_is_told(broker):
    heard = []

    def slowly(connection, task):
        Event().wait(0.06)
        broker.usual(connection, task)

    broker.on[said.SubmitTask] = slowly
    with RunControl(heard.append):
        SharedQPU("p").submit([bell()] * 3)
    assert heard[-1] == 1.0
    assert heard == sorted(heard)
    assert len(heard) >= 2


def test_an_exception_in_the_waiting_thread_cancels_what_waits(broker):
    tasks = held(broker)

    class Interrupted(BaseException):
        pass

    def listener(fraction):
        raise Interrupted

    def submit():
        with RunControl(listener):
            SharedQPU("p").submit([bell()] * 2)

    future = in_thread(submit)
    broker.until(lambda: len(tasks) == 2)
    Event().wait(0.06)  # progress is told every 50 ms at most
    release(broker, tasks[:1])
    with pytest.raises(Interrupted):
        future.result(LIMIT_S)
    broker.until_heard(said.CancelTask)
