"""Jobs whose circuits begin alike: the same results as one by one, with less work, within bounds."""

import numpy as np
import pytest

from qat.core import Batch, Observable, Term
from qat.kernels.engine import Precision
from qat.lang.AQASM import CNOT, RX, RY, RZ, H, Program
from qat.plugins import ObservableSplitter
from qat.qpus import LinAlg, prefixes
from qat.qpus.prefixes import SharedPrefixes

NB_QUBITS = 5
ENGINES = ("native", "numpy")


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(prefixes, "MIN_WORK", 1)
    monkeypatch.setattr(prefixes, "MIN_ROWS", 4)


@pytest.fixture
def simulated(monkeypatch):
    """Numbers of rows given to the engine, call by call."""
    rows = []
    for name in ENGINES:
        engine = type(LinAlg(engine=name).engine)

        def spied(self, tape, *args, _state=engine.state, **kwargs):
            rows.append(len(tape))
            return _state(self, tape, *args, **kwargs)

        monkeypatch.setattr(engine, "state", spied)
    return rows


def ansatz(end=(), shift=0.0, place=0, nb_qubits=NB_QUBITS):
    """20 rows, the angle of row ``place`` shifted, and what comes then."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for row in range(20):
        gate = (RX, RY, RZ)[row % 3](0.1 * row + 0.3 + (shift if row == place else 0.0))
        program.apply(gate, qubits[row % nb_qubits])
    program.apply(CNOT, qubits[0], qubits[1])
    for gate, qubit in end:
        program.apply(gate, qubits[qubit])
    return program.to_circ()


def basis_jobs(**options):
    ends = [(), [(H, 0)], [(H, 0), (H, 1)], [(H, 2)], [(RX(1.5), 4)]]
    return [ansatz(end).to_job(**options) for end in ends]


def shift_jobs(**options):
    places = [(0, 0.0), (12, 1.0), (12, -1.0), (16, 1.0), (16, -1.0), (19, 1.0)]
    return [ansatz(shift=shift, place=place).to_job(**options) for place, shift in places]


def outcomes(result):
    return [(sample.state.int, sample.probability, sample.amplitude) for sample in result]


def assert_same_results(qpu, single, jobs):
    together = qpu.submit(Batch(jobs)).results
    alone = [single.submit(job) for job in jobs]
    for one, other in zip(together, alone, strict=True):
        assert [state for state, _, _ in outcomes(one)] == [state for state, _, _ in outcomes(other)]
        for left, right in zip(outcomes(one), outcomes(other), strict=True):
            assert np.isclose(left[1], right[1]) and np.isclose(left[2] or 0, right[2] or 0)
        assert (one.value is None) == (other.value is None)
        assert one.value is None or np.isclose(one.value, other.value)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("make", [basis_jobs, shift_jobs])
@pytest.mark.parametrize("nbshots", [0, 500])
def test_same_results_as_one_by_one(engine, make, nbshots):
    assert_same_results(LinAlg(engine=engine, seed=3), LinAlg(engine=engine, seed=3), make(nbshots=nbshots))


@pytest.mark.parametrize("options", [{"precision": 1}, {"fusion": False}])
def test_with_other_options(options):
    assert_same_results(LinAlg(**options), LinAlg(**options), shift_jobs(qubits=[3, 1]))


def test_values_with_shots():
    observable = Observable(NB_QUBITS, pauli_terms=[Term(1, "ZZ", [0, 1]), Term(0.5, "X", [2])])
    jobs = shift_jobs(observable=observable, nbshots=100)
    assert_same_results(LinAlg(seed=1), LinAlg(seed=1), jobs)


def test_initial_states():
    amplitudes = np.ones(1 << NB_QUBITS) / np.sqrt(1 << NB_QUBITS)
    for psi_0 in ("01+-0", amplitudes):
        jobs = basis_jobs()
        for job in jobs:
            job.psi_0 = psi_0
        assert_same_results(LinAlg(), LinAlg(), jobs)


def test_beginnings_are_simulated_once(simulated):
    LinAlg(seed=1).submit(Batch(basis_jobs(nbshots=10)))
    assert simulated == [21, 0, 1, 2, 1, 1]
    simulated.clear()
    LinAlg(seed=1).submit(Batch(shift_jobs(nbshots=10)))
    assert simulated == [12, 9, 9, 9, 4, 5, 5, 5]


def test_longer_beginnings_do_not_cost_the_shorter_ones(simulated):
    tails = [[], [(RX(0.1 * row), 2) for row in range(5)], [(RX(0.1 * row), 2) for row in range(7)], [(H, 1)]]
    LinAlg().submit(Batch([ansatz(tail).to_job() for tail in tails]))
    assert simulated == [21, 0, 5, 0, 2, 1]


def test_other_jobs_in_between_are_no_hindrance(simulated):
    value = ansatz().to_job(observable=Observable.sigma_z(0, NB_QUBITS))
    jobs = basis_jobs()
    batch = [jobs[0], value, jobs[1], Program().to_circ().to_job(), jobs[2]]
    results = LinAlg().submit(Batch(batch)).results
    assert np.isclose(results[1].value, LinAlg().submit(value).value)
    assert [len(result) for result in results[::2]] == [len(LinAlg().submit(job)) for job in jobs[:3]]


def test_what_does_not_pay_is_run_alone(simulated, monkeypatch):
    monkeypatch.setattr(prefixes, "MIN_WORK", 23 << NB_QUBITS)
    LinAlg().submit(Batch(basis_jobs()))
    assert simulated == [21, 22, 23, 22, 22]
    simulated.clear()
    monkeypatch.setattr(prefixes, "MIN_WORK", 1)
    LinAlg().submit(Batch([ansatz(shift=0.5, place=place).to_job() for place in (4, 1, 3)]))
    assert simulated == [21, 21, 21]


def test_no_sharing_without_room_for_the_states(simulated, monkeypatch):
    def refuse(needed_bytes, nb_qubits):
        if needed_bytes >= 6 * 16 << NB_QUBITS:
            raise prefixes.NotEnoughMemoryError(needed_bytes, 0, nb_qubits)

    monkeypatch.setattr(prefixes, "require_memory", refuse)
    LinAlg().submit(Batch(basis_jobs()))
    assert simulated == [21, 22, 23, 22, 22]


def test_two_states_are_kept_at_most():
    places = range(0, 20, 4)
    jobs = [ansatz(shift=shift, place=place).to_job() for place in places for shift in (1.0, -1.0)]
    shared = SharedPrefixes(LinAlg().engine, jobs, Precision.DOUBLE)
    nb_kept = []
    for place, job in enumerate(jobs):
        shared.request(job, place)
        nb_kept.append(len(shared._kept))
    assert max(nb_kept) == 2 and nb_kept[-1] == 0


def test_circuits_with_measurements_run_as_they_are(simulated):
    def job():
        program = Program()
        qubits = program.qalloc(2)
        for _ in range(10):
            program.apply(H, qubits[0])
        program.measure(qubits[0], program.calloc(1))
        return program.to_circ().to_job(nbshots=5)

    results = LinAlg(seed=1).submit(Batch([job(), job()])).results
    assert results[1][0].intermediate_measurements[0].gate_pos == 10 and not simulated


def test_subclasses_with_their_own_submit_job_get_every_job(simulated):
    class Own(LinAlg):
        def submit_job(self, job):
            result = super().submit_job(job)
            result.meta_data = {"own": "yes"}
            return result

    results = Own().submit(Batch(basis_jobs())).results
    assert [result.meta_data for result in results] == [{"own": "yes"}] * 5 and simulated == [21, 22, 23, 22, 22]


def test_observable_splitter(simulated):
    terms = [Term(1, "XX", [0, 1]), Term(0.5, "YZ", [1, 2]), Term(0.25, "ZZ", [3, 4])]
    job = ansatz().to_job(observable=Observable(NB_QUBITS, pauli_terms=terms))
    value = (ObservableSplitter() | LinAlg()).submit(job).value
    assert simulated[0] == 21 and max(simulated[1:]) < 10
    assert np.isclose(value, LinAlg().submit(job).value)
