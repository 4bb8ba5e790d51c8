"""Jobs as programs of the published API use them."""

import pickle
from itertools import pairwise

import numpy as np
import pytest

from qat.comm.shared.ttypes import ProcessingType
from qat.core import Batch, Circuit, Job, Observable, Term, Variable
from qat.core.errors import QPUException
from qat.lang.AQASM import CNOT, PH, RX, RY, H, Program, QInt, X
from qat.qpus import PyLinalg


def ghz(nbqbits=2) -> Circuit:
    prog = Program()
    qbits = prog.qalloc(nbqbits)
    H(qbits[0])
    for one, other in pairwise(qbits):
        CNOT(one, other)
    return prog.to_circ()


def variational_job(observable=None):
    prog = Program()
    qbits = prog.qalloc(2)
    a, b = prog.new_var(float, "a"), prog.new_var(float, "b")
    RY(a)(qbits[0])
    RX(2 * b + 1)(qbits[1])
    observable = observable or Observable(2, pauli_terms=[Term(1.0, "Z", [0]), Term(1.0, "Z", [1])])
    return prog.to_circ().to_job(observable=observable)


def test_defaults():
    job = ghz().to_job()
    assert (job.type, job.qubits, job.nbshots, job.aggregate_data, job.amp_threshold) == (0, [0, 1], 0, True, 2**-40)
    assert np.isclose(ghz().to_job(amp_threshold=0.1).threshold, 0.01)
    assert ghz().to_job(meta_data={"a": "b"}).meta_data == {"a": "b"} and job.meta_data is None
    assert ghz().to_job("FOO").type == ProcessingType.SAMPLE
    job = ghz().to_job(observable=Observable.sigma_z(0, 2))
    assert job.type == ProcessingType.OBSERVABLE == 1


def test_observable_errors():
    with pytest.raises(ValueError, match="did not supply any observable"):
        ghz().to_job("OBS")
    with pytest.raises(ValueError, match=r"The number of qbits of the circuit \(2\) is different"):
        ghz().to_job(observable=Observable(4, pauli_terms=[Term(1, "Z", [3])]))
    assert ghz(3).to_job(observable=Observable.sigma_z(0, 1)).observable.nbqbits == 3


def test_registers_to_measure():
    prog = Program()
    first, second = prog.qalloc(2, QInt), prog.qalloc(1)
    X(first[0])
    circ = prog.to_circ()
    assert circ.to_job(qubits=first).qubits == [0, 1] and circ.to_job(qubits=[second, first]).qubits == [2, 0, 1]
    assert circ.to_job(qubits=[second[0], 1]).qubits == [2, 1]


def test_plain_structure():
    job = Job(circuit=ghz(), type=0, nbshots=4, qubits=[0])
    assert (job.nbshots, job.qubits, Job(None, {"a": 1.0}).parameter_map) == (4, [0], {"a": 1.0})
    assert Batch([job, job]).jobs[1] is job and len(Batch([job]) + Batch([job])) == 2
    assert pickle.loads(pickle.dumps(job)).nbshots == 4


def test_files(tmp_path):
    job = variational_job()(a=0.5)
    job.dump(str(tmp_path / "j.job"))
    again = Job.load(str(tmp_path / "j"))
    assert again.get_variables() == ["b"] and again.observable.nbqbits == 2
    Batch([job, job]).dump(str(tmp_path / "b.batch"))
    assert len(Batch.load(str(tmp_path / "b.batch")).jobs) == 2


def test_binding():
    job = variational_job(Observable(2, pauli_terms=[Term(Variable("w"), "ZZ", [0, 1])]))
    assert job.get_variables() == ["a", "b", "w"] and job(a=0.1).parameter_map == {"a": 0.1}
    assert job(w=2).observable.terms[0].coeff == 2
    value = PyLinalg().submit(job(a=0.1, b=0.2, w=3.0)).value
    assert np.isclose(value, 3 * np.cos(0.1) * np.cos(1.4))
    assert np.isclose(job.eval([0.1, 0.2, 3.0], qpu=PyLinalg()), value)
    assert job(unknown=2).parameter_map == {"unknown": 2} and job(unknown=2).get_variables() == ["a", "b", "w"]
    assert job(a=0.1)(a=0.2, b=0.3).parameter_map == {"a": 0.2, "b": 0.3}


def test_gradient():
    gradient = variational_job().gradient()
    assert {name: len(jobs) for name, jobs in gradient.items()} == {"a": 2, "b": 2}
    for name, exact in (("a", -np.sin(0.3)), ("b", -2 * np.sin(2 * 0.7 + 1))):
        assert np.isclose(sum(PyLinalg().submit(job(a=0.3, b=0.7)).value for job in gradient[name]), exact)


def test_jobs_of_a_derivative():
    prog = Program()
    qbits = prog.qalloc(2)
    a = prog.new_var(float, "a")
    RX(a * a)(qbits[0])
    job = prog.to_circ().to_job(observable=Observable.sigma_z(0, 2))
    jobs = job.differentiate("a")
    angles = [str(next(iter(each.circuit.iterate_simple()))[1][0]) for each in jobs]
    assert angles == ["((a * a) + 1.5707963267948966)", "((a * a) - 1.5707963267948966)"]
    assert [str(each.observable) for each in jobs] == ["(0.5 * (a + a)) * (Z|[0])", "(-0.5 * (a + a)) * (Z|[0])"]


@pytest.mark.parametrize("method", [None, "shift-rule", "h-test"])
def test_derivatives_of_controlled_gates_on_a_simulator(method):
    prog = Program()
    qbits = prog.qalloc(2)
    a = prog.new_var(float, "a")
    H(qbits[0])
    RY(a).ctrl()(qbits)
    H(qbits[1])
    PH(2 * a).ctrl()(qbits)
    job = prog.to_circ().to_job(
        observable=Observable(2, pauli_terms=[Term(1.0, "XX", [0, 1]), Term(0.5, "ZY", [0, 1])])
    )
    there, back = (PyLinalg().submit(job(a=0.4 + step)).value for step in (1e-4, -1e-4))
    total = sum(PyLinalg().submit(each(a=0.4)).value for each in job.differentiate("a", method))
    assert np.isclose(total, (there - back) / 2e-4, atol=1e-6)


def test_derivatives_need_an_observable():
    with pytest.raises(QPUException, match="only jobs of type OBS can be differentiated"):
        ghz().to_job().gradient()


def test_running_and_evaluating():
    job = variational_job()
    assert np.isclose(job(a=0.3, b=0.7).run(PyLinalg()).value, np.cos(0.3) + np.cos(2.4))
    assert [str(sample.state) for sample in ghz().run(PyLinalg())] == ["|00>", "|11>"]
    with PyLinalg():
        assert np.isclose(job.eval([0.3, 0.7]), np.cos(0.3) + np.cos(2.4))
