"""States and unitaries of the NumPy engine against the dense oracle, and the refusals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels import numpy_compiler
from qat.kernels.engine import (
    Engine,
    MissingMatrixError,
    NotEnoughMemoryError,
    NotUnitaryError,
    Precision,
    UnsupportedRowError,
    register_engine,
    select_engine,
)
from qat.kernels.gates import GATES, GateForm, GateRecord
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from qat.kernels.plan_cache import PlanCache
from qat.kernels.tape import Classical, Kind, Tape, TapeBuilder
from tests import oracle
from tests.unit.kernels.circuits import (
    CUSTOM,
    circuits,
    haar,
    named_tape,
    operations,
    rotation_about_x_then_z,
    tape_of_gates,
)
from tests.unit.kernels.engines import IS_NATIVE

CUSTOM_MATRICES = {name: record.matrix() for name, record in CUSTOM.items()} | {"XZ": rotation_about_x_then_z}
TABLE_SIZES = {"tables": 12, "slices": 0}


@pytest.fixture(params=TABLE_SIZES, scope="module")
def engine(request) -> Engine:
    """An engine on each of its two ways: tables for small circuits, slices for large ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_compiler, "MAX_TABLE_QUBITS", TABLE_SIZES[request.param])
        yield NumpyEngine()


@given(circuits())
def test_unitary_is_that_of_the_oracle(engine, circuit):
    nb_qubits, content = circuit
    expected = oracle.unitary(operations(content), nb_qubits, CUSTOM_MATRICES)
    assert np.allclose(engine.unitary(tape_of_gates(nb_qubits, content)), expected, atol=1e-9)


@settings(max_examples=15)
@given(circuits(max_qubits=7, max_gates=6))
def test_state_is_the_first_column(engine, circuit):
    nb_qubits, content = circuit
    expected = oracle.state(operations(content), nb_qubits, CUSTOM_MATRICES)
    assert np.allclose(engine.state(tape_of_gates(nb_qubits, content)), expected, atol=1e-9)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("marks", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)])
@pytest.mark.parametrize("nb_controls", [0, 1, 2])
def test_every_gate_with_controls_and_marks(engine, name, marks, nb_controls):
    form = GateForm(GATES[name], nb_controls, *map(bool, marks))
    parameters = [0.4] * form.record.nb_parameters
    qubits = list(reversed(range(form.arity)))
    builder = TapeBuilder()
    builder.gate(builder.form(form), qubits, parameters)
    expected = oracle.unitary([(form.syntax, parameters, qubits)], form.arity)
    assert np.allclose(engine.unitary(builder.tape(form.arity)), expected)


@given(circuits(max_qubits=3, max_gates=6), st.integers(0, 99))
def test_initial_state(engine, circuit, seed):
    nb_qubits, content = circuit
    initial = haar(nb_qubits, seed)[:, 0]
    before = initial.copy()
    expected = oracle.unitary(operations(content), nb_qubits, CUSTOM_MATRICES) @ initial
    assert np.allclose(engine.state(tape_of_gates(nb_qubits, content), initial), expected, atol=1e-9)
    assert np.array_equal(initial, before)


@given(circuits(max_qubits=4, max_gates=8))
def test_single_precision(engine, circuit):
    nb_qubits, content = circuit
    tape = tape_of_gates(nb_qubits, content)
    state = engine.state(tape, precision=Precision.SINGLE)
    assert state.dtype == np.complex64
    assert np.allclose(state, engine.state(tape), atol=1e-5)


def test_gates_far_apart_on_many_qubits():
    tape = named_tape(
        16, ("H", [0]), ("CNOT", [0, 15]), ("RX", [7], 0.3), ("CNOT", [15, 7]), ("T", [15]), ("SWAP", [0, 7])
    )
    state = NumpyEngine().state(tape)
    cos, sin, turn = np.cos(0.15), np.sin(0.15), np.exp(0.25j * np.pi)
    expected = {0: cos, 1 << 15: -1j * sin, 1 << 15 | 1 << 8 | 1: cos * turn, 1 << 8 | 1: -1j * sin * turn}
    assert np.allclose([state[index] for index in expected], np.array(list(expected.values())) / np.sqrt(2))
    assert np.isclose(np.vdot(state, state).real, 1)


def test_plan_is_shared_between_bound_copies():
    engine = NumpyEngine()
    tape = named_tape(2, ("RX", [0], 0.1), ("RZ", [1], 0.2), ("RY", [1], 0.3))
    turned = replace(tape, parameters=tape.parameters * 2)
    assert engine._plans.plan(tape) is engine._plans.plan(turned)
    assert engine._plans.plan(tape) is engine._plans.plan(
        named_tape(2, ("RX", [0], 1.0), ("RZ", [1], 1.0), ("RY", [1], 1.0))
    )
    expected = oracle.state([("RX", [0.2], [0]), ("RZ", [0.4], [1]), ("RY", [0.6], [1])], 2)
    assert np.allclose(engine.state(turned), expected)


def test_plan_tells_apart_what_differs():
    engine = NumpyEngine()
    tape = named_tape(2, ("X", [0]))
    other_qubit = replace(tape, qubits=np.array([1], np.int32))
    other_gate = replace(tape, forms=(GateForm(GATES["Y"]),))
    assert [np.flatnonzero(engine.state(each)).tolist() for each in (tape, other_qubit, other_gate)] == [[2], [1], [2]]
    assert engine.state(other_gate)[2] == 1j


def test_gates_of_one_name_but_different_matrices_are_not_mixed_up():
    engine = NumpyEngine()
    states = []
    for matrix in (haar(1, 5), haar(1, 6)):
        record = GateRecord(name="G", arity=1, matrix=lambda matrix=matrix: matrix)
        builder = TapeBuilder()
        builder.gate(builder.form(GateForm(record)), [0])
        states.append(engine.state(builder.tape(1)))
        assert np.allclose(states[-1], matrix[:, 0])


def test_cache_forgets_the_oldest():
    compiled = []
    cache = PlanCache(lambda tape: compiled.append(len(tape)) or numpy_compiler.compiled(tape), max_plans=3)
    tapes = [named_tape(k, *[("H", [0])] * k) for k in range(1, 7)]
    for tape in (*tapes, tapes[-1], named_tape(6, *[("H", [0])] * 6), tapes[0]):
        cache.plan(tape)
    assert compiled == [1, 2, 3, 4, 5, 6, 1]
    assert cache.known(tapes[1]) is None and cache.known(tapes[0]) is cache.plan(tapes[0])
    tight = PlanCache(numpy_compiler.compiled, max_bytes=1)
    assert tight.plan(tapes[0]) is tight.plan(tapes[0])


def test_boxes_are_opened():
    body = named_tape(2, ("H", [0]), ("CNOT", [0, 1]))
    box = GateRecord(name="BELL", arity=2, body=body, identity=("BELL", 1))
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(box, nb_controls=1, is_dag=True)), [2, 0, 1])
    expected = oracle.unitary([("CCNOT", [], [2, 0, 1]), ("C-H", [], [2, 0])], 3)
    assert np.allclose(NumpyEngine().unitary(builder.tape(3)), expected)


# ---------------------------------------------------------------- refusals
def test_gate_without_matrix_is_named_with_its_row():
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["H"])), [0])
    builder.gate(builder.form(GateForm(GateRecord(name="FOO", arity=1))), [0])
    with pytest.raises(MissingMatrixError, match="Gate FOO has no matrix") as info:
        NumpyEngine().state(builder.tape(1))
    assert (info.value.gate, info.value.row) == ("FOO", 1)


class Unknown:
    """A stand-in for an unbound expression."""

    def get_variables(self):
        return ["theta"]


def test_unbound_parameters_are_named():
    tape = named_tape(1, ("H", [0]), ("RX", [0], Unknown()))
    with pytest.raises(MissingMatrixError, match=r"Gate RX has no matrix.*theta") as info:
        NumpyEngine().state(tape)
    assert info.value.row == 1


def classical_tape(kind: Kind) -> Tape:
    builder = TapeBuilder()
    builder.classical(kind, [0], Classical((0,), remap=(0,)))
    return builder.tape(1, 1)


@pytest.mark.parametrize("method", ["state", "unitary"])
def test_measurements_need_shots(method):
    with pytest.raises(NotUnitaryError):
        getattr(NumpyEngine(), method)(classical_tape(Kind.MEASURE))


def test_remap_is_unsupported():
    with pytest.raises(UnsupportedRowError, match="REMAP gate not supported"):
        NumpyEngine().state(classical_tape(Kind.REMAP))


@pytest.mark.parametrize("nb_qubits", [48, 60, 500])
def test_too_many_qubits_are_refused_before_anything_is_allocated(nb_qubits):
    tape = named_tape(nb_qubits, ("H", [nb_qubits - 1]))
    engine = NumpyEngine()
    calls = [
        lambda: engine.state(tape),
        lambda: engine.unitary(tape),
        lambda: engine.trajectories(tape, 5, np.random.default_rng(0)),
    ]
    for call in calls:
        with pytest.raises(NotEnoughMemoryError, match=rf"{nb_qubits} qubits need .* bytes") as info:
            call()
        assert info.value.needed_bytes >= 16 * 2**nb_qubits > info.value.available_bytes > 0


def test_estimate_grows_with_the_circuit():
    engine = NumpyEngine()
    small, large = (engine.estimate(named_tape(n, ("H", [0]))) for n in (4, 30))
    assert large.nb_bytes == 3 * 16 * 2**30 and large.duration_s > small.duration_s > 0
    assert engine.estimate(named_tape(4, ("H", [0])), precision=Precision.SINGLE).nb_bytes == small.nb_bytes // 2


@pytest.mark.parametrize("name", ["numpy", *(["native"] if IS_NATIVE else [])])
@pytest.mark.parametrize("nb_qubits", [1000, 1024, 5000])
def test_estimate_of_what_no_machine_will_run(name, nb_qubits):
    rows = [("H", [0]), ("RX", [nb_qubits - 1], 0.3)]
    paulis = PauliSum.from_terms(nb_qubits, [(1.0, "Z", [0])])
    for options in ({}, {"paulis": [paulis], "gradient": True}, {"nb_shots": 10}):
        found = select_engine(name).estimate(named_tape(nb_qubits, *rows), **options)
        assert found.nb_bytes >= 16 << nb_qubits and 1e200 < found.duration_s < float("inf")


def test_registry():
    assert select_engine() is select_engine("native" if IS_NATIVE else "numpy")
    with pytest.raises(ValueError, match="no engine 'gpu'; available: numpy"):
        select_engine("gpu")


def test_engine_registered_last_is_preferred(monkeypatch):
    from qat.kernels import engine as module

    monkeypatch.setattr(module, "_FACTORIES", dict(module._FACTORIES))
    monkeypatch.setattr(module, "_ENGINES", {})
    other = NumpyEngine()
    register_engine("native", lambda: other)
    assert select_engine() is other and select_engine("native") is other and select_engine("numpy") is not other
