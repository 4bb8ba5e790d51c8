"""Random plans on every way through the native engine: the answer of the NumPy engine, or a clear refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.comm.exceptions.ttypes import QPUException
from qat.core import Circuit, Job, Observable, Term
from qat.core.enums import ProcessingType
from qat.kernels.engine import Initial, NotEnoughMemoryError, NotFiniteMatrixError, NotReversibleError
from qat.kernels.formula import evaluate_formula
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import Kind, Tape
from qat.kernels.tape_algebra import opened, resized
from qat.qpus import LinAlg
from tests import oracle
from tests.fuzz import plans

_native = pytest.importorskip("qat.kernels._native")
native_engine = pytest.importorskip("qat.kernels.native_engine")
native_program = pytest.importorskip("qat.kernels.native_program")

few, usual = settings(max_examples=20), settings(max_examples=60)
sets = st.sampled_from(_native.instruction_sets())


@contextmanager
def instruction_set(name: str) -> Iterator[None]:
    """Kernels of one instruction set."""
    _native.select_instruction_set(name)
    try:
        yield
    finally:
        _native.select_instruction_set("")


def native_state(tape: Tape, initial: np.ndarray | None, is_single: bool, fusion: bool, nb_tile_bits: int):
    """The final state with tiles of the size asked for, which the engine's options do not offer."""
    plan = native_program.compiled(tape)
    if not plan.sections[0]:
        return initial if initial is not None else np.eye(1, 2**tape.nb_qubits)[0]
    (section,) = plan.sections[0]
    supplied = section.supplied(tape)
    if initial is None:
        return section.program.run(tape.parameters, supplied, is_single, fusion, 2, nb_tile_bits)
    start = initial.astype(np.complex64 if is_single else np.complex128)
    return section.program.run_from(tape.parameters, supplied, start, fusion, 2, nb_tile_bits)


# 2**10 amplitudes are the smallest tile: above, tiles are copied together from far apart
@usual
@given(
    plans.seeds,
    st.integers(1, 13),
    st.integers(0, 40),
    sets,
    st.booleans(),
    st.booleans(),
    st.sampled_from((0, 10, 11)),
)
def test_states(seed, nb_qubits, nb_gates, chosen, is_single, fusion, nb_tile_bits):
    tape = plans.gate_tape(seed, nb_qubits, nb_gates)
    initial = plans.state(seed, nb_qubits) if seed % 3 == 0 else None
    expected = NumpyEngine().state(tape, initial)
    with instruction_set(chosen):
        found = native_state(tape, initial, is_single, fusion, nb_tile_bits)
    scale = max(1.0, float(np.abs(expected).max()))
    assert np.allclose(found, expected, atol=(2e-4 if is_single else 1e-9) * scale)


@few
@given(plans.seeds, st.integers(14, 18), st.integers(0, 60), sets)
def test_states_larger_than_the_cache(seed, nb_qubits, nb_gates, chosen):
    tape = plans.gate_tape(seed, nb_qubits, nb_gates)
    with instruction_set(chosen):
        found = [native_engine.NativeEngine(nb_threads).state(tape) for nb_threads in (1, 3)]
    assert np.array_equal(*found)
    expected = NumpyEngine().state(tape)
    assert np.allclose(found[0], expected, atol=1e-9 * max(1.0, float(np.abs(expected).max())))


@usual
@given(plans.seeds, st.integers(1, 6), st.integers(1, 15), st.integers(0, 99), st.sampled_from(plans.NOT_FINITE), sets)
def test_parameters_that_are_no_numbers(seed, nb_qubits, nb_gates, which, value, chosen):
    """A matrix is refused, a state is spoilt, or the parameter has no part in it."""
    tape = plans.gate_tape(seed, nb_qubits, nb_gates)
    if not len(tape.parameters):
        return

    def state_with(angle: float) -> np.ndarray:
        parameters = tape.parameters.copy()
        parameters[which % len(parameters)] = angle
        return native_engine.NativeEngine(1).state(tape.with_parameters(parameters))

    with instruction_set(chosen), np.errstate(invalid="ignore"):
        try:
            found = state_with(value)
        except NotFiniteMatrixError:
            return
        if np.isfinite(found).all():
            assert np.allclose(found, state_with(0.3)) and np.allclose(found, state_with(1.7))


def pauli_sum(seed: int, nb_qubits: int) -> PauliSum:
    """A real sum of some strings."""
    rng = np.random.default_rng(seed)
    masks = rng.integers(0, 1 << nb_qubits, (2, 5)).astype(np.uint64)
    return PauliSum(
        nb_qubits=nb_qubits, x_masks=masks[0], z_masks=masks[1], coefficients=rng.normal(size=5) + 0j, constant=0.4
    )


@usual
@given(plans.seeds, st.integers(1, 6), st.integers(0, 20), sets)
def test_values_and_gradients(seed, nb_qubits, nb_gates, chosen):
    tape, paulis = plans.gate_tape(seed, nb_qubits, nb_gates), pauli_sum(seed, nb_qubits)
    initial: Initial = plans.state(seed, nb_qubits) if seed % 3 == 0 else None
    with instruction_set(chosen):
        native = native_engine.NativeEngine(1)
        value = NumpyEngine().mean_value(tape, paulis, initial)
        assert np.isclose(native.mean_value(tape, paulis, initial), value)
        rows = np.array([tape.parameters, tape.parameters / 2])
        assert np.allclose(native.energies(tape, rows, paulis), NumpyEngine().energies(tape, rows, paulis))
        expected, found = (gradient_of(engine, tape, paulis, initial) for engine in (NumpyEngine(), native))
    assert (expected is None) == (found is None)
    if expected is not None:
        assert np.isclose(found[0], value) and np.allclose(found[1], expected[1], atol=1e-6)


def gradient_of(engine, tape: Tape, paulis: PauliSum, initial: Initial):
    """The value and its derivatives; ``None`` where a matrix cannot be undone."""
    try:
        return engine.value_and_gradient(tape, paulis, initial)
    except NotReversibleError:
        return None


@usual
@given(plans.seeds, st.integers(1, 4), st.integers(0, 10), sets)
def test_branches(seed, nb_qubits, nb_rows, chosen):
    """Measurements, resets, classical control and boxes; each branch again with full matrices."""
    tape = plans.program_tape(seed, nb_qubits, nb_rows)
    with instruction_set(chosen):
        branches = native_engine.NativeEngine(1).trajectories(tape, 40, np.random.default_rng(seed))
        found = [branch._replace(state=branch.state.copy()) for branch in branches]
    assert sum(branch.nb_shots for branch in found) == 40
    for branch in found:
        vector, cbits = replayed(tape, [measurement.bits for measurement in branch.measurements])
        weight = np.vdot(vector, vector).real
        assert np.isclose(np.prod([measurement.probability for measurement in branch.measurements]), weight)
        assert np.allclose(branch.state, vector / np.sqrt(weight)) and branch.cbits == cbits


def replayed(tape: Tape, outcomes: list[tuple[int, ...]]) -> tuple[np.ndarray, tuple[int, ...]]:
    """The state, not normalised, and the classical bits after given outcomes of all measurements and resets."""
    vector, cbits, pending = np.eye(1, 2**tape.nb_qubits)[0].astype(complex), [0] * tape.nb_cbits, iter(outcomes)
    for row in opened(tape).rows():
        if row.kind == Kind.CLASSIC:
            cbits[row.classical.cbits[0]] = int(evaluate_formula(row.classical.formula, cbits))
        elif row.form is not None:
            if row.kind == Kind.GATE or cbits[row.classical.cbits[0]]:
                vector = oracle.embedded(row.form.full_matrix(*row.parameters), row.qubits, tape.nb_qubits) @ vector
        else:
            bits = next(pending)
            vector = oracle.projected(vector, row.qubits, bits, tape.nb_qubits)
            for qubit, cbit, bit in zip(row.qubits, row.classical.cbits, bits, strict=True):
                cbits[cbit] = bit if row.kind == Kind.MEASURE else 0
                if bit and row.kind == Kind.RESET:
                    vector = oracle.embedded(oracle.base_matrix("X"), [qubit], tape.nb_qubits) @ vector
    return vector, tuple(cbits)


WRONG_QUBITS = ([], [0, 0], [-1], [99])


@usual
@given(plans.seeds, st.integers(0, 4), st.integers(0, 8), st.data())
def test_jobs(seed, nb_qubits, nb_rows, data):
    """Whatever a job holds, both engines give the same results, or refuse it in the same words."""
    has_gates_only = nb_qubits == 0 or data.draw(st.booleans())
    make = plans.gate_tape if has_gates_only else plans.program_tape
    circuit = Circuit.from_tape(make(seed, nb_qubits, nb_rows if nb_qubits else 0))
    if data.draw(st.booleans()):
        observable = Observable(
            nb_qubits, pauli_terms=[Term(0.5, "XZ", [0, 1])] if nb_qubits > 1 else [], constant_coeff=1.0
        )
        job = circuit.to_job("OBS", observable=observable)
    else:
        job = circuit.to_job()
        job.nbshots = data.draw(st.sampled_from((0, 0, 1, 50, -1)))
    if data.draw(st.integers(0, 3)) == 0:
        job.qubits = data.draw(st.sampled_from(WRONG_QUBITS))
    job.psi_0 = data.draw(st.sampled_from((None, None, "0" * nb_qubits, "+" * nb_qubits)))
    expected, found = (outcome_of(LinAlg(seed=1, engine=engine), job) for engine in ("numpy", "native"))
    assert type(found) is type(expected)
    if isinstance(expected, str):
        assert found == expected
    elif job.nbshots:
        assert sum(found.values()) == pytest.approx(1)
    else:
        assert {*found} == {*expected} and all(found[key] == pytest.approx(expected[key], nan_ok=True) for key in found)


def outcome_of(qpu: LinAlg, job: Job) -> str | dict[int | str, float]:
    """The probabilities or the value that a job gives, or what it is refused with."""
    try:
        result = qpu.submit(job)
    except QPUException as error:
        return f"{error.code} {error}"
    if job.type == ProcessingType.OBSERVABLE:
        return {"value": complex(result.value).real}
    found: Counter[int | str] = Counter()
    for sample in result:  # one for each history of measurements
        found[sample.state.int] += sample.probability
    return {state: probability for state, probability in found.items() if probability > 1e-9}


@usual
@given(plans.seeds, st.integers(2, 500), st.sampled_from(("state", "unitary", "mean_value", "value_and_gradient")))
def test_absurd_sizes(seed, nb_qubits, question):
    """As many qubits as anybody asks for: a small circuit runs, a large one is refused before memory is taken."""
    tape = resized(plans.gate_tape(seed, 2, 3), 2 if nb_qubits < 40 else nb_qubits, 0)
    paulis = [PauliSum.from_terms(2, [(1.0, "Z", [0])])] if question in ("mean_value", "value_and_gradient") else []
    try:
        answer = getattr(native_engine.NativeEngine(1), question)(tape, *paulis)
    except (NotEnoughMemoryError, NotReversibleError) as error:
        assert tape.nb_qubits > 2 or isinstance(error, NotReversibleError)
    else:
        assert answer is not None and (tape.nb_qubits == 2 or question in ("mean_value", "value_and_gradient"))
