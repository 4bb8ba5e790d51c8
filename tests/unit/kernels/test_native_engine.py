"""The native engine on every instruction set against the oracle and the NumPy engine; threads, signals, bad input."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels.engine import (
    Engine,
    MissingMatrixError,
    NotEnoughMemoryError,
    NotUnitaryError,
    Precision,
    UnsupportedRowError,
    WrongMatrixError,
)
from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import Classical, Kind, TapeBuilder
from tests import oracle
from tests.unit.kernels.circuits import circuits, haar, named_tape, operations, tape_of_gates
from tests.unit.kernels.engines import IS_NATIVE, NATIVE_WAYS, engine_on
from tests.unit.kernels.test_numpy_engine import CUSTOM_MATRICES

pytestmark = pytest.mark.skipif(not IS_NATIVE, reason="the extension is not compiled")
if IS_NATIVE:
    from qat.kernels import _native
    from qat.kernels.native_engine import NativeEngine, available_threads

NAMES = ("H", "X", "T", "CNOT", "RX", "RY", "RZ", "PH", "SWAP", "CSIGN", "ISWAP", "SQRTSWAP", "CCNOT")


@pytest.fixture(params=NATIVE_WAYS, scope="module")
def engine(request) -> Engine:
    """A native engine on one of its ways."""
    with engine_on(request.param) as found:
        yield found


def random_tape(nb_qubits: int, nb_gates: int, seed: int = 0):
    """Gates of all kinds, some with controls."""
    rng = np.random.default_rng(seed)
    builder = TapeBuilder()
    for _ in range(nb_gates):
        record = GATES[NAMES[rng.integers(len(NAMES))]]
        form = GateForm(record, int(rng.choice([0, 0, 0, 1, 2])))
        qubits = rng.permutation(nb_qubits)[: form.arity].tolist()
        builder.gate(builder.form(form), qubits, [float(rng.uniform(-3, 3)) for _ in record.parameters])
    return builder.tape(nb_qubits)


# ---------------------------------------------------------------- against the oracle
@given(circuits())
def test_unitary_is_that_of_the_oracle(engine, circuit):
    nb_qubits, content = circuit
    expected = oracle.unitary(operations(content), nb_qubits, CUSTOM_MATRICES)
    assert np.allclose(engine.unitary(tape_of_gates(nb_qubits, content)), expected, atol=1e-9)


@settings(max_examples=25)
@given(circuits(max_qubits=7, max_gates=12))
def test_state_is_the_first_column(engine, circuit):
    nb_qubits, content = circuit
    expected = oracle.state(operations(content), nb_qubits, CUSTOM_MATRICES)
    assert np.allclose(engine.state(tape_of_gates(nb_qubits, content)), expected, atol=1e-9)


@pytest.mark.parametrize("nb_qubits", [5, 7])
def test_short_and_long_runs_have_the_same_mean_values(engine, monkeypatch, nb_qubits):
    tape = random_tape(nb_qubits, 40, seed=nb_qubits)
    paulis = PauliSum.from_terms(2, [(0.5, "ZX", [0, 1]), (0.25j, "Y", [1])], constant=2.0)
    short = engine.mean_value(tape, paulis)
    monkeypatch.setattr("qat.kernels.native_engine._SHORT_WORK", 0)
    assert np.isclose(short, engine.mean_value(tape, paulis), atol=1e-12)
    assert np.isclose(short, NumpyEngine().mean_value(tape, paulis), atol=1e-9)


@given(circuits(max_qubits=4, max_gates=12))
def test_single_precision(engine, circuit):
    nb_qubits, content = circuit
    tape = tape_of_gates(nb_qubits, content)
    state = engine.state(tape, precision=Precision.SINGLE)
    assert state.dtype == np.complex64
    assert np.allclose(state, engine.state(tape), atol=1e-5)


@given(circuits(max_qubits=4, max_gates=6), st.integers(0, 99))
def test_initial_state(engine, circuit, seed):
    nb_qubits, content = circuit
    initial = haar(nb_qubits, seed)[:, 0]
    before = initial.copy()
    expected = oracle.unitary(operations(content), nb_qubits, CUSTOM_MATRICES) @ initial
    tape = tape_of_gates(nb_qubits, content)
    assert np.allclose(engine.state(tape, initial), expected, atol=1e-9)
    assert np.allclose(engine.state(tape, initial, precision=Precision.SINGLE), expected, atol=1e-5)
    assert np.array_equal(initial, before)


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


@pytest.mark.parametrize("arity", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("nb_controls", [0, 1, 3])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_matrices_of_any_size(engine, arity, nb_controls, is_reversed):
    matrix, nb_qubits = haar(arity, arity), 9
    qubits = list(range(nb_qubits))[:: -1 if is_reversed else 1][: arity + nb_controls]
    spread = [("H", [qubit]) for qubit in range(nb_qubits)]
    builder = TapeBuilder()
    for name, places in spread:
        builder.gate(builder.form(GateForm(GATES[name])), places)
    builder.gate(builder.form(GateForm(matrix_gate(matrix), nb_controls)), qubits)
    expected = NumpyEngine().state(builder.tape(nb_qubits))
    assert np.allclose(engine.state(builder.tape(nb_qubits)), expected)


# ---------------------------------------------------------------- many tiles, many threads
@pytest.mark.parametrize("nb_qubits", [15, 16, 17, 18])
def test_states_larger_than_a_tile(engine, nb_qubits):
    tape = random_tape(nb_qubits, 120, nb_qubits)
    expected = NumpyEngine().state(tape)
    assert np.allclose(engine.state(tape), expected)
    assert np.allclose(engine.state(tape, precision=Precision.SINGLE), expected, atol=1e-5)


@settings(max_examples=20)
@given(circuits(max_qubits=5, max_gates=20))
def test_bound_copies_share_a_plan(circuit):
    nb_qubits, content = circuit
    native = NativeEngine(1)
    tape = tape_of_gates(nb_qubits, content)
    turned = tape.with_parameters(tape.parameters * 0.5)
    assert np.allclose(native.state(tape), NumpyEngine().state(tape))
    assert native._native_plans.plan(tape) is native._native_plans.plan(turned)
    assert np.allclose(native.state(turned), NumpyEngine().state(turned))


def test_threads_do_not_change_a_bit():
    tape = random_tape(18, 150, 3)
    states = [NativeEngine(nb_threads).state(tape) for nb_threads in (1, 2, 5, 2)]
    assert all(np.array_equal(states[0], state) for state in states[1:])


def test_engine_may_be_used_from_several_threads():
    native, tape = NativeEngine(1), random_tape(12, 60)
    expected = native.state(tape)
    states = []
    threads = [threading.Thread(target=lambda: states.append(native.state(tape))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(expected, state) for state in states) and len(states) == 4


SLOW = """
import numpy as np, signal, time
from qat.kernels.gates import GATES, GateForm
from qat.kernels.native_engine import NativeEngine
from qat.kernels.tape import TapeBuilder
builder, rng = TapeBuilder(), np.random.default_rng(1)
for _ in range(20000):
    builder.gate(builder.form(GateForm(GATES["H"])), [int(rng.integers(22))])
    builder.gate(builder.form(GateForm(GATES["CNOT"])), rng.permutation(22)[:2].tolist())
tape, sent = builder.tape(22), []
def interrupt(*_):
    sent.append(time.monotonic())
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.7)
start = time.monotonic()
try:
    NativeEngine(2).state(tape)
except KeyboardInterrupt:
    print(time.monotonic() - start)
"""


def test_a_signal_stops_a_run():
    done = subprocess.run([sys.executable, "-c", SLOW], capture_output=True, text=True, timeout=60, check=True)
    assert 0.6 < float(done.stdout) < 0.7 + 1.5, done.stdout


# ---------------------------------------------------------------- bad input
def test_not_a_number_gives_not_a_number(engine):
    for name in ("RX", "RZ", "PH", "RY"):
        tape = named_tape(3, ("H", [0]), (name, [0], float("nan")), ("CNOT", [0, 1]), (name, [1], float("inf")))
        assert np.isnan(engine.state(tape)).any()


def test_empty_circuits(engine):
    assert engine.state(named_tape(3)).tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert engine.state(named_tape(0)).tolist() == [1]
    assert np.array_equal(engine.unitary(named_tape(1)), np.eye(2))


def test_matrix_that_is_not_unitary(engine):
    matrix = np.array([[1, 2], [0, 0.5j]])
    builder = TapeBuilder()
    for record in (GATES["H"], matrix_gate(matrix), GATES["H"]):
        builder.gate(builder.form(GateForm(record)), [0])
    assert np.allclose(engine.state(builder.tape(2)), NumpyEngine().state(builder.tape(2)))


def test_refusals():
    native = NativeEngine(1)
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["H"])), [0])
    builder.gate(builder.form(GateForm(GateRecord(name="FOO", arity=1))), [0])
    with pytest.raises(MissingMatrixError, match="Gate FOO has no matrix") as info:
        native.state(builder.tape(1))
    assert info.value.row == 1
    wrong = GateRecord(name="W", arity=1, parameters=(float,), matrix=lambda _angle: np.eye(4))
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(wrong)), [0], [0.5])
    with pytest.raises(WrongMatrixError, match=r"shape \(4, 4\)"):
        native.state(builder.tape(1))
    for kind, error in ((Kind.MEASURE, NotUnitaryError), (Kind.REMAP, UnsupportedRowError)):
        builder = TapeBuilder()
        builder.classical(kind, [0], Classical((0,), remap=(0,)))
        with pytest.raises(error):
            native.state(builder.tape(1, 1))


@pytest.mark.parametrize("nb_qubits", [48, 60, 500])
def test_too_many_qubits_are_refused_before_anything_is_allocated(nb_qubits):
    tape = named_tape(nb_qubits, ("H", [nb_qubits - 1]))
    native = NativeEngine(1)
    for call in (native.state, native.unitary, lambda tape: native.trajectories(tape, 5, np.random.default_rng(0))):
        with pytest.raises(NotEnoughMemoryError, match=rf"{nb_qubits} qubits need .* bytes"):
            call(tape)


def test_failed_allocation_is_a_memory_error(monkeypatch):
    from qat.kernels import native_engine

    monkeypatch.setattr(native_engine, "require_memory", lambda *_: None)
    with pytest.raises(MemoryError):
        NativeEngine(1).state(named_tape(50, ("H", [0])))


def test_options():
    assert NativeEngine()._nb_threads == available_threads() <= (os.cpu_count() or 1)
    for nb_threads in (0, -3):
        with pytest.raises(ValueError, match=f"nb_threads is {nb_threads}: give at least 1"):
            NativeEngine(nb_threads)
    with pytest.raises(ValueError, match=r"does not run instruction set 'mmx'; it runs: .*generic"):
        _native.select_instruction_set("mmx")
    native = NativeEngine(1)
    unfused = native.configured(nb_threads=2, fusion=False)
    assert (unfused._nb_threads, unfused._fusion) == (2, False) and unfused._native_plans is native._native_plans


@given(st.data())
def test_wrong_columns_do_no_harm(data):
    """Whatever the columns hold, a program either runs or is refused."""
    ints = st.lists(st.integers(-3, 6), max_size=6)
    gates, starts, qubits = (np.array(data.draw(ints), np.int32) for _ in range(3))
    starts = np.clip(starts, 0, len(qubits)).astype(np.int32)
    forms = data.draw(st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 3), st.just(1.0), st.integers(-2, 9))))
    matrices = np.eye(4).reshape(-1).astype(complex)
    try:
        program = _native.Program(3, gates, starts, qubits, np.zeros_like(starts), forms, matrices)
        program.run(np.ones(4), np.empty(0, complex), False, True, 1, 0)
    except ValueError:
        pass


@pytest.mark.parametrize("nb_qubits", [4, 8])
def test_pairs_on_every_two_places(engine, nb_qubits):
    """A CNOT after gates on both its qubits, of which both, one or none lie within a vector."""
    rng, numpy_engine = np.random.default_rng(nb_qubits), NumpyEngine()
    for pair in itertools.permutations(range(nb_qubits), 2):
        layer = [(name, [q], float(rng.uniform(-3, 3))) for name in ("RY", "RZ", "RX") for q in range(nb_qubits)]
        again = [(name, [q], float(rng.uniform(-3, 3))) for name in ("RZ", "RY") for q in pair]
        tape = named_tape(nb_qubits, *layer, ("CNOT", pair), *again, ("CNOT", pair[::-1]))
        expected = numpy_engine.state(tape)
        assert np.allclose(engine.state(tape), expected, atol=1e-12)
        assert np.allclose(engine.state(tape, precision=Precision.SINGLE), expected, atol=1e-5)


def test_plans_are_short():
    """A brickwork circuit takes a handful of passes, not one for each gate."""
    native = NativeEngine(1)
    rng = np.random.default_rng(0)
    content = []
    for layer in range(20):
        content += [("RX", [q], float(rng.uniform())) for q in range(20)]
        content += [("CNOT", [q, q + 1]) for q in range(layer % 2, 19, 2)]
    tape = named_tape(20, *content)
    (section,) = native._native_plans.plan(tape).sections[0]
    nb_nodes, nb_passes, _ = section.program.plan_size(tape.parameters, np.empty(0, complex))
    assert nb_nodes < 400 and nb_passes < 10


def test_signals_reach_python_handlers_of_short_runs():
    received = []
    before = signal.signal(signal.SIGUSR1, lambda *_: received.append(time.monotonic()))
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        NativeEngine(1).state(named_tape(4, ("H", [0])))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert received


@pytest.mark.parametrize("way", NATIVE_WAYS)
@pytest.mark.parametrize("gate", ["RX", "RY", "RZ", "PH"])
def test_rotations_by_all_sorts_of_angles(way, gate):
    quarters = [k * np.pi / 2 for k in range(-9, 10)]
    angles = [*quarters, 0.0, -0.0, 1e-300, 1e-9, 3e-5, 12345.678, -1e6, 1.9999e6, 2.1e6, 1e15, 1.7e308]
    with engine_on(way) as engine:
        for angle in angles:
            tape = named_tape(2, ("H", [0]), (gate, [0], angle), ("H", [1]), (gate, [1], angle))
            assert np.allclose(engine.state(tape), NumpyEngine().state(tape), rtol=0, atol=1e-15)
