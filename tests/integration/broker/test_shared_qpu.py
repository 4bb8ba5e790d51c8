"""SharedQPU at a real broker: the QPU's own results, quotas that outlive a restart, credentials of MUNGE."""

import asyncio
import os
import pwd
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from qat.core import Observable, Term
from qat.core.enums import ErrorType
from qat.core.errors import QPUException
from qat.core.running_job import set_job_id
from qat.kernels.control import RunControl
from qat.lang.AQASM import CNOT, RX, H, Program
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg, SharedQPU
from qat.shared.addresses import ClientSettings
from qat.shared.sessions import close_sessions
from qat.shared.status import job_explained, usage_told
from qhpc.access.qpu_queue import BrokerQueue
from tests.munged import private_munged, program

from .harness import until

LINALG = 'service = "qat.qpus:LinAlg"'


@pytest.fixture(autouse=True)
def sessions_end():
    yield
    close_sessions()


def energy():
    circuit = Program()
    qubits = circuit.qalloc(3)
    for qubit in qubits:
        RX(circuit.new_var(float, "a"))(qubit)
    H(qubits[0])
    CNOT(qubits[0], qubits[1])
    terms = [Term(1.0, "ZZ", [0, 1]), Term(0.5, "X", [2])]
    return circuit.to_circ().to_job("OBS", observable=Observable(3, pauli_terms=terms))


def shared(broker, **options):
    return SharedQPU("p", broker=f"unix:{broker.socket}", **options)


def samples(result):
    return [(sample.state.bitstring, sample.probability, sample.amplitude) for sample in result]


def test_results_are_those_of_the_qpu_itself(broker_of):
    broker = broker_of(options=LINALG).start()
    jobs = [energy()(a=0.1 * number) for number in range(5)] + [energy()(a=0.3).circuit.to_job()]
    here, there = LinAlg().submit(jobs), shared(broker).submit(jobs)
    assert [result.value for result in there] == [result.value for result in here]
    assert samples(there[-1]) == samples(here[-1])
    assert shared(broker).get_specs().description == LinAlg().get_specs().description


def test_a_variational_loop_finds_the_same_minimum(broker_of):
    broker = broker_of(options=LINALG).start()
    options = {"method": "COBYLA", "tol": 1e-3, "x0": [0.4]}
    here = (ScipyMinimizePlugin(**options) | LinAlg()).submit(energy())
    there = (ScipyMinimizePlugin(**options) | shared(broker)).submit(energy())
    assert there.value == pytest.approx(here.value, abs=1e-12)


def test_the_exceptions_of_the_qpu(broker_of):
    broker = broker_of(options=LINALG).start()
    with pytest.raises(QPUException, match="variables without values") as caught:
        shared(broker).submit(energy())
    assert caught.value.code == ErrorType.INVALID_ARGS


def refusal(qpu):
    with pytest.raises(QPUException) as caught:
        qpu.submit(energy()(a=0.1))
    return caught.value


def test_a_quota_outlives_the_broker(broker_of):
    broker = broker_of(options=LINALG, limits="[quotas]\nuser_s = 1e-9\nperiod_s = 86400").start()
    qpu = shared(broker)
    qpu.submit(energy()(a=0.1))
    refused = refusal(qpu)
    assert refused.code == ErrorType.INSUFFICIENT_RESOURCES
    assert "(quota): the quota of user" in refused.message
    assert "and nothing is left; wait until former use is so long ago" in refused.message
    broker.kill()
    broker.start()
    assert "(quota)" in refusal(qpu).message
    with sqlite3.connect(broker.directory / "usage.db") as database:
        assert database.execute("SELECT count(*) FROM slices").fetchone() == (1,)


def test_what_a_task_is_expected_to_take_counts_too(broker_of):
    broker = broker_of(options=LINALG, limits="[quotas]\nuser_s = 100").start()
    assert "this task needs 101 s" in refusal(shared(broker, duration_s=101.0)).message
    shared(broker, duration_s=99.0).submit(energy()(a=0.1))


def test_jobs_that_say_who_they_are_by_munge(broker_of, monkeypatch):
    if program() is None:
        pytest.skip("munged is not installed; 'apt-get install munge' as root")
    with private_munged() as munge_socket:
        identity = f'[identity]\nmethods = ["munge"]\nmunge_socket = "{munge_socket}"'
        broker = broker_of(options=LINALG, limits=identity).start()
        monkeypatch.setenv("QAT_MUNGE_SOCKET", munge_socket)
        assert shared(broker).submit(energy()(a=0.1)).value == LinAlg().submit(energy()(a=0.1)).value
        close_sessions()
        monkeypatch.setenv("QAT_MUNGE_SOCKET", "/nowhere")
        assert "nothing says so: munge: munged does not answer at /nowhere" in refusal(shared(broker)).message


def test_what_was_used(broker_of):
    broker = broker_of(options=LINALG).start()
    shared(broker).submit([energy()(a=0.1)] * 3)
    close_sessions()
    settings = ClientSettings(broker=f"unix:{broker.socket}")
    me = pwd.getpwuid(os.getuid()).pw_name
    until(lambda: usage_told(settings, "user", me).rows[0].nb_sessions == 1)
    (mine,) = usage_told(settings, "user", me).rows
    assert (mine.name, mine.nb_tasks) == (me, 3) and mine.used_s > 0
    assert usage_told(settings, "qpu", None).rows[0].name == "q"
    assert usage_told(settings, "user", "somebody else").rows == ()


def test_where_the_tasks_of_a_job_are(broker_of):
    slow = f"{LINALG}\nlatency_s = 30.0\nshot_s = 0.0"
    broker = broker_of(driver="emulated", options=slow).start()
    set_job_id("0195b3")
    try:
        qpu = shared(broker)
        run = RunControl()

        def work():
            with run:
                qpu.submit([energy()(a=0.1)] * 3)

        with ThreadPoolExecutor(1) as threads:
            working = threads.submit(work)
            settings = ClientSettings(broker=f"unix:{broker.socket}")
            until(lambda: "running on q" in job_explained(settings, "0195b3").text)
            told = job_explained(settings, "0195b3")
            assert told.text.startswith("3 quantum tasks have not ended at the pool 'p'; the next one running on q")
            assert asyncio.run(BrokerQueue(settings.broker).about("0195b3")) == tuple(told.text.splitlines())
            assert asyncio.run(BrokerQueue(settings.broker).about("another")) == ()
            assert "3 tasks have not ended" in qpu.explain()
            run.cancel()
            with pytest.raises(QPUException):
                working.result()
    finally:
        close_sessions()
        set_job_id(None)
