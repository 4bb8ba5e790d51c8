"""Ladders of Clifford gates around a turn are merged into turns about Pauli strings, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels.engine import Moves, Precision
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from tests import oracle
from tests.unit.kernels.circuits import named_tape
from tests.unit.kernels.engines import IS_NATIVE, NATIVE_WAYS, engine_on

pytestmark = pytest.mark.skipif(not IS_NATIVE, reason="the extension is not compiled")

if IS_NATIVE:
    from qat.kernels.native_engine import NativeEngine
    from qat.kernels.native_program import compiled

QUARTER = np.pi / 2
CLIFFORDS = [
    (("H",), ("H",)),
    (("X",), ("X",)),
    (("S",), ("PH", -QUARTER)),
    (("PH", -QUARTER), ("S",)),
    (("RX", QUARTER), ("RX", -QUARTER)),
    (("RX", -QUARTER), ("RX", QUARTER)),
    (("RY", QUARTER), ("RY", -QUARTER)),
    (("RX", QUARTER), ("RX", QUARTER)),  # not an inverse
]
BASES = {"X": (("H",), ("H",)), "Y": (("RX", QUARTER), ("RX", -QUARTER)), "Z": None}
OBSERVABLE = PauliSum.from_terms(5, [(0.7, "X", [0]), (-1.1, "YZ", [1, 3]), (0.4, "ZXZ", [1, 2, 4])], constant=0.3)


@pytest.fixture(params=NATIVE_WAYS, scope="module")
def engine(request):
    with engine_on(request.param) as found:
        yield found


def row(gate, qubits):
    name, *parameters = gate
    return (name, qubits, *parameters)


def ladder(word, qubits, angle, is_star=False, turn="RZ"):
    """Rows of ``exp(-i angle/2 word)`` as circuits write it."""
    changes = [BASES[letter] for letter in word]
    before = [row(pair[0], [q]) for pair, q in zip(changes, qubits, strict=True) if pair]
    after = [row(pair[1], [q]) for pair, q in zip(changes, qubits, strict=True) if pair]
    targets = [qubits[-1]] * len(qubits) if is_star else qubits[1:]
    steps = [("CNOT", [a, b]) for a, b in zip(qubits[:-1], targets, strict=False)]
    return [*before, *steps, (turn, [qubits[-1]], angle), *steps[::-1], *after]


def spread(nb_qubits):
    return [("RY", [q], 0.4 + 0.3 * q) for q in range(nb_qubits)] + [("PH", [q], 0.2 * q) for q in range(nb_qubits)]


def nb_nodes(tape):
    program = compiled(tape).sections[0][0].program
    return program.plan_size(tape.parameters, np.empty(0, complex))[0]


def state_of(rows, nb_qubits):
    operations = [(name, list(parameters), list(qubits)) for name, qubits, *parameters in rows]
    return oracle.state(operations, nb_qubits)


words = st.text("XYZ", min_size=1, max_size=5)


@settings(max_examples=60)
@given(st.data(), words, st.booleans(), st.sampled_from(["RZ", "PH"]), st.floats(-7, 7))
def test_rotation_about_a_string(engine, data, word, is_star, turn, angle):
    nb_qubits = data.draw(st.integers(len(word), 7))
    qubits = data.draw(st.permutations(range(nb_qubits)))[: len(word)]
    rows = spread(nb_qubits) + ladder(word, qubits, angle, is_star, turn)
    state = engine.state(named_tape(nb_qubits, *rows))
    start = NumpyEngine().state(named_tape(nb_qubits, *spread(nb_qubits)))
    string = oracle.pauli(word, qubits, nb_qubits)
    expected = np.cos(angle / 2) * start - 1j * np.sin(angle / 2) * (string @ start)
    phase = np.exp(0.5j * angle) if turn == "PH" else 1
    assert np.allclose(state, phase * expected, atol=1e-10)
    single = engine.state(named_tape(nb_qubits, *rows), precision=Precision.SINGLE)
    assert np.allclose(single, phase * expected, atol=1e-5)


@st.composite
def mirrored(draw, nb_qubits=4):
    """Turns among Clifford gates, many of which are undone, with other gates in between."""
    rows = [(draw(st.sampled_from(["RZ", "RX", "RY", "PH"])), [draw(st.integers(0, nb_qubits - 1))], 0.7)]
    for _ in range(draw(st.integers(1, 12))):
        qubits = draw(st.permutations(range(nb_qubits)))
        before, after = draw(st.sampled_from([*CLIFFORDS, (("CNOT",), ("CNOT",)), (("CNOT",), ("CNOT",))]))
        arity = 2 if before[0] == "CNOT" else 1
        between = draw(st.sampled_from([[], [], [("H", [qubits[-1]])], [("T", [qubits[0]])], [("SWAP", qubits[:2])]]))
        rows = [row(before, qubits[:arity]), *rows, *between, row(after, qubits[:arity])]
        if draw(st.booleans()):
            rows.append(("RZ", [qubits[0]], 0.3))
    return rows


@settings(max_examples=80)
@given(mirrored())
def test_mirrored_circuits(engine, rows):
    rows = spread(4) + rows
    assert np.allclose(engine.state(named_tape(4, *rows)), state_of(rows, 4), atol=1e-10)


@settings(max_examples=25)
@given(mirrored(5))
def test_gradients_of_mirrored_circuits(engine, rows):
    tape = named_tape(5, *spread(5), *rows)
    value, gradient = engine.value_and_gradient(tape, OBSERVABLE)
    expected_value, expected = NumpyEngine().value_and_gradient(tape, OBSERVABLE)
    assert np.isclose(value, expected_value) and np.allclose(gradient, expected, atol=1e-9)


@settings(max_examples=25)
@given(st.lists(st.tuples(words, st.permutations(range(5)), st.floats(-3, 3)), min_size=1, max_size=4))
def test_gradients_along_moves(engine, strings):
    rows = spread(5) + [part for word, qubits, angle in strings for part in ladder(word, qubits[: len(word)], angle)]
    tape = named_tape(5, *rows)
    is_varied = np.abs(tape.parameters) != QUARTER
    value, gradient = engine.value_and_gradient(
        tape, OBSERVABLE, moves=Moves(lambda rng: rng.normal(size=len(is_varied)) * is_varied)
    )
    expected_value, expected = NumpyEngine().value_and_gradient(tape, OBSERVABLE)
    assert np.isclose(value, expected_value)
    assert np.allclose(gradient[is_varied], expected[is_varied], atol=1e-9)


def test_gradients_do_not_depend_on_threads():
    nb_qubits, word = 17, "XZYZX"
    rows = spread(nb_qubits) + [part for q in (0, 7, 12) for part in ladder(word, range(q, q + 5), 0.1 * q + 0.2)]
    rows += [("RX", [q], 0.3) for q in range(nb_qubits)]
    tape, paulis = named_tape(nb_qubits, *rows), PauliSum.from_terms(nb_qubits, [(1.0, "ZXZ", [0, 8, 16])])
    value, gradient = NativeEngine(1).value_and_gradient(tape, paulis)
    other_value, other_gradient = NativeEngine(2).value_and_gradient(tape, paulis)
    assert value == other_value and np.array_equal(gradient, other_gradient)
    direction = np.random.default_rng(3).normal(size=len(gradient))
    after, before = (
        NativeEngine(2).mean_value(replace(tape, parameters=tape.parameters + step * direction), paulis).real
        for step in (1e-5, -1e-5)
    )
    assert np.isclose(gradient @ direction, (after - before) / 2e-5, atol=1e-7)


@pytest.mark.parametrize("nb_tile_bits", [0, 10])
@pytest.mark.parametrize("nb_threads", [1, 2])
def test_strings_across_tiles(engine, nb_tile_bits, nb_threads):
    nb_qubits, rng = 12, np.random.default_rng(5)
    rows = spread(nb_qubits)
    for length in (2, 3, 6, 8, 10, 11, 12, 12):
        qubits = rng.permutation(nb_qubits)[:length].tolist()
        rows += ladder("".join(rng.choice(list("XYZ"), length)), qubits, float(rng.normal()))
    tape = named_tape(nb_qubits, *rows, *ladder("X" * 12, list(range(12)), 0.4))
    program = compiled(tape).sections[0][0].program
    state = program.run(tape.parameters, np.empty(0, complex), False, True, nb_threads, nb_tile_bits)
    assert np.allclose(state, NumpyEngine().state(tape), atol=1e-10)


def test_quarter_turns_are_looked_at_anew_for_each_parameters(engine):
    rows = spread(3) + ladder("YXY", [2, 0, 1], 0.8)
    tape = named_tape(3, *rows)
    for angle in (QUARTER, 0.3, -QUARTER, QUARTER):
        changed = tape.parameters.copy()
        changed[np.isclose(changed, QUARTER)] = angle
        bound = replace(tape, parameters=changed)
        assert np.allclose(engine.state(bound), NumpyEngine().state(bound))


def test_results_do_not_depend_on_what_was_run_before():
    rows = spread(3) + ladder("YXY", [2, 0, 1], 0.8)
    tape = named_tape(3, *rows)
    other = replace(tape, parameters=np.where(np.isclose(tape.parameters, QUARTER), 0.3, tape.parameters))
    with engine_on(NATIVE_WAYS[0]) as first:
        expected = first.state(other)
    with engine_on(NATIVE_WAYS[0]) as second:
        second.state(tape)
        assert np.array_equal(second.state(other), expected)


@pytest.mark.parametrize("word", ["ZZZ", "XYZ", "YZZX", "XXXX"])
def test_a_ladder_is_one_node(word):
    nb_qubits = len(word)
    start, whole = named_tape(nb_qubits, *spread(nb_qubits)), spread(nb_qubits) + ladder(word, range(nb_qubits), 0.3)
    assert nb_nodes(named_tape(nb_qubits, *whole)) == nb_nodes(start) + 1


@pytest.mark.parametrize(
    "rows",
    [
        [("CNOT", [0, 1]), ("RZ", [1], 0.3), ("CNOT", [1, 0])],
        [("CNOT", [0, 1]), ("RZ", [1], 0.3), ("X", [0]), ("CNOT", [0, 1])],
        [("CNOT", [0, 1]), ("RZ", [1], 0.3), ("RZ", [0], 0.2), ("CNOT", [0, 1])],
        [("CCNOT", [0, 1, 2]), ("RZ", [2], 0.3), ("CCNOT", [0, 1, 2])],
        [("RX", [0], 0.2), ("RZ", [0], 0.3), ("RX", [0], -0.2)],
        [("H", [0]), ("CNOT", [0, 1]), ("RZ", [1], 0.3), ("H", [0]), ("CNOT", [0, 1])],
    ],
)
def test_what_looks_like_a_ladder_and_is_none(engine, rows):
    rows = spread(3) + rows
    assert np.allclose(engine.state(named_tape(3, *rows)), state_of(rows, 3))


def test_angles_that_are_not_numbers_spread(engine):
    rows = spread(3) + ladder("YXY", [2, 0, 1], float("nan"))
    assert np.isnan(engine.state(named_tape(3, *rows))).any()
