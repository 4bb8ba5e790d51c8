"""Cancelling runs and hearing of their progress, on both engines."""

import signal
import threading
import time
from functools import lru_cache

import numpy as np
import pytest

from qat.kernels import control
from qat.kernels.control import INTERVAL_S, RunCancelledError, RunControl
from qat.kernels.engine import Precision, State
from qat.kernels.gates import GATES, GateForm
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import Classical, Kind, TapeBuilder
from tests.unit.kernels.circuits import named_tape
from tests.unit.kernels.engines import IS_NATIVE

NB_QUBITS = 18
LONG = 60.0
"""Seconds after which a test that should have been cancelled has failed."""


class Cancelling(RunControl):
    """Cancels itself at the first report of progress, and knows when that was."""

    def __init__(self):
        self.heard, self.cancelled_at = [], None
        super().__init__(self._hear)

    def _hear(self, fraction):
        self.heard.append(fraction)
        self.cancelled_at = time.thread_time() if self.cancelled_at is None else self.cancelled_at
        self.cancel()


def engines():
    yield NumpyEngine()
    if IS_NATIVE:
        from qat.kernels.native_engine import NativeEngine

        yield from (NativeEngine(1), NativeEngine(2))


@pytest.fixture(params=engines(), ids=lambda engine: f"{engine.name}-{getattr(engine, '_nb_threads', 1)}")
def engine(request):
    return request.param


@lru_cache
def deep(nb_layers: int, nb_qubits: int = NB_QUBITS):
    """Rotations on all qubits that do not merge, and a chain of CNOTs."""
    layer = [("RX", [q], 0.1) for q in range(nb_qubits)] + [("CNOT", [q, q + 1]) for q in range(nb_qubits - 1)]
    return named_tape(nb_qubits, *layer * nb_layers)


@lru_cache
def many_terms(nb_terms: int, nb_qubits: int = NB_QUBITS) -> PauliSum:
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("IXYZ"), nb_qubits)) for _ in range(nb_terms)]
    return PauliSum.from_terms(nb_qubits, [(1.0, word, range(nb_qubits)) for word in words])


def measured(nb_qubits: int):
    """Every qubit is turned and measured, so that each shot is a branch of its own."""
    builder = TapeBuilder()
    for qubit in range(nb_qubits):
        builder.gate(builder.form(GateForm(GATES["H"])), [qubit])
        builder.classical(Kind.MEASURE, [qubit], Classical((qubit,)))
    return builder.tape(nb_qubits, nb_qubits)


def uniform(nb_qubits: int) -> State:
    return np.full(1 << nb_qubits, 2.0 ** (-nb_qubits / 2), np.complex128)


LONG_RUNS = {
    "state": lambda engine: engine.state(deep(300)),
    "single precision": lambda engine: engine.state(deep(300), precision=Precision.SINGLE),
    "initial state": lambda engine: engine.state(deep(300), "+" * NB_QUBITS),
    "mean value": lambda engine: engine.mean_value(deep(2), many_terms(10_000)),
    "term values": lambda engine: engine.term_expectations(uniform(NB_QUBITS), many_terms(10_000)),
    "gradient": lambda engine: engine.value_and_gradient(deep(300), many_terms(2)),
    "observable of a gradient": lambda engine: engine.value_and_gradient(deep(2), many_terms(10_000)),
    "parameter sets": lambda engine: engine.energies(deep(50, 12), np.full((10_000, 600), 0.2), many_terms(20, 12)),
    "many circuits": lambda engine: engine.mean_values([(deep(50, 12), many_terms(20, 12))] * 10_000),
    "trajectories": lambda engine: list(engine.trajectories(measured(16), 10**6, np.random.default_rng(1))),
}


@pytest.mark.parametrize("kind", LONG_RUNS)
def test_long_runs_are_cancelled_within_half_a_second(engine, kind):
    cancelling = Cancelling()
    with cancelling, pytest.raises(RunCancelledError, match=r"cancelled by RunControl.cancel\(\). Submit it again"):
        LONG_RUNS[kind](engine)
    assert time.thread_time() - cancelling.cancelled_at < 0.5
    assert len(cancelling.heard) == 1 and 0 <= cancelling.heard[0] < 1
    assert np.allclose(engine.state(named_tape(1, ("X", [0]))), [0, 1]), "the engine goes on as if nothing had been"


def test_cancelled_from_another_thread(engine):
    running = threading.Event()
    run = RunControl(lambda fraction: running.set())

    def cancel():
        assert running.wait(LONG)
        run.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with run, pytest.raises(RunCancelledError):
        engine.state(deep(300))
    thread.join(LONG)
    assert run.is_cancelled


def test_plans_outlive_a_cancelled_run(engine):
    tape = deep(300)
    with Cancelling(), pytest.raises(RunCancelledError):
        engine.state(tape)
    plans = getattr(engine, "_native_plans", engine._plans)
    kept = plans.plan(tape)
    with Cancelling(), pytest.raises(RunCancelledError):
        engine.state(tape)
    assert plans.plan(tape) is kept


def test_sampling_is_cancelled():
    if not IS_NATIVE:
        pytest.skip("the extension is not compiled")
    from qat.kernels.native_engine import NativeEngine

    engine, state = NativeEngine(1), uniform(4)
    with Cancelling(), pytest.raises(RunCancelledError):
        engine.sample(np.tile(state, 1 << 16) / 256, range(20), 10**8 // 8, np.random.default_rng(1))


def test_nothing_runs_under_a_cancelled_control(engine):
    run = RunControl()
    run.cancel()
    state = uniform(2)
    questions = (
        lambda: engine.state(named_tape(1, ("H", [0]))),
        lambda: engine.mean_value(named_tape(1, ("H", [0])), PauliSum.from_terms(1, [(1.0, "Z", [0])])),
        lambda: engine.expectation(state, PauliSum.from_terms(2, [(1.0, "Z", [0])])),
        lambda: engine.value_and_gradient(named_tape(1, ("RX", [0], 1.0)), PauliSum.from_terms(1, [(1.0, "Z", [0])])),
    )
    for question in questions:
        with run, pytest.raises(RunCancelledError):
            question()
        question()


# ---------------------------------------------------------------- progress
@pytest.mark.parametrize("kind", ["state", "observable", "gradient"])
def test_progress_grows_to_the_end(engine, kind):
    heard, times = [], []

    def hear(fraction):
        heard.append(fraction)
        times.append(time.monotonic())

    slow = engine.name == "numpy"
    run = {
        "state": lambda: engine.state(deep(10 if slow else 300)),
        "observable": lambda: engine.mean_value(deep(2), many_terms(100 if slow else 4000)),
        "gradient": lambda: engine.value_and_gradient(deep(2 if slow else 30), many_terms(3)),
    }[kind]
    with RunControl(hear), control.run():
        run()
    assert len(heard) > 1 and heard == sorted(heard) and heard[-1] == 1.0 and heard[-2] > 0
    assert min(np.diff(times)[:-1], default=1) >= INTERVAL_S * 0.99


def test_short_runs_tell_nothing(engine):
    heard = []
    with RunControl(heard.append), control.run():
        engine.state(named_tape(2, ("H", [0])))
    assert heard == []


def told(control_of_test, fraction):
    control_of_test._told_at = 0.0
    control.report(fraction)


def test_parts_and_runs_divide_the_progress():
    heard = []
    with RunControl(heard.append) as run, control.run(2):
        with control.run():
            told(run, 0.5)
            with control.part(0.5, 1.0):
                told(run, 0.5)
        with control.run():
            told(run, 0.5)
            told(run, 0.1)
    assert heard == [0.25, 0.375, 0.75, 0.75, 1.0]
    heard.clear()
    with run, control.run():
        told(run, 0.125)
    assert heard == [0.125, 1.0], "the next run begins anew"


def test_what_the_callback_raises_ends_the_run(engine):
    def fail(fraction):
        raise KeyError("no display")

    with RunControl(fail), pytest.raises(KeyError, match="no display"):
        engine.state(deep(300))


def test_a_callback_may_compute(engine):
    found = []

    def compute(fraction):
        if not found:
            found.append(engine.state(named_tape(1, ("X", [0])))[1])

    with RunControl(compute):
        engine.state(deep(3 if engine.name == "numpy" else 300))
    assert found == [1]


def test_controls_nest_and_end():
    outer, inner = RunControl(), RunControl()
    with outer, inner, inner:
        control.check()
        outer.cancel()
        with pytest.raises(RunCancelledError):
            control.check()
    with inner:
        control.check()
    control.check()
    control.report(0.5)


def test_listeners_come_and_go():
    heard, others = [], []
    with RunControl(heard.append) as run, control.run():
        with control.listening(others.append):
            told(run, 0.25)
        told(run, 0.5)
    assert (heard, others) == ([0.25, 0.5, 1.0], [0.25])
    with control.listening(others.append), control.run():
        told(control._current.get(), 0.75)
    assert others == [0.25, 0.75, 1.0]


def test_other_threads_are_not_concerned():
    errors = []

    def check():
        try:
            control.check()
        except RunCancelledError as error:
            errors.append(error)

    run = RunControl()
    run.cancel()
    with run:
        thread = threading.Thread(target=check)
        thread.start()
        thread.join(LONG)
    assert errors == []


def test_signals_end_a_run_with_many_terms(engine):
    class StoppedError(Exception):
        pass

    def handle(*_):
        raise StoppedError

    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(StoppedError):
            engine.term_expectations(uniform(NB_QUBITS), many_terms(10_000))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
