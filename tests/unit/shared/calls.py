"""Tasks for shared QPUs, calls that run them, and QPUs to run them on."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from qat.comm.broker import messages as said
from qat.core import Observable, Result, Term
from qat.core.errors import QPUException
from qat.core.qpu import QPUHandler
from qat.lang.AQASM import CNOT, RX, H, Program


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
