"""Gradients of circuits in layers, large enough for the kernels that take many overlaps of two states at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels.engine import Moves
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from tests.unit.kernels.circuits import named_tape
from tests.unit.kernels.engines import IS_NATIVE, NATIVE_WAYS, engine_on

pytestmark = pytest.mark.skipif(not IS_NATIVE, reason="the extension is not compiled")

if IS_NATIVE:
    from qat.kernels.native_engine import NativeEngine

TURNS = ("RX", "RY", "RZ", "PH")


@pytest.fixture(params=NATIVE_WAYS, scope="module")
def engine(request):
    with engine_on(request.param) as found:
        yield found


def observable(nb_qubits):
    terms = [(0.5, "ZZ", [q, q + 1]) for q in range(nb_qubits - 1)]
    return PauliSum.from_terms(nb_qubits, [*terms, (0.7, "X", [0]), (-0.4, "Y", [nb_qubits - 1])], constant=0.3)


def layer(kind, nb_qubits, angle):
    """Rows of one layer: the same turn everywhere, turns about ZZ of neighbours, or a chain of CNOTs."""
    if kind == "ZZ":
        ladders = [
            [("CNOT", [q, q + 1]), ("RZ", [q + 1], angle + q), ("CNOT", [q, q + 1])] for q in range(nb_qubits - 1)
        ]
        return [row for ladder in ladders for row in ladder]
    if kind == "CNOT":
        return [("CNOT", [q, q + 1]) for q in range(nb_qubits - 1)]
    if kind == "mixed":
        return [(TURNS[q % 3], [q], angle + q) for q in range(nb_qubits)]
    return [(kind, [q], angle + q) for q in range(nb_qubits)]


def layered(nb_qubits, layers):
    rows = [("H", [q]) for q in range(nb_qubits)]
    return named_tape(nb_qubits, *rows, *(row for kind, angle in layers for row in layer(kind, nb_qubits, angle)))


LAYERS = st.lists(st.tuples(st.sampled_from([*TURNS, "ZZ", "CNOT", "mixed"]), st.floats(-3, 3)), min_size=1, max_size=5)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([2, 6, 7, 12]), LAYERS)
def test_gradients_of_layers(engine, nb_qubits, layers):
    tape, paulis = layered(nb_qubits, layers), observable(nb_qubits)
    value, gradient = engine.value_and_gradient(tape, paulis)
    expected_value, expected = NumpyEngine().value_and_gradient(tape, paulis)
    assert np.isclose(value, expected_value) and np.allclose(gradient, expected, atol=1e-9)


@pytest.mark.parametrize("kinds", [["ZZ", "RX"] * 2, ["RZ", "RY", "CNOT", "mixed"], ["CNOT", "RX", "ZZ"]])
def test_gradients_of_layers_of_many_tiles(kinds):
    """17 qubits: places outside the tiles, and two threads."""
    tape, paulis = layered(17, [(kind, 0.3 * k + 0.2) for k, kind in enumerate(kinds)]), observable(17)
    value, gradient = NativeEngine(1).value_and_gradient(tape, paulis)
    other_value, other_gradient = NativeEngine(2).value_and_gradient(tape, paulis)
    assert value == other_value and np.array_equal(gradient, other_gradient)
    with engine_on("native-generic") as generic:
        expected_value, expected = generic.value_and_gradient(tape, paulis)
    unfused_value, unfused = NativeEngine(2, fusion=False).value_and_gradient(tape, paulis)
    assert np.allclose([value, *gradient], [expected_value, *expected], atol=1e-9)
    assert np.allclose([value, *gradient], [unfused_value, *unfused], atol=1e-9)


def test_estimates_of_gradients_follow_the_derivatives():
    tape, paulis = layered(14, [("ZZ", 0.2), ("RX", 0.3)] * 3), observable(14)
    first_alone = np.arange(len(tape.parameters)) == 0
    few, many = (
        NativeEngine(1).estimate(tape, paulis=[paulis], gradient=True, moves=moves).duration_s
        for moves in (Moves(lambda rng: first_alone * rng.normal()), None)
    )
    assert few < many and NativeEngine(1).estimate(tape, paulis=[paulis]).duration_s < many
