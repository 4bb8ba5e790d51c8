"""SharedQPU against a broker on a real socket: results, batches, threads, questions."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from qat.comm.broker import messages as said
from qat.core import Batch, Circuit, Observable, Schedule, Term
from qat.core.enums import ErrorType
from qat.core.errors import PluginException, QPUException
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg, SharedQPU
from tests.unit.shared.broker import LIMIT_S
from tests.unit.shared.calls import Failing, Recording, bell, energy, failure, held, in_thread, release, samples


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
