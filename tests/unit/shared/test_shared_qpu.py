"""SharedQPU against a broker on a real socket: results, losses, refusals, cancelling, threads, forks."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from qat.comm.broker import messages as said
from qat.comm.broker.tasks import batch_in
from qat.comm.framing import encode_frame
from qat.core import Batch, Circuit, Observable, Result, Schedule, Term
from qat.core.enums import ErrorType
from qat.core.errors import PluginException, QPUException
from qat.core.qpu import QPUHandler
from qat.kernels.control import RunControl
from qat.lang.AQASM import CNOT, RX, H, Program
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg, SharedQPU
from qat.shared.session import SessionOver
from qat.shared.sessions import close_sessions
from tests.unit.shared.broker import LIMIT_S, renamed

SOURCE = str(Path(__file__).parents[3] / "src")


def bell(**options):
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    CNOT(qubits)
    return program.to_circ().to_job(**options)


def energy():
    program = Program()
    qubits = program.qalloc(2)
    RX(program.new_var(float, "a"))(qubits[0])
    CNOT(qubits)
    return program.to_circ().to_job("OBS", observable=Observable(2, pauli_terms=[Term(1.0, "ZZ", [0, 1])]))


def samples(result):
    return [(s.state.bitstring, s.probability, s.amplitude) for s in result]


class Recording(QPUHandler):
    """Keeps what it is given; the value of a result is the number of its job."""

    def __init__(self):
        super().__init__()
        self.jobs, self.meta_data = [], []

    def submit_job(self, job, meta_data):
        self.jobs.append(job)
        self.meta_data.append(meta_data)
        return Result(value=float(len(self.jobs)), meta_data={"seen": "yes"})


class Failing(QPUHandler):
    def __init__(self, error):
        super().__init__()
        self._error = error

    def submit_job(self, job):
        raise self._error


def held(broker):
    """Tasks are accepted, and run when the test says so."""
    tasks = []

    def keep(connection, task):
        connection.say(said.TaskAccepted(task.key))
        tasks.append((connection, task))

    broker.on[said.SubmitTask] = keep
    return tasks


def release(broker, tasks):
    for connection, task in tasks:
        connection.say(broker.answer(connection, task))


def in_thread(function, *arguments):
    """A call in a thread of its own, that fails the test if it does not end."""
    executor = ThreadPoolExecutor(1)
    future = executor.submit(function, *arguments)
    executor.shutdown(wait=False)
    return future


def failure(call, *arguments):
    with pytest.raises(QPUException) as caught:
        call(*arguments)
    return caught.value


def test_results_are_those_of_the_qpu_itself(broker):
    jobs = [bell(), bell(qubits=[1]), energy()(a=0.3), Circuit.empty(3).to_job()]
    here, there = LinAlg().submit(jobs), SharedQPU("p").submit(jobs)
    assert [samples(result) for result in there] == [samples(result) for result in here]
    assert [result.value for result in there] == [result.value for result in here]
    assert samples(SharedQPU("p").submit(bell())) == samples(LinAlg().submit(bell()))
    assert there.results[0][0].state.qregs[0].length == here.results[0][0].state.qregs[0].length


def test_samples_of_shots(broker):
    result = SharedQPU("p").submit(bell(nbshots=50, aggregate_data=False))
    assert len(result) == 50
    assert {sample.state.bitstring for sample in result} <= {"00", "11"}
    [task] = broker.of(said.SubmitTask)
    assert (task.shots, task.is_sliceable, task.is_repeatable, task.duration_s) == (50, True, True, None)


def test_an_optimizer_on_a_shared_qpu(broker):
    options = {"tol": 1e-4, "x0": [0.5], "method": "COBYLA"}
    here = (ScipyMinimizePlugin(**options) | LinAlg()).submit(energy())
    there = (ScipyMinimizePlugin(**options) | SharedQPU("p")).submit(energy())
    assert there.value == pytest.approx(here.value, abs=1e-12)
    assert len({opened.session for opened in broker.of(said.OpenSession)}) == 1


def test_schedules_and_opaque_meta_data_pass_through(start_broker):
    qpu = Recording()
    start_broker(qpu=qpu)
    schedule = Schedule(drive=[(1.0, Observable(1, pauli_terms=[Term(1.0, "X", [0])]))], tmax=2.0)
    job = schedule.to_job(nbshots=7)
    job.meta_data = {"vendor": '{"pulse": "opaque"}'}
    result = SharedQPU("p").submit(Batch([job], {"batch": "its own"}))
    assert qpu.jobs[0].schedule.tmax == 2.0
    assert qpu.jobs[0].meta_data == {"vendor": '{"pulse": "opaque"}'}
    assert qpu.meta_data == [{"batch": "its own"}]
    assert result.meta_data == {"batch": "its own"}
    assert result.results[0].meta_data == {"seen": "yes"}


def test_what_a_user_says_of_tasks(broker):
    options = {"priority": 3, "duration_s": 2.5, "is_sliceable": False, "is_repeatable": False}
    session = {"share": 0.25, "account": "physics", "priority_class": "development"}
    SharedQPU("p", **options, **session).submit(bell(nbshots=10))
    [task], [opened] = broker.of(said.SubmitTask), broker.of(said.OpenSession)
    assert (task.priority, task.duration_s, task.is_sliceable, task.is_repeatable) == (3, 2.5, False, False)
    assert (opened.pool, opened.share, opened.account, opened.priority_class) == ("p", 0.25, "physics", "development")


def test_specs(start_broker):
    start_broker(qpu=LinAlg())
    assert SharedQPU("p").get_specs() == LinAlg().get_specs()


def test_all_jobs_of_a_batch_are_under_way_at_once_and_keep_their_order(broker):
    tasks = held(broker)
    jobs = [energy()(a=0.1 * i) for i in range(20)]
    future = in_thread(SharedQPU("p").submit, jobs)
    broker.until(lambda: len(tasks) == 20)
    release(broker, reversed(tasks))
    assert [r.value for r in future.result(LIMIT_S)] == [r.value for r in LinAlg().submit(jobs)]


def test_threads_share_one_session(broker):
    qpu = SharedQPU("p")
    with ThreadPoolExecutor(8) as threads:
        values = list(threads.map(lambda i: qpu.submit(energy()(a=0.1 * i)).value, range(40)))
    assert values == [LinAlg().submit(energy()(a=0.1 * i)).value for i in range(40)]
    assert len(broker.of(said.OpenSession)) == 1
    assert len({task.key for task in broker.of(said.SubmitTask)}) == 40


def test_pools_and_wishes_have_sessions_of_their_own(broker):
    for qpu in (SharedQPU("p"), SharedQPU("q"), SharedQPU("p", share=0.5), SharedQPU("p")):
        qpu.submit(bell())
    opened = [(o.pool, o.share) for o in broker.of(said.OpenSession)]
    assert opened == [("p", 1.0), ("q", 1.0), ("p", 0.5)]
    assert len({o.session for o in broker.of(said.OpenSession)}) == 3


@pytest.mark.parametrize("error", [
    QPUException(ErrorType.NBQBITS, "device", "too many qubits", "f.py", 3),
    PluginException(ErrorType.INVALID_ARGS, "plugin", "no"),
])  # fmt: skip
def test_what_the_qpu_raises_is_raised_here(start_broker, error):
    start_broker(qpu=Failing(error))
    with pytest.raises(type(error)) as caught:
        SharedQPU("p").submit(bell())
    assert caught.value == error


def test_the_first_job_that_fails_is_told_and_the_others_are_cancelled(broker):
    tasks = held(broker)
    future = in_thread(SharedQPU("p").submit, [bell()] * 3)
    broker.until(lambda: len(tasks) == 3)
    connection = tasks[0][0]
    connection.say(said.TaskFailed(tasks[1][1].key, "second"), said.TaskFailed(tasks[0][1].key, "first"))
    assert failure(future.result, LIMIT_S).message == "first"
    broker.until_heard(said.CancelTask)
    assert [cancelled.key for cancelled in broker.of(said.CancelTask)] == [tasks[2][1].key]


def test_why_tasks_wait(broker):
    tasks = held(broker)
    qpu = SharedQPU("p")
    future = in_thread(qpu.submit, bell())
    broker.until(lambda: len(tasks) == 1)
    assert qpu.explain() == "task '' waits"
    release(broker, tasks)
    assert samples(future.result(LIMIT_S)) == samples(LinAlg().submit(bell()))


def test_questions_that_are_not_answered_have_a_deadline(broker, monkeypatch):
    broker.on[said.AskExplanation] = lambda connection, message: None
    monkeypatch.setattr("qat.qpus.shared._ANSWER_S", 0.1)
    assert "has not answered within 0.1 s" in failure(SharedQPU("p").explain).message


# Losses


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


# Refusals and ends


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


# Processes


def _in_child(results):
    results.put((samples(SharedQPU("p").submit(bell())), os.getpid()))
    results.close()
    results.join_thread()


def test_a_forked_child_has_a_session_of_its_own(broker):
    qpu = SharedQPU("p")
    qpu.submit(bell())
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_in_child, args=(results,))
    child.start()
    found, pid = results.get(timeout=LIMIT_S)
    child.join(LIMIT_S)
    assert child.exitcode == 0
    assert (found, pid) == (samples(LinAlg().submit(bell())), child.pid)
    assert samples(qpu.submit(bell())) == found
    first, second = broker.of(said.OpenSession)
    assert first.session != second.session


def test_sessions_are_closed_when_the_process_ends(broker):
    code = """
from qat.core import Circuit
from qat.qpus import SharedQPU
SharedQPU("p").submit(Circuit.empty(1).to_job())
"""
    environment = {**os.environ, "PYTHONPATH": SOURCE, "SLURM_JOB_ID": "42", "SLURM_RESTART_COUNT": "2"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    broker.until_heard(said.CloseSession)
    [opened] = broker.of(said.OpenSession)
    assert (opened.slurm_job, opened.slurm_restart) == (42, 2)
    assert opened.session.startswith("slurm-42.")


def test_a_job_beside_its_broker_imports_nothing_of_networks(broker):
    code = """
import sys
from qat.core import Circuit
from qat.qpus import SharedQPU
SharedQPU("p").submit(Circuit.empty(1).to_job())
unwanted = {"ssl", "tomllib", "asyncio", "scipy", "http", "email"} & set(sys.modules)
assert not unwanted, unwanted
"""
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)


def test_a_program_that_forgot_a_thread_ends_all_the_same(broker):
    held(broker)
    code = """
from threading import Thread
from qat.core import Circuit
from qat.qpus import SharedQPU
thread = Thread(target=SharedQPU("p").submit, args=(Circuit.empty(1).to_job(),), daemon=True)
thread.start()
thread.join(0.5)
"""
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment, check=True, timeout=60)
    broker.until_heard(said.CloseSession)


# Making one


class Fresnel(SharedQPU):
    pool = "fresnel"


def test_a_site_names_its_pool():
    assert str(Fresnel()) == "Fresnel('fresnel')"
    assert str(ScipyMinimizePlugin() | Fresnel()) == "ScipyMinimizePlugin | Fresnel('fresnel')"


@pytest.mark.parametrize(("arguments", "options", "words"), [
    ((), {}, "has no pool"),
    (("p",), {"share": 0.0}, "share is 0.0"),
    (("p",), {"share": 1.5}, "share is 1.5"),
    (("p",), {"duration_s": 0.0}, "duration_s is 0.0"),
    (("p",), {"timeout_s": float("inf")}, "timeout_s is inf"),
])  # fmt: skip
def test_arguments_that_make_no_sense(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        SharedQPU(*arguments, **options)


def test_the_broker_is_given_what_is_needed_and_no_more(broker):
    SharedQPU("p").submit(bell())
    [task] = broker.of(said.SubmitTask)
    assert batch_in(task.payload).jobs == [bell()]
    [opened] = broker.of(said.OpenSession)
    assert (opened.owner, opened.credential, opened.slurm_job) == ("", b"", None)
