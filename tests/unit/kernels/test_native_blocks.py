"""Blocks of gates in registers: every kind of step, on places of the block, in the lanes, in the tile and outside."""

import numpy as np
import pytest

from qat.kernels.engine import Precision
from qat.kernels.gates import GATES, GateForm, matrix_gate
from qat.kernels.native_program import compiled
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import TapeBuilder
from tests.unit.kernels.circuits import haar, named_tape
from tests.unit.kernels.engines import IS_NATIVE, NATIVE_WAYS, engine_on

pytestmark = pytest.mark.skipif(not IS_NATIVE, reason="the extension is not compiled")

NB_QUBITS = 12
ORACLE = NumpyEngine()
HAAR = [matrix_gate(haar(1, seed), name=f"HAAR{seed}") for seed in range(4)]
MIXES = {
    "turns": [*(GATES[name] for name in ("RY", "H", "X", "RX")), *HAAR],
    "permutations": [GATES[name] for name in ("H", "CNOT", "CNOT", "SWAP", "X")],
    "phases": [GATES[name] for name in ("H", "T", "S", "CSIGN", "PH", "RZ")],
    "pairs": [*HAAR, GATES["CNOT"], GATES["CNOT"], GATES["T"]],
    "others": [
        *(GATES[name] for name in ("H", "T", "CCNOT", "ISWAP", "RX", "CNOT")),
        matrix_gate(haar(2, 0), name="U2"),
    ],
}


@pytest.fixture(params=NATIVE_WAYS, scope="module")
def engine(request):
    with engine_on(request.param) as found:
        yield found


def random_tape(records, seed, nb_qubits=NB_QUBITS, nb_gates=80):
    """Gates of a mix anywhere; every qubit is turned first, so that none is |0>."""
    rng, builder = np.random.default_rng(seed), TapeBuilder()
    for qubit in range(nb_qubits):
        builder.gate(builder.form(GateForm(GATES["RY"])), [qubit], [0.3 + qubit])
    for _ in range(nb_gates):
        record = records[rng.integers(len(records))]
        qubits = rng.permutation(nb_qubits)[: record.arity].tolist()
        angles = [float(rng.uniform(-3, 3)) for _ in record.parameters]
        builder.gate(builder.form(GateForm(record)), qubits, angles)
    return builder.tape(nb_qubits)


def in_tiles(tape, nb_tile_bits, is_single=False):
    """The state from tiles of a size for which blocks are written whatever the size of the state."""
    ((section,),) = compiled(tape).sections
    return section.program.run(tape.parameters, section.supplied(tape), is_single, True, 1, nb_tile_bits)


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("nb_tile_bits", [10, 12])
def test_states(engine, mix, nb_tile_bits):
    """With outer places, and without."""
    for seed in range(6):
        tape = random_tape(MIXES[mix], seed)
        expected = ORACLE.state(tape)
        assert np.allclose(in_tiles(tape, nb_tile_bits), expected, atol=1e-13)
        assert np.allclose(in_tiles(tape, nb_tile_bits, is_single=True), expected, atol=1e-5)


@pytest.mark.parametrize("mix", MIXES)
def test_states_that_are_large_by_themselves(engine, mix):
    tape = random_tape(MIXES[mix], 1, nb_qubits=16, nb_gates=60)
    assert np.allclose(engine.state(tape), ORACLE.state(tape), atol=1e-13)


def test_a_state_goes_through_from_where_it_is(engine):
    tape, start = random_tape(MIXES["pairs"], 3, nb_qubits=15), random_tape(MIXES["turns"], 4, nb_qubits=15)
    initial = ORACLE.state(start)
    assert np.allclose(engine.state(tape, initial), ORACLE.state(tape, initial), atol=1e-13)


def test_gradients(engine):
    """Overlaps are taken between blocks, when no factor may be missing."""
    tape = random_tape([*MIXES["turns"], GATES["CNOT"], GATES["RZ"]], 5, nb_qubits=15, nb_gates=60)
    paulis = PauliSum.from_terms(15, [(0.5, "ZXY", [0, 7, 14]), (1.5, "X", [3])])
    value, gradient = engine.value_and_gradient(tape, paulis)
    expected_value, expected = ORACLE.value_and_gradient(tape, paulis)
    assert np.isclose(value, expected_value)
    assert np.allclose(gradient, expected, atol=1e-12)


@pytest.mark.parametrize("precision", list(Precision))
def test_long_circuits_neither_vanish_nor_explode(engine, precision):
    """Scales of gates are put off, but not forever."""
    rng = np.random.default_rng(0)
    angles = rng.uniform(-1.5, 1.5, (150, 15))
    there = [[("RY", [q], float(angle)) for q, angle in enumerate(row)] + [("CNOT", [0, 14])] for row in angles]
    back = [[("CNOT", [0, 14])] + [("RY", [q], -float(angle)) for q, angle in enumerate(row)] for row in angles[::-1]]
    state = engine.state(named_tape(15, *(gate for layer in [*there, *back] for gate in layer)), precision=precision)
    assert np.isclose(abs(state[0]), 1, atol=1e-11 if precision is Precision.DOUBLE else 1e-4)
    assert np.isclose(np.linalg.norm(state), 1, atol=1e-11 if precision is Precision.DOUBLE else 1e-4)


def test_many_gates_become_few_instructions():
    with engine_on(NATIVE_WAYS[0]):
        tape = random_tape(MIXES["permutations"], 7, nb_qubits=15, nb_gates=400)
        ((section,),) = compiled(tape).sections
        nb_nodes, nb_passes, nb_instructions = section.program.plan_size(tape.parameters, section.supplied(tape))
    assert nb_passes == 1 and nb_instructions < nb_nodes / 4
