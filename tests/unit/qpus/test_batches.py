"""Batches of one circuit with different parameters: one call of the engine, the results of single jobs."""

import itertools

import numpy as np
import pytest

from qat.core import Batch, Observable, Term
from qat.core.errors import QPUException
from qat.kernels.engine import select_engine
from qat.kernels.numpy_engine import NumpyEngine
from qat.lang.AQASM import CNOT, RX, RY, RZ, H, Program
from qat.qpus import LinAlg
from qat.qpus.batches import shared_results


def ansatz(nb_qubits=4):
    """A job with variables ``a`` and ``b``."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    a, b = (program.new_var(float, name) for name in "ab")
    for qubit in qubits:
        H(qubit)
        RX(a)(qubit)
    for one, two in itertools.pairwise(qubits):
        CNOT(one, two)
        RZ(b * 2)(two)
    RY(a + b)(qubits[0])
    terms = [Term(0.5, "ZZ", [0, 1]), Term(-1.0, "X", [2])]
    return program.to_circ().to_job(observable=Observable(nb_qubits, pauli_terms=terms, constant_coeff=0.25))


def points(nb):
    rng = np.random.default_rng(nb)
    return [{"a": float(a), "b": float(b)} for a, b in rng.normal(size=(nb, 2))]


@pytest.fixture(params=["numpy", None])
def qpu(request):
    return LinAlg(engine=request.param)


def test_values_are_those_of_single_jobs(qpu):
    job = ansatz()
    jobs = [job(**point) for point in points(7)]
    assert sorted(shared_results(qpu.engine, jobs)) == list(range(7))
    batch = qpu.submit(Batch(jobs))
    assert [result.value for result in batch] == [qpu.submit(each).value for each in jobs]
    assert all(type(result.value) is float for result in batch)


def test_other_jobs_in_between(qpu):
    job, other = ansatz(), ansatz(5)
    first, second = points(2)
    sampled = job(**first)
    sampled.nbshots = 10
    jobs = [job(**first), sampled, other(**first), job(**second), other(**second)]
    assert sorted(shared_results(qpu.engine, jobs)) == [0, 2, 3, 4]
    values = [result.value for result in qpu.submit(Batch(jobs))]
    assert values[0] == qpu.submit(jobs[0]).value and values[4] == qpu.submit(jobs[4]).value


def test_observables_with_variables_stay_apart(qpu):
    job = ansatz()
    program = Program()
    scale = program.new_var(float, "s")
    job.observable = Observable(4, pauli_terms=[Term(scale, "Z", [0])])
    jobs = [job(a=0.3, b=0.2, s=s) for s in (1.0, 2.0)]
    one, two = (result.value for result in qpu.submit(Batch(jobs)))
    assert np.isclose(two, 2 * one)


def test_errors_are_published(qpu):
    job = ansatz()
    bad = job(a=0.1, b=0.2)
    bad.nbshots = -1
    with pytest.raises(QPUException, match="shots"):
        qpu.submit(Batch([bad, job(a=0.1, b=0.2), job(a=0.3, b=0.2)]))


def test_subclasses_with_a_way_of_their_own_are_asked_job_by_job():
    class Counting(LinAlg):
        nb_jobs = 0

        def submit_job(self, job):
            self.nb_jobs += 1
            return super().submit_job(job)

    qpu, job = Counting(), ansatz()
    qpu.submit(Batch([job(**point) for point in points(3)]))
    assert qpu.nb_jobs == 3


@pytest.mark.parametrize("nb_rows", [0, 1, 300])
def test_engine_energies(nb_rows):
    job = ansatz()
    tape, paulis = job(a=0.1, b=0.2).circuit.tape, job.observable.pauli_sum()
    rows = np.random.default_rng(0).normal(size=(nb_rows, len(tape.parameters)))
    found = select_engine().energies(tape, rows, paulis)
    assert found.shape == (nb_rows,)
    few = NumpyEngine().energies(tape, rows[:5], paulis)
    assert np.allclose(found[:5], few)
