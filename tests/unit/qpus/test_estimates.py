"""Estimates of jobs. That times are right is shown by ``benchmarks/engine/estimates.py``; here: what they follow."""

import numpy as np
import pytest

from benchmarks.engine import estimates as benchmark
from qat.comm.resource.ttypes import ResourceModel
from qat.core import Batch, Circuit, Observable, Term
from qat.core.errors import ErrorType, QPUException
from qat.core.records import Op
from qat.kernels.memory import available_bytes, total_bytes
from qat.lang.AQASM import CNOT, PH, RX, RY, AbstractGate, CustomGate, H, Program
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import CLinalg, LinAlg
from tests.unit.kernels.engines import IS_NATIVE

ENGINES = ["numpy", *(["native"] if IS_NATIVE else [])]
GIB = 1 << 30


@pytest.fixture(params=ENGINES)
def qpu(request):
    return LinAlg(engine=request.param, nb_threads=1)


def circuit(nb_qubits: int, nb_layers: int = 2, *, is_bound: bool = True):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    angle = 0.3 if is_bound else program.new_var(float, "a")
    for _ in range(nb_layers):
        for qubit in qubits:
            H(qubit)
            RX(angle)(qubit)
        for number in range(nb_qubits - 1):
            CNOT(qubits[number], qubits[number + 1])
            PH(0.1).ctrl()(qubits[number], qubits[number + 1])
    return program.to_circ()


def terms(nb_qubits: int, nb_terms: int) -> Observable:
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("XYZ"), nb_qubits)) for _ in range(nb_terms)]
    return Observable(nb_qubits, pauli_terms=[Term(1.0, word, list(range(nb_qubits))) for word in words])


# ---------------------------------------------------------------- memory
def test_bytes_are_those_of_the_states(qpu):
    nb_states = {"numpy": 3, "native": 1}[qpu.engine.name]
    needed = qpu.estimate(circuit(30).to_job()).nb_bytes / GIB
    assert nb_states * 16 <= needed < nb_states * 16 * 1.05
    observable = terms(30, 10)
    assert qpu.estimate(circuit(30).to_job(observable=observable), gradient=True).nb_bytes >= 2 * 16 * GIB
    shots = [qpu.estimate(circuit(5).to_job(nbshots=count)).nb_bytes for count in (10, 10**6)]
    assert shots[1] - shots[0] == pytest.approx(24e6, rel=0.1)
    few = qpu.estimate(circuit(20).to_job(qubits=[0, 1])).nb_bytes
    assert few < qpu.estimate(circuit(20).to_job(qubits=list(range(19)))).nb_bytes


def test_single_precision_takes_half():
    double, single = (CLinalg(precision=precision).estimate(circuit(28).to_job()).nb_bytes for precision in (2, 1))
    assert single == pytest.approx(double / 2, rel=0.01)


def test_shots_listed_with_their_measurements_are_counted(qpu):
    measuring = Circuit(ops=[Op("H", [0]), Op(None, [0], 1, [0])], nbqbits=1, nbcbits=1)
    counted = qpu.estimate(measuring.to_job(nbshots=10**6))
    listed = qpu.estimate(measuring.to_job(nbshots=10**6, aggregate_data=False))
    assert listed.nb_bytes > counted.nb_bytes + 4e8 and listed.duration_s > counted.duration_s + 1


def test_jobs_beyond_the_machine_are_not_even_planned(qpu, monkeypatch):
    def plan(*args):
        raise AssertionError("planned")

    monkeypatch.setattr(type(qpu.engine), "_native_plan", plan, raising=False)
    for job in (
        circuit(40).to_job(),
        circuit(40).to_job(observable=terms(40, 3)),
        circuit(48).to_job(nbshots=100),
        circuit(60).to_job(),
    ):
        needed = qpu.estimate(job)
        assert needed.nb_bytes >= 16 << job.circuit.nbqbits and needed.duration_s > 60


def test_an_estimate_allocates_no_state():
    before = available_bytes()
    assert LinAlg().estimate(circuit(29).to_job()).nb_bytes >= 8 * GIB
    assert available_bytes() > before - GIB
    assert total_bytes() >= before


# ---------------------------------------------------------------- time
def test_time_follows_the_work(qpu):
    def seconds(job, **options):
        return qpu.estimate(job, **options).duration_s

    assert 10 < seconds(circuit(24).to_job()) / seconds(circuit(20).to_job()) < 30
    assert seconds(circuit(20, 20).to_job()) > 3 * seconds(circuit(20, 2).to_job())
    few, many = (circuit(18).to_job(observable=terms(18, count)) for count in (10, 1000))
    assert seconds(many) > 2 * seconds(few)
    free = circuit(18, is_bound=False).to_job(observable=terms(18, 10))
    assert seconds(free, gradient=True) > seconds(few)
    if qpu.engine.name == "native":
        assert seconds(circuit(8).to_job(nbshots=10**7)) > 0
        assert seconds(circuit(22).to_job(nbshots=10**6)) > seconds(circuit(22).to_job(nbshots=10))


def test_threads_share_the_time():
    if not IS_NATIVE:
        pytest.skip("the extension is not compiled")
    one, four = (LinAlg(nb_threads=count).estimate(circuit(24).to_job(nbshots=1)).duration_s for count in (1, 4))
    assert 0.2 < four / one < 0.8


def test_variables_need_no_values(qpu):
    free, bound = circuit(14, is_bound=False), circuit(14)
    observable = terms(14, 10)
    one = qpu.estimate(free.to_job(observable=observable), gradient=True)
    two = qpu.estimate(bound.to_job(observable=observable), gradient=True)
    assert one.nb_bytes == two.nb_bytes and 0.2 < one.duration_s / two.duration_s < 5
    weighted = Observable(14, pauli_terms=[Term(Program().new_var(float, "c"), "Z", [0])])
    assert qpu.estimate(free.to_job(observable=weighted)).duration_s > 0


def test_circuits_among_few_states_are_told_by_their_true_cost():
    if not IS_NATIVE:
        pytest.skip("the extension is not compiled")
    program = Program()
    qubits = program.qalloc(20)
    RY(0.3)(qubits[0])
    for number in range(19):
        CNOT(qubits[number], qubits[number + 1])
    few = LinAlg().estimate(program.to_circ().to_job(observable=Observable.sigma_z(3, 20)))
    assert few.duration_s < 1e-3


def test_measurements_multiply_the_branches(qpu):
    def measuring(nb_measured):
        ops = [op for q in range(nb_measured) for op in (Op("H", [q]), Op(None, [q], 1, [q]))]
        return Circuit(ops=ops, nbqbits=12, nbcbits=12)

    one, ten = (qpu.estimate(measuring(count).to_job(nbshots=10**4)).duration_s for count in (1, 10))
    assert ten > 50 * one
    capped = qpu.estimate(measuring(10).to_job(nbshots=2)).duration_s
    assert capped < ten / 10


@pytest.mark.parametrize("name", list(benchmark.CASES)[::6])
def test_the_benchmark_prices_its_jobs(name):
    job, values = benchmark.CASES[name](benchmark.Adapter(1))
    needed = LinAlg().estimate(job, gradient=values is not None)
    assert needed.nb_bytes >= 16 << job.circuit.nbqbits and 0 < needed.duration_s < 600


# ---------------------------------------------------------------- published structure, errors
def test_the_published_structure(qpu):
    batch = Batch([circuit(26).to_job(), circuit(3).to_job(nbshots=5)])
    large, small = qpu.estimate_resources_for_batch(batch)
    assert isinstance(large, ResourceModel)
    assert (large.qpu, large.nbqbits, large.job_count, large.wished_thread_count) == ("qat.qpus:LinAlg", 26, 1, 1)
    needed = qpu.estimate(batch.jobs[0])
    assert large.mem_necessary_biggest_job_mb == -(-needed.nb_bytes // 10**6) >= 1073
    assert (small.nbqbits, small.max_time_minutes, small.devices, small.nb_nodes) == (3, 1, [], 1)
    assert qpu.estimate_resources_for_batch(Batch([])) == []
    assert CLinalg().estimate_resources_for_batch(batch)[0].qpu == "qat.qpus:CLinalg"


def test_stacks_pass_the_question_on():
    stack = ScipyMinimizePlugin() | LinAlg()
    (model,) = stack.estimate_resources_for_batch(Batch([circuit(9, is_bound=False).to_job(observable=terms(9, 2))]))
    assert model.nbqbits == 9


def test_gates_without_matrix_are_refused_as_the_run_would():
    if not IS_NATIVE:
        pytest.skip("the NumPy engine does not plan for its estimates")
    unknown = Program()
    AbstractGate("DEVICE", [float], arity=1)(0.5)(unknown.qalloc(1)[0])
    with pytest.raises(QPUException, match="Gate DEVICE has no matrix") as caught:
        LinAlg().estimate(unknown.to_circ().to_job())
    assert caught.value.code == ErrorType.ILLEGAL_GATES


def test_odd_circuits(qpu):
    job = circuit(2).to_job()
    job.circuit = None
    with pytest.raises(QPUException, match="this job has none"):
        qpu.estimate(job)
    custom = Program()
    CustomGate(np.eye(8))(custom.qalloc(3))
    assert qpu.estimate(custom.to_circ().to_job()).duration_s < 1
    assert qpu.estimate(Circuit.empty(2).to_job()).duration_s < 1
