"""Circuits that stay among few basis states: the short way gives what the state vector gives."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels.engine import Moves, NotEnoughMemoryError
from qat.kernels.gates import GATES, GateForm
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import TapeBuilder
from tests.unit.kernels.engines import IS_NATIVE

pytestmark = pytest.mark.skipif(not IS_NATIVE, reason="the extension is not compiled")
if IS_NATIVE:
    from qat.kernels import native_subspace
    from qat.kernels.native_engine import NativeEngine

HALF_TURN = np.pi / 2


class Writer:
    """Writes circuits gate by gate."""

    def __init__(self):
        self.builder = TapeBuilder()

    def __call__(self, name, *qubits, angle=None):
        form = self.builder.form(GateForm(GATES[name]))
        self.builder.gate(form, qubits, [] if angle is None else [float(angle)])

    def nb_angles(self):
        return len(self.builder.tape(1).parameters)

    def rotation(self, letters, qubits, angle):
        """``exp(-1j * angle / 2 * string)`` as a basis change, a ladder of CNOT and a turn about Z."""
        for letter, qubit in zip(letters, qubits, strict=True):
            if letter == "X":
                self("H", qubit)
            elif letter == "Y":
                self("RX", qubit, angle=HALF_TURN)
        for one, two in itertools.pairwise(qubits):
            self("CNOT", one, two)
        self("RZ", qubits[-1], angle=angle)
        for one, two in reversed(list(itertools.pairwise(qubits))):
            self("CNOT", one, two)
        for letter, qubit in zip(letters, qubits, strict=True):
            if letter == "X":
                self("H", qubit)
            elif letter == "Y":
                self("RX", qubit, angle=-HALF_TURN)

    def single(self, i, j, angle):
        """An excitation from ``i`` to ``j``."""
        between = list(range(i + 1, j))
        for letters, sign in (("XY", 1), ("YX", -1)):
            self.rotation(letters[0] + "Z" * len(between) + letters[1], [i, *between, j], sign * angle)

    def double(self, i, j, k, m, angle):
        """An excitation of two electrons, up to signs."""
        terms = ["XXXY", "XXYX", "XYXX", "YXXX", "YYYX", "YYXY", "YXYY", "XYYY"]
        for letters, sign in zip(terms, (1, 1, -1, -1, -1, -1, 1, 1), strict=True):
            self.rotation(letters, [i, j, k, m], sign * angle)


def coupled_cluster(values, nb_qubits=6, *, slots=None):
    """A circuit of excitations from half filling, and the slot of each variable in its parameters."""
    writer = Writer()
    for qubit in range(nb_qubits // 2):
        writer("X", qubit)
    half = nb_qubits // 2
    excitations = [(i, j) for i in range(half) for j in range(half, nb_qubits) if (i + j) % 2 == 0]
    moved = []
    for number, (i, j) in enumerate(excitations):
        first = writer.nb_angles()
        writer.single(i, j, values[number])
        moved.append((first, writer.nb_angles()))
    first = writer.nb_angles()
    writer.double(0, 1, half, half + 1, values[len(excitations)])
    moved.append((first, writer.nb_angles()))
    return writer.builder.tape(nb_qubits), moved


def hamiltonian(nb_qubits, seed=0):
    """Random Hermitian terms, hopping among them."""
    rng = np.random.default_rng(seed)
    terms = [(rng.normal(), "Z", [q]) for q in range(nb_qubits)]
    for i in range(nb_qubits - 1):
        coefficient = rng.normal()
        terms += [(coefficient, "XX", [i, i + 1]), (coefficient, "YY", [i, i + 1]), (0.3, "XY", [i, i + 1])]
    return PauliSum.from_terms(nb_qubits, terms, constant=0.4)


def subspaces(engine, tape):
    section = engine._native_plans.plan(tape).sections[0][0]
    return [entry.subspace for entry in section.evaluators.entries.values()]


@pytest.mark.parametrize("scale", [0.0, 0.3])
def test_coupled_cluster_value(scale):
    values = scale * np.random.default_rng(1).normal(size=6)
    tape, _ = coupled_cluster(values)
    engine, paulis = NativeEngine(1), hamiltonian(6)
    dense = NumpyEngine().mean_value(tape, paulis).real
    assert abs(engine.mean_value(tape, paulis).real - dense) < 1e-12
    (subspace,) = subspaces(engine, tape)
    assert 1 <= subspace.nb_states <= 16


def test_values_that_were_zero_move_later():
    """What was learnt with all angles 0, where every rotation is the identity, is unlearnt."""
    engine, paulis = NativeEngine(1), hamiltonian(6)
    rng = np.random.default_rng(2)
    for scale in (0, 0, 1, 1, 0, 1):
        tape, _ = coupled_cluster(scale * rng.normal(size=6))
        dense = NumpyEngine().mean_value(tape, paulis).real
        assert abs(engine.mean_value(tape, paulis).real - dense) < 1e-12
    assert subspaces(engine, tape)[0].nb_states > 1


def moves_of(tape, moved, signs_from):
    """Each variable moves all its slots, in proportion to the parameters of ``signs_from``, as far as they turn Z."""

    def draw(rng):
        change = np.zeros(len(tape.parameters))
        for first, end in moved:
            slots = [k for k in range(first, end) if abs(abs(signs_from[k]) - HALF_TURN) > 1e-9]
            change[slots] = rng.normal() * signs_from[slots]
        return change

    return Moves(draw)


@pytest.mark.parametrize("scale", [0.0, 0.7])
def test_coupled_cluster_gradient(scale):
    values = np.full(6, 1.0)
    pattern, moved = coupled_cluster(values)
    tape, _ = coupled_cluster(scale * np.arange(1, 7) / 5)
    engine, paulis = NativeEngine(1), hamiltonian(6)
    moves = moves_of(tape, moved, pattern.parameters)
    for _ in range(3):
        value, gradient = engine.value_and_gradient(tape, paulis, moves=moves)
    dense_value, dense_gradient = NumpyEngine().value_and_gradient(tape, paulis)
    assert abs(value - dense_value) < 1e-12
    assert subspaces(engine, tape)[0].nb_states <= 16
    rng = np.random.default_rng(0)
    for _ in range(5):
        direction = moves.draw(rng)
        assert abs(gradient @ direction - dense_gradient @ direction) < 1e-11


NAMES = ["H", "X", "Y", "Z", "S", "CNOT", "CSIGN", "SWAP", "RY", "RX", "RZ", "PH", "T", "ISWAP"]
gates = st.tuples(
    st.sampled_from(NAMES), st.permutations(range(4)), st.sampled_from([0.0, 0.4, -1.3, np.pi / 2, np.pi])
)


@settings(deadline=None, max_examples=150)
@given(st.lists(gates, max_size=14), st.integers(0, 3))
def test_any_circuit(content, seed):
    writer = Writer()
    for name, qubits, angle in content:
        writer(name, *qubits[: GATES[name].arity], angle=angle if GATES[name].nb_parameters else None)
    tape, paulis, engine = writer.builder.tape(4), hamiltonian(4, seed), NativeEngine(1)
    dense_value, dense_gradient = NumpyEngine().value_and_gradient(tape, paulis)
    assert abs(engine.mean_value(tape, paulis).real - dense_value) < 1e-12
    for _ in range(2):
        value, gradient = engine.value_and_gradient(tape, paulis)
        assert abs(value - dense_value) < 1e-12 and np.allclose(gradient, dense_gradient, atol=1e-10)


def test_circuits_that_reach_too_much_are_left_to_the_state_vector():
    writer = Writer()
    for qubit in range(8):
        writer("RY", qubit, angle=0.3)
    tape, engine, paulis = writer.builder.tape(8), NativeEngine(1), hamiltonian(8)
    assert np.isclose(engine.mean_value(tape, paulis).real, NumpyEngine().mean_value(tape, paulis).real)
    assert subspaces(engine, tape) == [None]


def test_complex_observables_and_initial_states_are_left_to_the_state_vector():
    tape, _ = coupled_cluster(np.full(6, 0.2))
    engine, paulis = NativeEngine(1), PauliSum.from_terms(6, [(1j, "Z", [0])])
    for _ in range(2):
        assert np.isclose(engine.mean_value(tape, paulis), NumpyEngine().mean_value(tape, paulis))
    initial = np.full(64, 1 / 8, np.complex128)
    value = engine.mean_value(tape, hamiltonian(6), initial)
    assert np.isclose(value, NumpyEngine().mean_value(tape, hamiltonian(6), initial))


def test_tables_are_bounded(monkeypatch):
    monkeypatch.setattr(native_subspace, "MAX_KEPT", 2)
    tape, _ = coupled_cluster(np.full(6, 0.2))
    engine = NativeEngine(1)
    for seed in range(4):
        engine.mean_value(tape, hamiltonian(6, seed))
    assert len(subspaces(engine, tape)) == 2


def test_more_qubits_than_a_mask_holds():
    paulis = PauliSum.from_terms(70, [(1.0, "Z", [0])])
    with pytest.raises(NotEnoughMemoryError, match="70 qubits need"):
        NativeEngine(1).mean_value(Writer().builder.tape(70), paulis)


def test_many_qubits_few_states():
    """40 qubits do not fit into memory as a vector; two reached states do."""
    writer = Writer()
    writer("X", 0)
    writer.single(0, 2, 0.7)
    tape = writer.builder.tape(40)
    paulis = PauliSum.from_terms(40, [(1.0, "Z", [0]), (0.5, "Z", [39])])
    assert np.isclose(NativeEngine(1).mean_value(tape, paulis).real, -np.cos(1.4) + 0.5)
