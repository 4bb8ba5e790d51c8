"""LinAlg: jobs in, results out."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.core import Batch, Circuit, Job, Observable, Term, Variable
from qat.core.errors import ErrorType, QPUException
from qat.core.records import Op
from qat.core.variables import cos
from qat.kernels.gates import GATES, GateForm, GateRecord
from qat.kernels.tape import Tape, TapeBuilder
from qat.qpus.linalg import CLinalg, LinAlg, PyLinalg
from tests import oracle
from tests.unit.kernels.circuits import CUSTOM, circuits, haar, operations, rotation_about_x_then_z, tape_of_gates

CUSTOM_MATRICES = {name: record.matrix() for name, record in CUSTOM.items()} | {"XZ": rotation_about_x_then_z}


def circuit(nb_qubits: int, *rows: tuple, nb_cbits: int = 0) -> Circuit:
    """A circuit from ``(name, qubits, *parameters)`` and published operations."""
    builder = TapeBuilder()
    for name, qubits, *parameters in rows:
        builder.gate(builder.form(GateForm(GATES[name])), qubits, parameters)
    return Circuit.from_tape(builder.tape(nb_qubits, nb_cbits))


def bell(nb_qubits: int = 2) -> Circuit:
    return circuit(nb_qubits, ("H", [0]), ("CNOT", [0, 1]))


def measuring(nb_qubits: int, *ops: Op, nb_cbits: int = 2) -> Circuit:
    return Circuit(ops=list(ops), nbqbits=nb_qubits, nbcbits=nb_cbits)


def summary(result) -> list[tuple]:
    return [(str(sample.state), sample.probability, sample.amplitude) for sample in result]


ZZ = Observable(2, pauli_terms=[Term(1.0, "ZZ", [0, 1]), Term(0.5, "X", [0]), Term(2.0, "Z", [1])], constant_coeff=1.0)


# ---------------------------------------------------------------- exact sampling
@settings(max_examples=30)
@given(circuits(max_qubits=4), st.randoms(use_true_random=False))
def test_exact_samples_are_those_of_the_oracle(random_circuit, random):
    nb_qubits, content = random_circuit
    state = oracle.state(operations(content), nb_qubits, CUSTOM_MATRICES)
    qubits = random.sample(range(nb_qubits), random.randint(1, nb_qubits))
    result = LinAlg().submit(Circuit.from_tape(tape_of_gates(nb_qubits, content)).to_job(qubits=qubits))
    probabilities = np.zeros(2 ** len(qubits))
    for sample in result:
        probabilities[sample.state.int] = sample.probability
    assert np.allclose(probabilities, oracle.marginal(np.abs(state) ** 2, qubits, nb_qubits), atol=1e-9)
    assert all((sample.amplitude is None) == (len(qubits) < nb_qubits) for sample in result)


def test_amplitudes_follow_the_order_of_the_qubits():
    turned = circuit(2, ("H", [0]), ("T", [0]))
    assert summary(LinAlg().submit(turned.to_job(qubits=[1, 0])))[1][2] == pytest.approx(0.5 + 0.5j)
    assert [state for state, *_ in summary(LinAlg().submit(turned.to_job(qubits=[1, 0])))] == ["|00>", "|01>"]


def test_threshold_is_on_the_amplitude():
    tilted = circuit(1, ("RY", [0], 0.2))
    small = np.sin(0.1)
    assert len(LinAlg().submit(tilted.to_job(amp_threshold=small * 1.01))) == 1
    assert len(LinAlg().submit(tilted.to_job(amp_threshold=small * 0.99))) == 2


def test_rounding_leaves_no_samples_behind():
    result = LinAlg().submit(circuit(1, ("H", [0]), ("H", [0])).to_job())
    assert summary(result) == [("|0>", pytest.approx(1), pytest.approx(1))]


@pytest.mark.parametrize("qubits", [[], None])
def test_no_qubits_means_all(qubits):
    job = bell().to_job()
    job.qubits = qubits
    assert [state for state, *_ in summary(LinAlg().submit(job))] == ["|00>", "|11>"]


def test_empty_circuits():
    assert summary(LinAlg().submit(Circuit.empty(2).to_job())) == [("|00>", 1.0, 1.0)]


def test_single_precision():
    result = CLinalg(precision=1).submit(bell().to_job())
    assert [sample.probability for sample in result] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert isinstance(result[0].amplitude, complex)


# ---------------------------------------------------------------- shots
def test_frequencies_errors_and_meta_data():
    result = LinAlg(seed=3).submit(bell().to_job(nbshots=200))
    assert result.meta_data == {"nbshots": "200"} and sum(sample.probability for sample in result) == pytest.approx(1)
    for sample in result:
        p = sample.probability
        assert sample.amplitude is None and sample.err == pytest.approx(np.sqrt(p * (1 - p) / 199))
        assert abs(p - 0.5) < 0.15


def test_single_shot_has_no_error():
    (sample,) = LinAlg().submit(bell().to_job(nbshots=1))
    assert (sample.probability, sample.err) == (1.0, None)


def test_single_shots_one_by_one():
    result = LinAlg(seed=1).submit(bell().to_job(nbshots=50, aggregate_data=False))
    assert len(result) == 50 and result.meta_data == {}
    assert {(sample.probability, sample.err, sample.amplitude) for sample in result} == {(None, None, None)}
    states = [sample.state.int for sample in result]
    assert states != sorted(states) and set(states) == {0, 3}


def test_shots_of_a_sub_register():
    result = LinAlg().submit(circuit(3, ("X", [0])).to_job(qubits=[2, 0], nbshots=9))
    assert summary(result) == [("|01>", 1.0, None)]


def test_chi_square_of_shots():
    state = haar(3, 12)[:, 0]
    nb_shots = 20_000
    result = LinAlg(seed=8).submit(Circuit.empty(3).to_job(psi_0=state, nbshots=nb_shots))
    expected = np.abs(state) ** 2
    found = np.zeros(8)
    for sample in result:
        found[sample.state.int] = sample.probability
    assert nb_shots * ((found - expected) ** 2 / expected).sum() < 26  # 7 degrees of freedom, p = 0.0005


JOBS = {
    "shots": bell().to_job(nbshots=100),
    "single": bell().to_job(nbshots=100, aggregate_data=False),
    "observable": bell().to_job(observable=ZZ, nbshots=100),
    "measured": measuring(1, Op("H", [0]), Op(None, [0], 1, [0])).to_job(nbshots=100, aggregate_data=False),
}


def random_part(result) -> list:
    return [[sample.state.int for sample in result], [s.probability for s in result], result.value]


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_seeds_make_a_sequence_of_results_reproducible(job):
    one, two, other = ([random_part(qpu.submit(job)) for _ in range(3)] for qpu in map(seeded, (5, 5, 6)))
    assert one == two != other and one[0] != one[1]


def seeded(seed):
    return LinAlg(seed=seed)


# ---------------------------------------------------------------- initial state
@pytest.mark.parametrize(
    ("psi_0", "expected"),
    [("01", ["|01>", "|10>"]), ("+-", ["|00>", "|01>"]), (np.array([0, 1.0, 0, 0]), ["|01>", "|10>"])],
)
@pytest.mark.parametrize("qpu", [LinAlg, CLinalg, PyLinalg])
def test_initial_states(qpu, psi_0, expected):
    assert [state for state, *_ in summary(qpu().submit(bell().to_job(psi_0=psi_0)))] == expected


def test_initial_state_of_observables():
    assert LinAlg().submit(bell().to_job(observable=ZZ, psi_0="01")).value == pytest.approx(0)
    assert LinAlg().submit(
        Circuit.empty(1).to_job(observable=Observable.sigma_x(0, 1), psi_0="-")
    ).value == pytest.approx(-1)


def test_initial_state_with_measurements():
    measured = measuring(2, Op(None, [1], 1, [0]))
    assert summary(LinAlg().submit(measured.to_job(psi_0="01", nbshots=3))) == [("|01>", 1.0, None)]


# ---------------------------------------------------------------- observables
def test_exact_value():
    result = LinAlg().submit(bell().to_job(observable=ZZ))
    assert result.value == pytest.approx(2) and type(result.value) is float
    assert (result.error, result.raw_data, result.value_data) == (None, [], None)


def test_complex_coefficients_give_complex_values():
    observable = Observable(2, pauli_terms=[Term(1j, "ZZ", [0, 1])])
    assert LinAlg().submit(bell().to_job(observable=observable)).value == pytest.approx(1j)


def test_smaller_observable():
    assert LinAlg().submit(circuit(3, ("X", [0])).to_job(observable=Observable.sigma_z(0, 1))).value == pytest.approx(
        -1
    )


def test_individual_terms():
    result = LinAlg(individual_terms_values=True).submit(bell().to_job(observable=ZZ))
    assert result.value == pytest.approx(2) and result.error == 0
    assert {name: number.re for name, number in result.value_data.items()} == pytest.approx(
        {"Z0Z1": 1, "X0": 0, "Z1": 0}
    )
    assert result.error_data == {"Z0Z1": 0, "X0": 0, "Z1": 0}


def test_value_from_shots():
    result = LinAlg(seed=2).submit(bell().to_job(observable=ZZ, nbshots=100))
    terms = {name: number.re for name, number in result.value_data.items()}
    assert result.value == pytest.approx(1 + sum(terms.values())) and terms["Z0Z1"] == 1
    assert result.error == pytest.approx(np.sqrt(sum(error**2 for error in result.error_data.values())))
    assert result.error_data["X0"] == pytest.approx(np.sqrt((0.25 - terms["X0"] ** 2) / 99))


def test_error_is_the_spread_of_the_values():
    qpu, job = LinAlg(seed=4), bell().to_job(observable=ZZ, nbshots=50)
    results = [qpu.submit(job) for _ in range(300)]
    values = np.array([result.value for result in results])
    assert abs(values.mean() - 2) < 4 * values.std() / np.sqrt(300)
    assert values.std() == pytest.approx(np.mean([result.error for result in results]), rel=0.15)


def test_error_of_a_single_shot_is_unknown():
    assert LinAlg().submit(bell().to_job(observable=ZZ, nbshots=1)).error is None


def test_several_observables():
    job = bell().to_job(observable=ZZ, observables=[Observable.sigma_z(0, 2), ZZ])
    result = LinAlg().submit(job)
    assert result.value == pytest.approx(2) and result.values == pytest.approx([0, 2], abs=1e-12)
    only = LinAlg().submit(Job(circuit=bell(), observables=[ZZ]))
    assert only.value is None and only.values == pytest.approx([2])
    sampled = LinAlg(seed=1).submit(bell().to_job(observable=ZZ, observables=[ZZ], nbshots=400))
    assert abs(sampled.values[0] - 2) < 0.5 and sampled.values[0] != sampled.value


def test_value_with_measurements_and_shots():
    """A measured |+> has no X left, whatever was found."""
    measured = measuring(1, Op("H", [0]), Op(None, [0], 1, [0]))
    result = LinAlg(seed=3).submit(measured.to_job(observable=Observable.sigma_x(0, 1), nbshots=1000))
    assert abs(result.value) < 0.15 and result.error == pytest.approx(1000**-0.5, rel=0.05)


# ---------------------------------------------------------------- measurements in mid-circuit
def test_what_was_measured_becomes_objects_when_looked_at():
    measured = measuring(2, Op("H", [0]), Op("H", [1]), Op(None, [0], 1, [0]))
    result = LinAlg(seed=1).submit(measured.to_job(nbshots=50, aggregate_data=False))
    found = result.columns.intermediate_measurements
    assert len(found) == len(result) == 50
    assert [each[0].cbits for each in found[:3]] == [found[k][0].cbits for k in range(3)]
    assert found[0] is not found[0]
    first, second = result[:2]
    first.intermediate_measurements.clear()
    assert len(second.intermediate_measurements) == len(result[2].intermediate_measurements) == 1
    assert all(sample.intermediate_measurements[0].cbits == [sample.state.int >> 1] for sample in result[1:])


def test_intermediate_measurements():
    measured = measuring(2, Op("X", [0]), Op(None, [1, 0], 1, [1, 0]), Op(None, [0], 2, []))
    (sample,) = LinAlg().submit(measured.to_job(nbshots=4))
    assert [(m.cbits, m.gate_pos) for m in sample.intermediate_measurements] == [([0, 1], 1), ([1], 2)]
    assert str(sample.state) == "|00>" and (sample.probability, sample.err) == (1.0, 0.0)


def test_samples_with_different_histories_stay_apart():
    measured = measuring(1, Op("H", [0]), Op(None, [0], 1, [0]), Op("H", [0]))
    result = LinAlg(seed=1).submit(measured.to_job(nbshots=4000))
    found = {(str(s.state), s.intermediate_measurements[0].cbits[0]): s.probability for s in result}
    assert found == pytest.approx(dict.fromkeys([("|0>", 0), ("|0>", 1), ("|1>", 0), ("|1>", 1)], 0.25), abs=0.03)
    single = LinAlg(seed=1).submit(measured.to_job(nbshots=40, aggregate_data=False))
    assert len(single) == 40 and all(len(sample.intermediate_measurements) == 1 for sample in single)


def test_conditional_gate_and_formula():
    rows = [
        Op("X", [0]),
        Op(None, [0], 1, [0]),
        Op(None, None, 3, [1], "NOT 0"),
        Op("X", [1], 4, [0]),
        Op("X", [0], 4, [1]),
    ]
    assert summary(LinAlg().submit(measuring(2, *rows).to_job(nbshots=2))) == [("|11>", 1.0, None)]


def refused(qpu, job) -> QPUException:
    with pytest.raises(QPUException) as info:
        qpu.submit(job)
    return info.value


@pytest.mark.parametrize("qpu", [LinAlg(), CLinalg(), PyLinalg()])
def test_true_break(qpu):
    measured = measuring(1, Op("X", [0]), Op(None, [0], 1, [0]), Op(None, None, 5, None, "0"))
    error = refused(qpu, measured.to_job(nbshots=1))
    assert (error.code, error.message) == (ErrorType.BREAK, "BREAK at gate #2 : formula : 0, cbits : [(0, True)]")
    assert error.modulename == qpu.modulename


@pytest.mark.parametrize("observable", [None, ZZ])
def test_measurements_need_shots(observable):
    measured = measuring(2, Op(None, [0], 1, [0]))
    error = refused(LinAlg(), measured.to_job(observable=observable))
    assert error.code == ErrorType.INVALID_ARGS
    expected = "The option 'nbshots = 0' is incompatible with a circuit containing intermediate measurements"
    assert error.message.startswith(expected)


# ---------------------------------------------------------------- refusals
def with_record(record: GateRecord) -> Tape:
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(record)), [0])
    return builder.tape(1)


def test_gate_without_matrix():
    error = refused(PyLinalg(), Circuit.from_tape(with_record(GateRecord(name="FOO", arity=1))).to_job())
    assert error.code == ErrorType.ILLEGAL_GATES and error.message.startswith("Gate FOO has no matrix!")
    assert error.modulename == "qat.pylinalg"


def test_matrix_of_the_wrong_size():
    record = GateRecord(name="FOO", arity=1, parameters=(float,), matrix=lambda angle: np.eye(4))
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(record)), [0], [0.1])
    error = refused(LinAlg(), Circuit.from_tape(builder.tape(1)).to_job())
    assert error.code == ErrorType.ILLEGAL_GATES and "shape (4, 4): give (2, 2)" in error.message


def test_unbound_circuit():
    job = circuit(1, ("RX", [0], Variable("a"))).to_job()
    error = refused(LinAlg(), job)
    assert error.code == ErrorType.ILLEGAL_GATES and "RX" in error.message and "values to a" in error.message


def test_remap():
    error = refused(LinAlg(), measuring(1, Op(None, [0], 6, remap=[0])).to_job())
    assert error.code == ErrorType.ILLEGAL_GATES and "REMAP" in error.message


@pytest.mark.parametrize(
    "options", [{}, {"nbshots": 10}, {"observable": Observable.sigma_z(0, 60)}, {"psi_0": "+" * 60}]
)
def test_sixty_qubits_are_refused(options):
    error = refused(LinAlg(), circuit(60, ("RX", [0], 0.3)).to_job(**options))
    assert error.code == ErrorType.INSUFFICIENT_RESOURCES and error.retryable
    assert "60 qubits need" in error.message and "fewer qubits" in error.message


def test_pylinalg_refuses_observables_with_shots():
    error = refused(PyLinalg(), bell().to_job(observable=ZZ, nbshots=10))
    assert (error.code, error.modulename) == (ErrorType.INVALID_ARGS, "qat.pylinalg")
    assert "nbshots = 10" in error.message and "ObservableSplitter" in error.message


def analog_job() -> Job:
    from qat.core import Schedule

    return Schedule(drive=Observable.sigma_x(0, 1), tmax=1.0).to_job()


@pytest.mark.parametrize("make", [Job, analog_job])
def test_jobs_without_circuit(make):
    job = make()
    error = refused(LinAlg(), job)
    assert error.code == ErrorType.INVALID_ARGS and "this job has none" in error.message


@pytest.mark.parametrize("qubits", [[0, 0], [5], [-1]])
def test_impossible_qubits(qubits):
    job = bell().to_job()
    job.qubits = qubits
    assert refused(LinAlg(), job).code == ErrorType.INVALID_ARGS


def test_negative_shots():
    job = bell().to_job()
    job.nbshots = -1
    assert "-1" in refused(LinAlg(), job).message


@pytest.mark.parametrize("options", [{"fusion": False}, {"nb_threads": 1}, {"nb_threads": 2, "fusion": False}])
def test_engine_options_change_nothing_but_the_way(options):
    qpu = LinAlg(**options)
    expected = [(sample.state.int, round(sample.probability, 9)) for sample in LinAlg().submit(bell().to_job())]
    assert [(s.state.int, round(s.probability, 9)) for s in qpu.submit(bell().to_job())] == expected
    assert qpu.engine is deepcopy(qpu).engine and qpu.engine.name == LinAlg().engine.name


def test_numbers_of_threads_are_positive():
    with pytest.raises(ValueError, match="nb_threads is 0: give at least 1"):
        LinAlg(nb_threads=0)


def test_options():
    CLinalg(
        use_nbthreads_heuristic=False,
        sparse=True,
        light_circuit=True,
        tqdm=True,
        fusion=False,
        readonly_statevector=True,
    )
    with pytest.raises(TypeError, match="nbthreads"):
        LinAlg(nbthreads=3)
    with pytest.raises(TypeError):
        PyLinalg(seed=1)
    with pytest.raises(ValueError, match="precision is 3"):
        LinAlg(precision=3)
    with pytest.raises(ValueError, match="no engine 'other'"):
        LinAlg(engine="other")


def test_copies_and_batches():
    for qpu in (deepcopy(LinAlg(seed=1)), pickle.loads(pickle.dumps(LinAlg(engine="numpy")))):
        assert len(qpu.submit(Batch([bell().to_job()] * 3))) == 3
    assert "LinAlg" in LinAlg().get_specs().description


# ---------------------------------------------------------------- gradients
a, b, w = Variable("a"), Variable("b"), Variable("w")


def ansatz() -> Circuit:
    return circuit(
        3, ("RX", [0], a), ("RY", [1], 2 * b + 1), ("CNOT", [0, 1]), ("RZ", [1], a * b), ("RX", [2], cos(a)),
        ("CNOT", [1, 2]), ("PH", [2], b), ("RY", [2], 0.3), ("RY", [0], a),
    )  # fmt: skip


OBSERVABLE = Observable(
    3, pauli_terms=[Term(1.0, "ZX", [0, 2]), Term(0.5, "Y", [1]), Term(-1.0, "Z", [2])], constant_coeff=0.2
)


def finite_difference(job, values, name, step=1e-5):
    up, down = ({**values, name: values[name] + sign * step} for sign in (1, -1))
    return (LinAlg().submit(job(**up)).value - LinAlg().submit(job(**down)).value) / (2 * step)


@pytest.mark.parametrize("observable", [OBSERVABLE, w * OBSERVABLE + w * w * Observable.sigma_z(0, 3)])
def test_value_and_gradient(observable):
    job, values = ansatz().to_job(observable=observable), {"a": 0.3, "b": -0.8, "w": 1.4}
    values = {name: values[name] for name in job.get_variables()}
    value, gradient = LinAlg().value_and_gradient(job, values)
    assert value == pytest.approx(LinAlg().submit(job(**values)).value)
    assert gradient == pytest.approx({name: finite_difference(job, values, name) for name in values}, abs=1e-8)


def test_gradient_of_a_partly_bound_job():
    job = ansatz().to_job(observable=OBSERVABLE)(b=0.4)
    value, gradient = LinAlg().value_and_gradient(job, {"a": 0.3})
    assert list(gradient) == ["a"] and gradient["a"] == pytest.approx(finite_difference(job, {"a": 0.3}, "a"), abs=1e-8)
    assert value == pytest.approx(LinAlg().submit(job(a=0.3)).value)


def test_gradient_by_variables_that_do_not_occur():
    job = circuit(1, ("RX", [0], a)).to_job(observable=Observable.sigma_z(0, 1))
    assert LinAlg().value_and_gradient(job, {"a": 0.1, "zzz": 2})[1] == pytest.approx({"a": -np.sin(0.1), "zzz": 0})


def test_gradient_agrees_with_shift_rules():
    job = ansatz().to_job(observable=OBSERVABLE)
    values = {"a": 1.1, "b": 0.2}
    shifted = {
        name: sum(result.value for result in LinAlg().submit([each(**values) for each in jobs]))
        for name, jobs in job.gradient().items()
    }
    assert LinAlg().value_and_gradient(job, values)[1] == pytest.approx(shifted)


def test_gradient_within_boxes():
    body = circuit(1, ("RX", [0], 2 * a)).tape
    box = GateRecord(name="B", arity=1, body=body, identity="B")
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(box)), [0])
    job = Circuit.from_tape(builder.tape(1)).to_job(observable=Observable.sigma_z(0, 1))
    assert LinAlg().value_and_gradient(job, {"a": 0.2})[1] == pytest.approx({"a": -2 * np.sin(0.4)})


def test_gradient_needs_an_observable():
    with pytest.raises(QPUException) as info:
        LinAlg().value_and_gradient(bell().to_job(), {})
    assert info.value.code == ErrorType.INVALID_ARGS
    with pytest.raises(QPUException, match="intermediate measurements"):
        LinAlg().value_and_gradient(measuring(2, Op(None, [0], 1, [0])).to_job(observable=ZZ), {})
