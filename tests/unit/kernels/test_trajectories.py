"""Circuits with measurements, resets, classical control and breaks."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels.engine import BreakError
from qat.kernels.formula import evaluate_formula
from qat.kernels.gates import GATES, GateForm
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.tape import Classical, Kind, Row, Tape
from qat.kernels.tape_algebra import tape_of
from tests import oracle
from tests.unit.kernels.circuits import CUSTOM, gates, haar, rotation_about_x_then_z

CUSTOM_MATRICES = {name: record.matrix() for name, record in CUSTOM.items()} | {"XZ": rotation_about_x_then_z}


def gate(name: str, *qubits: int, cbit: int | None = None) -> Row:
    kind, classical = (Kind.GATE, None) if cbit is None else (Kind.CLASSIC_CONTROL, Classical((cbit,)))
    return Row(kind, GateForm(GATES[name]), (), qubits, classical)


def measure(qubits: list[int], cbits: list[int]) -> Row:
    return Row(Kind.MEASURE, None, (), tuple(qubits), Classical(tuple(cbits)))


def reset(qubits: list[int], cbits: list[int] = ()) -> Row:
    return Row(Kind.RESET, None, (), tuple(qubits), Classical(tuple(cbits)))


def logic(cbit: int, formula: str) -> Row:
    return Row(Kind.CLASSIC, None, (), (), Classical((cbit,), formula))


def break_if(formula: str) -> Row:
    return Row(Kind.BREAK, None, (), (), Classical((), formula))


def run(rows: list[Row], nb_qubits: int, nb_cbits: int = 2, nb_shots: int = 100, seed: int = 0, initial=None) -> list:
    engine = NumpyEngine()
    branches = engine.trajectories(tape_of(rows, nb_qubits, nb_cbits), nb_shots, np.random.default_rng(seed), initial)
    return [branch._replace(state=branch.state.copy()) for branch in branches]


def test_plain_circuit_has_one_branch():
    (branch,) = run([gate("H", 0)], 1, nb_shots=7)
    assert branch.nb_shots == 7 and branch.measurements == () and np.allclose(branch.state, 2**-0.5)


def test_measurement_splits_the_shots():
    zero, one = run([gate("H", 0), gate("CNOT", 0, 1), measure([1, 0], [0, 1])], 2, nb_shots=1000)
    assert zero.nb_shots + one.nb_shots == 1000 and abs(zero.nb_shots - 500) < 65
    assert np.allclose(zero.state, [1, 0, 0, 0]) and np.allclose(one.state, [0, 0, 0, 1])
    assert zero.cbits == (0, 0) and one.cbits == (1, 1)
    (measurement,) = one.measurements
    assert (measurement.row, measurement.bits) == (2, (1, 1)) and np.isclose(measurement.probability, 0.5)


def test_bits_of_a_measurement_keep_the_order_of_its_qubits():
    (branch,) = run([gate("X", 0), measure([2, 0], [1, 0])], 3)
    assert branch.measurements[0].bits == (0, 1) and branch.cbits == (1, 0)


def test_classical_control_logic_and_reset():
    rows = [gate("X", 0), measure([0], [0]), gate("X", 1, cbit=0), logic(1, "NOT 0"), reset([0]), gate("H", 1, cbit=1)]
    (branch,) = run(rows, 2)
    assert np.allclose(branch.state, [0, 1, 0, 0]) and branch.cbits == (1, 0)
    assert [(m.row, m.bits) for m in branch.measurements] == [(1, (1,)), (4, (1,))]


def test_reset_clears_bits_when_asked():
    (branch,) = run([gate("X", 1), measure([1], [0]), measure([1], [1]), reset([0, 1], [1])], 2)
    assert branch.cbits == (1, 0) and np.allclose(branch.state, [1, 0, 0, 0])
    assert branch.measurements[-1].bits == (0, 1)


def test_break():
    rows = [gate("X", 0), measure([0], [0]), break_if("AND 0 NOT 1")]
    with pytest.raises(BreakError) as info:
        run(rows, 1)
    assert str(info.value) == "BREAK at gate #2 : formula : AND 0 NOT 1, cbits : [(0, True), (1, False)]"
    assert len(run([*rows[1:2], break_if("0")], 1)) == 1


def test_initial_state_is_kept():
    initial = haar(2, 3)[:, 0]
    before = initial.copy()
    branches = run([measure([0], [0])], 2, initial=initial)
    assert np.array_equal(initial, before) and len(branches) == 2


def test_same_seed_same_branches():
    rows = [gate("H", 0), measure([0], [0]), gate("H", 0), measure([0], [1])]
    one, two = ([(b.cbits, b.nb_shots) for b in run(rows, 1, seed=5)] for _ in range(2))
    assert one == two and len(one) == 4


def test_thousands_of_measurements_share_their_prefix():
    rows = [gate("X", 0)] + [measure([0], [0]), gate("H", 1)] * 2000
    (branch,) = run(rows, 2, nb_shots=10**6)
    assert branch.nb_shots == 10**6 and len(branch.measurements) == 2000


def test_many_outcomes_at_once():
    rows = [gate("H", qubit) for qubit in range(10)] + [measure(list(range(10)), [])]
    branches = run(rows, 10, nb_shots=50)
    assert sum(branch.nb_shots for branch in branches) == 50 and 40 < len(branches) <= 50


# ---------------------------------------------------------------- against all branches, by brute force
def exact_branches(tape: Tape) -> dict[tuple, np.ndarray]:
    """Unnormalised final states by the outcomes of all measurements and resets."""
    pending = [((), (0,) * tape.nb_cbits, np.eye(2**tape.nb_qubits)[0].astype(complex))]
    for row in tape.rows():
        pending = [child for branch in pending for child in step(row, *branch, tape.nb_qubits)]
    return {outcomes: vector for outcomes, _, vector in pending}


def step(row: Row, outcomes: tuple, cbits: tuple, vector: np.ndarray, nb_qubits: int):
    if row.kind == Kind.CLASSIC:
        yield outcomes, written(cbits, row.classical.cbits, [evaluate_formula(row.classical.formula, cbits)]), vector
    elif row.form is not None:
        acts = row.kind == Kind.GATE or cbits[row.classical.cbits[0]]
        operation = (row.form.syntax, row.parameters, row.qubits)
        yield outcomes, cbits, oracle.unitary([operation], nb_qubits, CUSTOM_MATRICES) @ vector if acts else vector
    else:
        for bits in np.ndindex(*(2,) * len(row.qubits)):
            part = oracle.projected(vector, row.qubits, bits, nb_qubits)
            if row.kind == Kind.RESET:
                flips = [("X", [], [qubit]) for qubit, bit in zip(row.qubits, bits, strict=True) if bit]
                part = oracle.unitary(flips, nb_qubits) @ part
            values = bits if row.kind == Kind.MEASURE else (0,) * len(bits)
            yield (*outcomes, bits), written(cbits, row.classical.cbits, values), part


def written(cbits, places, values):
    cbits = list(cbits)
    for place, value in zip(places, values, strict=False):
        cbits[place] = int(value)
    return tuple(cbits)


@st.composite
def programs(draw):
    nb_qubits = draw(st.integers(1, 3))
    qubits = st.permutations(range(nb_qubits))
    cbits = st.permutations(range(3))
    kinds = st.sampled_from(["gate", "gate", "gate", "controlled", "measure", "reset", "logic"])
    rows = []
    for kind in draw(st.lists(kinds, max_size=8)):
        if kind in ("gate", "controlled"):
            random = draw(gates(nb_qubits))
            row = Row(Kind.GATE, random.form, random.parameters, random.qubits, None)
            rows.append(
                row
                if kind == "gate"
                else row._replace(kind=Kind.CLASSIC_CONTROL, classical=Classical((draw(cbits)[0],)))
            )
        elif kind == "logic":
            rows.append(logic(draw(cbits)[0], draw(st.sampled_from(["NOT 0", "XOR 0 1", "OR NOT 2 AND 0 1"]))))
        else:
            chosen = draw(qubits)[: draw(st.integers(1, nb_qubits))]
            rows.append((measure if kind == "measure" else reset)(chosen, draw(cbits)[: len(chosen)]))
    return rows, nb_qubits


@settings(max_examples=60)
@given(programs(), st.integers(0, 99))
def test_branches_are_those_of_the_oracle(program, seed):
    rows, nb_qubits = program
    tape = tape_of(rows, nb_qubits, 3)
    expected = exact_branches(tape)
    branches = run(rows, nb_qubits, nb_cbits=3, nb_shots=50, seed=seed)
    assert sum(branch.nb_shots for branch in branches) == 50
    for branch in branches:
        vector = expected[tuple(measurement.bits for measurement in branch.measurements)]
        weight = np.vdot(vector, vector).real
        assert np.isclose(np.prod([m.probability for m in branch.measurements]), weight)
        assert np.allclose(branch.state, vector / np.sqrt(weight))


def test_frequencies_of_branches():
    rows = [Row(Kind.GATE, GateForm(GATES["RY"]), (0.9,), (0,), None), measure([0], [0])]
    rows += [gate("H", 1, cbit=0), measure([1], [1]), reset([0])]
    nb_shots = 10_000
    frequencies = Counter({branch.cbits: branch.nb_shots for branch in run(rows, 2, nb_shots=nb_shots, seed=11)})
    one = np.sin(0.45) ** 2
    for cbits, probability in {(0, 0): 1 - one, (1, 0): one / 2, (1, 1): one / 2}.items():
        deviation = (frequencies[cbits] - nb_shots * probability) / np.sqrt(nb_shots * probability * (1 - probability))
        assert abs(deviation) < 4
