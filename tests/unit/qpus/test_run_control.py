"""RunControl through the published services: jobs, batches, variational loops."""

from itertools import pairwise

import pytest

from qat.core import Batch, Observable, Term
from qat.core.errors import ErrorType, QPUException
from qat.kernels.control import RunControl
from qat.lang.AQASM import CNOT, RX, Program
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg

ENGINES = ["numpy", None]
NB_QUBITS = 18


def circuit(nb_layers: int, nb_qubits: int = NB_QUBITS):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    angle = program.new_var(float, "a")
    for _ in range(nb_layers):
        for qubit in qubits:
            RX(angle)(qubit)
        for left, right in pairwise(qubits):
            CNOT(left, right)
    return program.to_circ()


Z = Observable(NB_QUBITS, pauli_terms=[Term(1.0, "ZZ", [0, 3]), Term(0.5, "X", [1])])
SLOW = circuit(200)
JOBS = {
    "samples": lambda: SLOW(a=0.1).to_job(),
    "shots": lambda: SLOW(a=0.1).to_job(nbshots=10),
    "observable": lambda: SLOW(a=0.1).to_job(observable=Z),
    "batch": lambda: Batch([SLOW(a=0.1).to_job(), SLOW(a=0.2).to_job()]),
    "several values": lambda: SLOW(a=0.1).to_job(job_type="OBS", observable=Z, observables=[Z]),
}


def cancelling() -> RunControl:
    control = RunControl(lambda fraction: control.cancel())
    return control


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", JOBS)
def test_a_cancelled_job_raises_the_published_exception(engine, kind):
    qpu, submitted = LinAlg(engine=engine), JOBS[kind]()
    with cancelling(), pytest.raises(QPUException, match="cancelled by RunControl") as caught:
        qpu.submit(submitted)
    assert (caught.value.code, caught.value.modulename) == (ErrorType.ABORT, "qat.linalg")
    assert not caught.value.retryable
    assert qpu.submit(circuit(1, 2)(a=0.0).to_job())[0].probability == pytest.approx(1)


def test_cancelled_between_short_runs():
    """Every evaluation of a loop looks at the control, however short it is."""
    seen = []
    run = RunControl()

    class Counting(LinAlg):
        def submit_job(self, job):
            seen.append(job)
            if len(seen) == 5:
                run.cancel()
            return super().submit_job(job)

    stack = ScipyMinimizePlugin(method="COBYLA", tol=1e-9, x0=[0.3]) | Counting()
    small = circuit(2, 3).to_job(observable=Observable.sigma_z(0, 3))
    with run, pytest.raises(QPUException, match="cancelled by RunControl"):
        stack.submit(small)
    assert len(seen) == 5


def test_a_cancelled_control_refuses_batches_and_gradients():
    run = RunControl()
    run.cancel()
    jobs = [circuit(1, 2)(a=value).to_job(observable=Observable.sigma_z(0, 2)) for value in (0.1, 0.2)]
    with run:
        for act in (
            lambda: LinAlg().submit(jobs),
            lambda: LinAlg().value_and_gradient(circuit(1, 2).to_job(observable=Observable.sigma_z(0, 2)), {"a": 1.0}),
        ):
            with pytest.raises(QPUException, match="cancelled by RunControl"):
                act()


def test_jobs_of_a_batch_share_the_progress(monkeypatch):
    monkeypatch.setattr("qat.kernels.control.INTERVAL_S", 0.0)
    heard = []
    with RunControl(heard.append):
        LinAlg(engine="numpy").submit([circuit(8)(a=0.1).to_job(), circuit(9)(a=0.2).to_job()])
    assert heard == sorted(heard) and heard[-1] == 1.0
    assert any(fraction <= 0.5 for fraction in heard) and any(0.5 < fraction < 1.0 for fraction in heard)
