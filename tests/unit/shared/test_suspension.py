"""Runs that end while a QPU works and go on in another process, against a broker on a real socket."""

import multiprocessing
import shutil
from itertools import count
from threading import Event, Thread

import pytest

from qat.comm.broker import messages as said
from qat.core.errors import QPUException
from qat.core.running_job import Suspended, set_job_id, set_record_file
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg, SharedQPU
from qat.shared import suspension
from qat.shared.sessions import close_sessions
from tests.unit.shared.calls import energy

LIMIT_S = 20.0


def search(qpu):
    options = {"method": "COBYLA", "tol": 1e-9, "x0": [0.4], "options": {"maxiter": 12}}
    return (ScipyMinimizePlugin(**options) | qpu).submit(energy())


def told(result):
    return result.value, result.meta_data["optimization_trace"], result.meta_data["parameters"]


class LongPhases:
    """Has a broker say that tasks take long: they run, and their answers are not told on this connection."""

    def __init__(self, broker, *numbers):
        self.broker, self.numbers, self.nb = broker, numbers, 0
        broker.on[said.SubmitTask] = self.submit
        broker.on[said.Sleep] = lambda connection, message: connection.say(said.Asleep())

    def submit(self, connection, task):
        results = self.broker.results[connection.session]
        if task.key in results or self.nb + 1 not in self.numbers:
            self.nb += task.key not in results
            self.broker.usual(connection, task)
            return
        self.nb += 1
        self.broker.answer(connection, task)
        connection.say(said.TaskAccepted(task.key), said.NodesReleased(1e9))


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """The broker's threads are in this process: they do not count."""
    monkeypatch.setattr(suspension, "_is_idle", lambda: True)
    set_job_id("j1")
    yield
    set_job_id(None)
    set_record_file(None)


class Runs:
    """Runs of a job, one after the other, as if each were a process."""

    def __init__(self, folder):
        self.folder, self.numbers, self.nb_suspended = folder, count(1), 0
        self.path = folder / "answers"

    def next(self, work):
        former, self.path = self.path, self.folder / f"answers{next(self.numbers)}"
        if former.exists():
            shutil.copy(former, self.path)
        set_record_file(self.path)
        try:
            return work()
        finally:
            close_sessions()
            suspension.close_record()

    def to_the_end(self, work):
        while True:
            try:
                return self.next(work)
            except Suspended:
                self.nb_suspended += 1


@pytest.mark.parametrize("numbers", [(1,), (2,), (7,), (1, 2, 3), (3, 9, 11), tuple(range(1, 13))])
def test_a_search_that_is_suspended_finds_bit_by_bit_what_one_does_that_is_not(broker, tmp_path, numbers):
    LongPhases(broker, *numbers)
    runs = Runs(tmp_path)
    there = runs.to_the_end(lambda: search(SharedQPU("p", releases_nodes=True)))
    assert told(there) == told(search(LinAlg()))
    assert runs.nb_suspended == len(numbers)
    assert set(broker.nb_runs.values()) == {1}
    sessions = {message.session for message in broker.of(said.OpenSession)}
    assert len(sessions) == 1 and sessions.pop().startswith("j1.")
    broker.until_heard(said.CloseSession)
    assert len(broker.of(said.CloseSession)) == 1 and not broker.of(said.CancelTask)


def test_a_batch_of_which_some_answers_are_there(broker, tmp_path):
    jobs = [energy()(a=0.1 * number) for number in range(5)]
    LongPhases(broker, 2, 5)
    runs = Runs(tmp_path)
    there = runs.to_the_end(lambda: SharedQPU("p", releases_nodes=True).submit(jobs))
    assert [result.value for result in there] == [result.value for result in LinAlg().submit(jobs)]
    assert runs.nb_suspended == 1 and set(broker.nb_runs.values()) == {1}


def test_what_the_qpu_raised_is_raised_again(broker, tmp_path):
    LongPhases(broker, 2)
    qpu = SharedQPU("p", releases_nodes=True)

    def work():
        with pytest.raises(QPUException, match="Its parameters are not bound"):
            qpu.submit(energy())
        return qpu.submit(energy()(a=0.3)).value

    runs = Runs(tmp_path)
    assert runs.to_the_end(work) == LinAlg().submit(energy()(a=0.3)).value
    assert runs.nb_suspended == 1 and set(broker.nb_runs.values()) == {1}


def test_a_stack_that_is_not_deterministic_fails_and_says_why(broker, tmp_path):
    LongPhases(broker, 2)
    angles = iter((0.1, 0.2, 0.3))
    qpu = SharedQPU("p", releases_nodes=True)

    def work():
        return [qpu.submit(energy()(a=next(angles))).value for _ in range(2)]

    runs = Runs(tmp_path)
    with pytest.raises(Suspended):
        runs.next(work)
    with pytest.raises(QPUException, match=r"not deterministic: quantum task 1 .* Give seeds"):
        runs.next(work)


@pytest.mark.parametrize(
    ("options", "is_told"),
    [({"releases_nodes": True, "restart_s": 9.0}, True), ({}, False), ({"restart_s": 9.0}, False)],
)
def test_the_broker_is_told_only_by_those_who_want_it(broker, tmp_path, options, is_told):
    Runs(tmp_path).next(lambda: SharedQPU("p", **options).submit(energy()(a=0.3)))
    (opened,) = broker.of(said.OpenSession)
    assert (opened.releases_nodes, opened.restart_s) == (is_told, 9.0 if is_told else 0.0)
    assert (tmp_path / "answers1").exists() == is_told


def test_nothing_is_kept_where_a_job_cannot_be_run_again(broker):
    assert SharedQPU("p", releases_nodes=True).submit(energy()(a=0.3)).value is not None
    assert not broker.of(said.OpenSession)[0].releases_nodes


def test_a_broker_that_does_not_let_go_is_waited_for(broker, tmp_path, monkeypatch):
    monkeypatch.setattr(suspension, "_ASK_S", 0.05)
    LongPhases(broker, 1)
    broker.on[said.Sleep] = lambda connection, message: None
    there = Runs(tmp_path).next(lambda: search(SharedQPU("p", releases_nodes=True)))
    assert told(there) == told(search(LinAlg()))
    assert set(broker.nb_runs.values()) == {1}
    assert len(broker.of(said.OpenSession)) == 2  # which wakes the session


def test_a_job_that_asks_from_another_thread_is_not_suspended(broker, tmp_path):
    qpu, held = SharedQPU("p", releases_nodes=True), []
    LongPhases(broker, 2)
    submit = broker.on[said.SubmitTask]

    def answer_late(connection, task):
        submit(connection, task)
        held.append(task)
        if len(held) == 2:
            connection.say(broker.answer(connection, task))

    broker.on[said.SubmitTask] = answer_late

    def work():
        other = Thread(target=lambda: qpu.submit(energy()(a=0.1)))
        other.start()
        other.join(LIMIT_S)
        return qpu.submit(energy()(a=0.3)).value

    assert Runs(tmp_path).next(work) == LinAlg().submit(energy()(a=0.3)).value
    assert not broker.of(said.Sleep)


def test_who_computes_elsewhere_is_not_idle(monkeypatch):
    monkeypatch.undo()
    done = Event()
    other = Thread(target=done.wait)
    other.start()
    try:
        assert not suspension._is_idle()
    finally:
        done.set()
        other.join()


def _idle_in_child(answers):
    answers.put((suspension._is_idle(), suspension.job_record()))


def test_a_child_has_no_record(tmp_path, monkeypatch):
    monkeypatch.undo()
    set_record_file(tmp_path / "answers")
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_idle_in_child, args=(answers,))
    child.start()
    assert answers.get() == (True, None)
    assert not suspension._is_idle()  # it has a child
    child.join(LIMIT_S)


@pytest.mark.parametrize("restart_s", [-1.0, float("inf"), float("nan")])
def test_a_time_that_makes_no_sense(restart_s):
    with pytest.raises(ValueError, match="restart_s is"):
        SharedQPU("p", restart_s=restart_s)
