"""Drills at a real broker: a QPU that answers late, twice, wrongly or never or dies."""

import pytest

from benchmarks.live.drill_books import compared
from benchmarks.live.drill_load import is_number, number_job
from qat.core import Batch
from qat.core.errors import QPUException
from qat.qpus import SharedQPU
from qat.shared.sessions import close_sessions
from qhpc.broker.drivers.slice_log import logged_slices
from qhpc.broker.usage_reading import reading_usage

NB_JOBS, NB_SHOTS = 12, 10


@pytest.fixture(autouse=True)
def sessions_end():
    yield
    close_sessions()


def books(broker):
    with reading_usage(broker.directory / "usage.db") as reader:
        return compared(logged_slices(broker.directory.with_suffix(".slices")), reader.slices(), {})


def faults_in(found):
    return [*found.run_twice, *found.recorded_twice, *found.invented, *found.missing]


def broker_with(broker_of, tmp_path, faults, limits=""):
    log = tmp_path / "b.slices"
    options = f'shot_s = 0.001\n[qpus.q.faults]\nslice_log = "{log}"\n{faults}'
    return broker_of(driver="emulated", options=options, limits=limits).start()


@pytest.mark.parametrize(("faults", "loses"), [
    ("late = 0.5\nlate_s = 0.1\ntwice = 0.5\nseed = 2", False),
    ("wrong = 0.1\nseed = 3", True),  # the end of a task that nobody has
    ("never = 0.1\nseed = 4", True),
    ("death = 0.1\nlate_s = 0.02\nseed = 8", True),
])  # fmt: skip
def test_whatever_a_qpu_answers_results_are_right_and_charged_once(broker_of, tmp_path, faults, loses):
    """The seeds are such that it happens once: to one of the first ten slices of the driver's first process."""
    broker = broker_with(broker_of, tmp_path, faults, "slice_deadline_s = 0.5" if loses else "")
    qpu = SharedQPU("p", broker=f"unix:{broker.socket}")
    results = qpu.submit(Batch([number_job(number % 32, NB_SHOTS) for number in range(NB_JOBS)]))
    assert all(is_number(result, number % 32) for number, result in enumerate(results))
    close_sessions()
    assert broker.stop() == 0
    found = books(broker)
    assert faults_in(found) == []
    assert found.nb_charged == NB_JOBS and (found.nb_lost > 0) == loses


@pytest.mark.parametrize(("seed", "told"), [
    (37, "q told of 1000010 of 10 shots"),
    (16, "The result from q cannot be read: it starts with b'no resul'"),
])  # fmt: skip
def test_an_answer_that_cannot_be_is_an_honest_failure_of_its_task_alone(broker_of, tmp_path, seed, told):
    broker = broker_with(broker_of, tmp_path, f"wrong = 0.1\nseed = {seed}")
    qpu, failures = SharedQPU("p", broker=f"unix:{broker.socket}"), []
    for number in range(NB_JOBS):
        try:
            assert is_number(qpu.submit(number_job(number, NB_SHOTS)), number)
        except QPUException as error:
            failures.append(error.message)
    assert len(failures) == 1 and told in failures[0]
    close_sessions()
    assert broker.stop() == 0
    assert faults_in(books(broker)) == []
