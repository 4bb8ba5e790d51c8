"""Gradients by the adjoint method against finite differences of the engine's own values."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels import numpy_compiler
from qat.kernels.engine import NotReversibleError
from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import TapeBuilder
from tests import oracle
from tests.unit.kernels.circuits import circuits, haar, named_tape, tape_of_gates
from tests.unit.kernels.engines import NATIVE_WAYS, engine_on

OBSERVABLES = {
    n: PauliSum.from_terms(n, [(0.7, "X", [0]), (-1.1, "Y", [n - 1]), (0.4, "Z" * n, range(n))], constant=0.3)
    for n in range(1, 6)
}


@pytest.fixture(params=["tables", "slices", *NATIVE_WAYS], scope="module")
def engine(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_compiler, "MAX_TABLE_QUBITS", 0 if request.param == "slices" else 12)
        with engine_on("numpy" if request.param in ("tables", "slices") else request.param) as found:
            yield found


def finite_differences(engine, tape, paulis, step=1e-5):
    def value(parameters):
        return engine.expectation(engine.state(replace(tape, parameters=parameters)), paulis).real

    unit = np.eye(len(tape.parameters)) * step
    return np.array([(value(tape.parameters + row) - value(tape.parameters - row)) / (2 * step) for row in unit])


@settings(max_examples=40)
@given(circuits(max_qubits=4, max_gates=10))
def test_gradient_of_random_circuits(engine, circuit):
    nb_qubits, content = circuit
    tape, paulis = tape_of_gates(nb_qubits, content), OBSERVABLES[nb_qubits]
    value, gradient = engine.value_and_gradient(tape, paulis)
    assert np.isclose(value, engine.expectation(engine.state(tape), paulis).real)
    assert gradient.shape == tape.parameters.shape
    assert np.allclose(gradient, finite_differences(engine, tape, paulis), atol=1e-7)


@pytest.mark.parametrize("name", ["RX", "RY", "RZ", "PH"])
@pytest.mark.parametrize("nb_controls", [0, 1, 2])
@pytest.mark.parametrize("marks", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1)])
def test_every_rotation_with_controls_and_marks(engine, name, nb_controls, marks):
    form = GateForm(GATES[name], nb_controls, *map(bool, marks))
    builder = TapeBuilder()
    for qubit in range(form.arity):
        builder.gate(builder.form(GateForm(GATES["RY"])), [qubit], [0.9 + qubit])
    builder.gate(builder.form(form), range(form.arity), [0.8])
    tape, paulis = builder.tape(form.arity), OBSERVABLES[form.arity]
    gradient = engine.value_and_gradient(tape, paulis)[1]
    assert np.allclose(gradient, finite_differences(engine, tape, paulis), atol=1e-8)


def test_known_derivative(engine):
    paulis = PauliSum.from_terms(1, [(1.0, "Z", [0])])
    value, gradient = engine.value_and_gradient(named_tape(1, ("RX", [0], 0.3)), paulis)
    assert np.isclose(value, np.cos(0.3)) and np.allclose(gradient, -np.sin(0.3))


def test_initial_state_counts(engine):
    tape, paulis = named_tape(2, ("RX", [1], 0.3)), OBSERVABLES[2]
    initial = haar(2, 4)[:, 0]
    value, gradient = engine.value_and_gradient(tape, paulis, initial)
    derivative = -0.5j * oracle.pauli("X", [1], 2) @ (state := engine.state(tape, initial))
    dense = oracle.observable(paulis.terms(), 2, paulis.constant)
    assert np.isclose(value, np.vdot(state, dense @ state).real)
    assert np.allclose(gradient, 2 * np.vdot(state, dense @ derivative).real)


def test_parameters_that_are_not_real_numbers_have_no_derivative(engine):
    record = GateRecord(
        name="POWER", arity=1, parameters=(float, int), matrix=lambda angle, k: GATES["RX"].matrix(angle * k)
    )
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(record)), [0], [0.2, 3])
    gradient = engine.value_and_gradient(builder.tape(1), PauliSum.from_terms(1, [(1.0, "Z", [0])]))[1]
    assert np.allclose(gradient, [-3 * np.sin(0.6), 0], atol=1e-10)


def test_whole_numbers_as_angles_have_a_derivative(engine):
    gradient = engine.value_and_gradient(named_tape(1, ("RX", [0], 1)), PauliSum.from_terms(1, [(1.0, "Z", [0])]))[1]
    assert np.allclose(gradient, -np.sin(1))


def test_boxes_must_be_opened_first(engine):
    box = GateRecord(name="B", arity=1, body=named_tape(1, ("RX", [0], 0.1)), identity="B")
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(box)), [0])
    with pytest.raises(ValueError, match="open the boxes first"):
        engine.value_and_gradient(builder.tape(1), OBSERVABLES[1])


@pytest.mark.parametrize(("digits", "is_reversible"), [(3, True), (1, False), (0, False)])
def test_matrices_that_cannot_be_undone_are_refused(engine, digits, is_reversible):
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["RX"])), [0], [0.4])
    builder.gate(builder.form(GateForm(matrix_gate(np.round(haar(1, 5), digits)))), [0])
    tape, paulis = builder.tape(1), OBSERVABLES[1]
    if is_reversible:
        gradient = engine.value_and_gradient(tape, paulis)[1]
        assert np.allclose(gradient, finite_differences(engine, tape, paulis), atol=1e-2)
    else:
        with pytest.raises(NotReversibleError, match="not unitary"):
            engine.value_and_gradient(tape, paulis)


@given(st.integers(0, 20))
def test_gradient_of_long_runs_of_diagonal_gates(engine, seed):
    rng = np.random.default_rng(seed)
    rows = [("H", [q]) for q in range(3)]
    rows += [(("RZ", "PH")[k % 2], [int(rng.integers(3))], float(rng.normal())) for k in range(10)]
    rows += [("CNOT", [0, 2]), ("RZ", [2], 0.4), ("CNOT", [0, 2]), ("SWAP", [1, 2]), ("PH", [1], 1.0), ("RX", [0], 0.3)]
    tape = named_tape(3, *rows)
    gradient = engine.value_and_gradient(tape, OBSERVABLES[3])[1]
    assert np.allclose(gradient, finite_differences(engine, tape, OBSERVABLES[3]), atol=1e-7)
