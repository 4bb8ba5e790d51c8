"""Compiled sums of Pauli strings, against the NumPy functions and dense matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels import numpy_pauli
from qat.kernels.pauli import PauliSum
from tests import oracle

_native = pytest.importorskip("qat.kernels._native")
native_pauli = pytest.importorskip("qat.kernels.native_pauli")

TOLERANCES = {np.complex128: 1e-11, np.complex64: 1e-4}
precisions = pytest.mark.parametrize("dtype", list(TOLERANCES))


SETS = _native.instruction_sets() if hasattr(_native, "instruction_sets") else ["the only"]


@pytest.fixture(params=SETS, autouse=True, scope="module")
def instruction_set(request):
    if request.param != "the only":
        _native.select_instruction_set(request.param)
    yield request.param
    if request.param != "the only":
        _native.select_instruction_set("")


def random_state(nb_qubits, seed, dtype=np.complex128):
    gaussian = np.random.default_rng(seed).normal(size=(2**nb_qubits, 2)) @ (1, 1j)
    return (gaussian / np.linalg.norm(gaussian)).astype(dtype)


def random_sum(nb_qubits, nb_terms, nb_x_masks, seed, *, is_complex=True):
    rng = np.random.default_rng(seed)
    x_masks = rng.choice(rng.integers(0, 2**nb_qubits, nb_x_masks), nb_terms)
    coefficients = rng.normal(size=(nb_terms, 2)) @ (1, 1j * is_complex)
    return PauliSum(
        nb_qubits=nb_qubits,
        x_masks=x_masks.astype(np.uint64),
        z_masks=rng.integers(0, 2**nb_qubits, nb_terms).astype(np.uint64),
        coefficients=coefficients,
        constant=0.3 - 0.1j * is_complex,
    )


def assert_same(state, paulis, nb_threads, tolerance):
    exact = state.astype(np.complex128)
    found = native_pauli.term_expectations(state, paulis, nb_threads)
    assert np.allclose(found, numpy_pauli.term_expectations(exact, paulis), atol=tolerance)
    total = numpy_pauli.expectation(exact, paulis)
    scale = 1 + np.abs(paulis.coefficients).sum()
    assert abs(native_pauli.expectation(state, paulis, nb_threads) - total) < tolerance * scale
    applied = native_pauli.applied(state, paulis, nb_threads)
    assert applied.dtype == state.dtype
    assert np.allclose(applied, numpy_pauli.applied(exact, paulis), atol=tolerance * scale)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(0, 60), st.integers(1, 20), st.integers(0, 999))
@precisions
def test_random_sums(instruction_set, dtype, nb_qubits, nb_terms, nb_x_masks, seed):
    state, paulis = random_state(nb_qubits, seed, dtype), random_sum(nb_qubits, nb_terms, nb_x_masks, seed)
    assert_same(state, paulis, 1, TOLERANCES[dtype])


@precisions
@pytest.mark.parametrize("nb_threads", [1, 2])
@pytest.mark.parametrize("nb_x_masks", [1, 6, 50])
def test_states_of_several_tiles_and_parts(dtype, nb_threads, nb_x_masks):
    state, paulis = random_state(16, 4, dtype), random_sum(16, 60, nb_x_masks, nb_x_masks)
    assert_same(state, paulis, nb_threads, TOLERANCES[dtype])


@pytest.mark.parametrize("nb_terms", [3, 40])
def test_diagonal_sums(nb_terms):
    paulis = random_sum(12, nb_terms, 1, 0)
    diagonal = PauliSum(
        nb_qubits=12, x_masks=0 * paulis.x_masks, z_masks=paulis.z_masks, coefficients=paulis.coefficients
    )
    assert_same(random_state(12, 1), diagonal, 1, 1e-12)


@given(st.lists(st.tuples(st.floats(-2, 2), st.text("IXYZ", min_size=4, max_size=4)), max_size=20), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_against_dense_matrices(instruction_set, terms, seed):
    content = [(coefficient, letters, range(4)) for coefficient, letters in terms]
    state, matrix = random_state(4, seed), oracle.observable(content, 4, 0.7)
    paulis = PauliSum.from_terms(4, content, constant=0.7)
    assert np.isclose(native_pauli.expectation(state, paulis), np.vdot(state, matrix @ state))
    assert np.allclose(native_pauli.applied(state, paulis), matrix @ state)


def test_answers_do_not_depend_on_the_number_of_threads():
    state, paulis = random_state(18, 7), random_sum(18, 100, 30, 3)
    one, two = (native_pauli.term_expectations(state, paulis, nb_threads) for nb_threads in (1, 2))
    assert np.array_equal(one, two)


def test_states_anywhere_in_memory():
    paulis = random_sum(10, 20, 5, 1)
    buffer = np.zeros(2**10 + 3, np.complex128)
    for start in range(4):
        state = buffer[start : start + 2**10]
        state[:] = random_state(10, start)
        assert_same(state, paulis, 1, 1e-12)


def test_sum_on_fewer_qubits_than_the_state():
    paulis = PauliSum.from_terms(2, [(1.5, "YZ", [0, 1])], constant=0.1)
    assert_same(random_state(5, 2), paulis, 1, 1e-12)


def test_variance():
    state, paulis = random_state(3, 5), random_sum(3, 6, 3, 2)
    means = numpy_pauli.term_expectations(state, paulis)
    assert np.isclose(native_pauli.variance(state, paulis), (np.abs(paulis.coefficients) ** 2) @ (1 - means**2))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="on 3 qubits does not fit a state of 2"):
        native_pauli.expectation(random_state(2, 2), PauliSum.from_terms(3, [(1.0, "Z", [0])]))
    masks = np.array([1], np.uint64)
    with pytest.raises(ValueError, match="reaches beyond 2 qubits"):
        _native.PauliStrings(2, masks << np.uint64(2), masks)
    with pytest.raises(ValueError, match="As many X masks as Z masks"):
        _native.PauliStrings(2, masks, masks[:0])
    with pytest.raises(ValueError, match="A state of 2 qubits is needed, got 2 amplitudes"):
        _native.PauliStrings(2, masks, masks).term_values(random_state(1, 0), 1)
