"""Splitting observables into measurements: exact values, honest errors, own changes of basis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Batch, Observable, Term, Variable
from qat.core.errors import PluginException
from qat.core.plugins import AbstractPlugin
from qat.lang.AQASM import CNOT, PH, RX, RY, H, Program, QRoutine
from qat.plugins import ObservableSplitter
from qat.qpus import LinAlg

METHODS = ["naive", "coloring", "clifford"]
NB_QUBITS = 3


def circuit():
    program = Program()
    qubits = program.qalloc(NB_QUBITS)
    for number, qubit in enumerate(qubits):
        RX(0.4 + number)(qubit)
        RY(1.1 - number)(qubit)
    CNOT(qubits[0], qubits[1])
    RX(0.7)(qubits[1])
    CNOT(qubits[1], qubits[2])
    RY(0.3)(qubits[0])
    return program.to_circ()


words = st.text("IXYZ", min_size=NB_QUBITS, max_size=NB_QUBITS)
observables = st.lists(st.tuples(st.floats(-2, 2), words), max_size=12).map(
    lambda pairs: Observable(
        NB_QUBITS, pauli_terms=[Term(c, w, list(range(NB_QUBITS))) for c, w in pairs if set(w) != {"I"}]
    )
)


class Recorder(AbstractPlugin):
    """Keeps the jobs that pass."""

    def compile(self, batch, specs):
        self.jobs = list(batch.jobs)
        return batch


@given(observable=observables, method=st.sampled_from(METHODS), constant=st.floats(-3, 3))
def test_exact_values(observable, method, constant):
    observable.constant_coeff = constant
    job = circuit().to_job(observable=observable)
    result = (ObservableSplitter(method) | LinAlg()).submit(job)
    assert result.value == pytest.approx(LinAlg().submit(job).value, abs=1e-9)
    assert result.error == 0.0


@pytest.mark.parametrize("method", METHODS)
def test_the_error_covers_the_deviation(method):
    terms = [Term(0.7, "ZZ", [0, 1]), Term(-0.4, "XX", [0, 1]), Term(1.2, "YY", [0, 1]), Term(0.3, "Z", [2])]
    job = circuit().to_job(observable=Observable(NB_QUBITS, pauli_terms=terms, constant_coeff=0.5))
    exact = LinAlg().submit(job).value
    job.nbshots = 400
    stack = ObservableSplitter(method) | LinAlg(seed=5)
    results = [stack.submit(job) for _ in range(60)]
    deviations = np.array([(result.value - exact) / result.error for result in results])
    assert 0.7 < np.sqrt(np.mean(deviations**2)) < 1.4  # unit variance: the error is neither too small nor too large
    assert results[0].meta_data["nbshots"] == "400"


@pytest.mark.parametrize("method", METHODS)
def test_the_error_of_one_shot_is_unknown(method):
    observable = Observable(NB_QUBITS, pauli_terms=[Term(0.7, "ZZ", [0, 1])])
    assert (ObservableSplitter(method) | LinAlg()).submit(
        circuit().to_job(observable=observable, nbshots=1)
    ).error is None


def test_number_of_jobs():
    terms = [Term(1.0, "ZZ", [0, 1]), Term(1.0, "XX", [0, 1]), Term(0.5, "Z", [0]), Term(0.5, "Z", [1])]
    job = circuit().to_job(observable=Observable(NB_QUBITS, pauli_terms=terms))
    counts = {}
    for method in METHODS:
        recorder = Recorder()
        (ObservableSplitter(method) | recorder | LinAlg()).submit(job)
        counts[method] = len(recorder.jobs)
        assert all(split.observable is None and split.type == 0 for split in recorder.jobs)
    assert counts == {"naive": 4, "coloring": 2, "clifford": 2}


def test_own_changes_of_basis():
    def to_z_from_x(qubit, nb_qubits):
        routine = QRoutine()
        RY(-np.pi / 2)(routine.new_wires(nb_qubits)[qubit])
        return routine

    def to_z_from_y(qubit, nb_qubits):
        routine = QRoutine()
        wire = routine.new_wires(nb_qubits)[qubit]
        PH(-np.pi / 2)(wire)
        H(wire)
        return routine

    terms = [Term(0.7, "XY", [0, 1]), Term(-0.4, "YZ", [1, 2]), Term(1.2, "X", [2])]
    job = circuit().to_job(observable=Observable(NB_QUBITS, pauli_terms=terms))
    recorder = Recorder()
    stack = ObservableSplitter("coloring", to_z_from_x, to_z_from_y) | recorder | LinAlg()
    assert stack.submit(job).value == pytest.approx(LinAlg().submit(job).value)
    assert any(name == "RY" for name, *_ in list(recorder.jobs[0].circuit.iterate_simple())[-2:])


def test_other_jobs_pass_in_their_places():
    observable = Observable(NB_QUBITS, pauli_terms=[Term(1.0, "Z", [0])], constant_coeff=1.0)
    constant = Observable(NB_QUBITS, constant_coeff=2.5)
    jobs = [circuit().to_job(), circuit().to_job(observable=observable), circuit().to_job(observable=constant)]
    results = (ObservableSplitter() | LinAlg()).submit(Batch([*jobs, jobs[0]]))
    assert [len(list(result)) > 1 for result in (results[0], results[3])] == [True, True]
    assert results[1].value == pytest.approx(LinAlg().submit(jobs[1]).value)
    assert results[2].value == 2.5


def test_below_an_optimizer():
    from qat.plugins import ScipyMinimizePlugin

    program = Program()
    RY(Variable("a"))(program.qalloc(1))
    job = program.to_circ().to_job(observable=Observable(1, pauli_terms=[Term(1.0, "X", [0])]))
    result = (ScipyMinimizePlugin(x0=[0.3]) | ObservableSplitter("coloring") | LinAlg()).submit(job)
    assert result.value == pytest.approx(-1)


def test_bad_input():
    with pytest.raises(PluginException, match="Unknown splitting_method 'best': expected one of naive, coloring"):
        ObservableSplitter("best")
    skewed = Observable(NB_QUBITS, pauli_terms=[Term(1j, "X", [0])])
    with pytest.raises(PluginException, match=r"not Hermitian: a coefficient has the imaginary part 1\b"):
        (ObservableSplitter() | LinAlg()).submit(circuit().to_job(observable=skewed))

    def too_small(qubit, nb_qubits):
        routine = QRoutine()
        H(routine.new_wires(1))
        return routine

    job = circuit().to_job(observable=Observable(NB_QUBITS, pauli_terms=[Term(1.0, "X", [0])]))
    with pytest.raises(PluginException, match="routine of 1 qubits; give one on all 3"):
        (ObservableSplitter(x_basis_change=too_small) | LinAlg()).submit(job)
