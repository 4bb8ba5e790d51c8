"""Pauli sums on states, against dense matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.kernels import numpy_pauli
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from tests import oracle
from tests.unit.kernels.circuits import haar


def forget():
    numpy_pauli._kept_groups.cache_clear()
    numpy_pauli._kept_weights.cache_clear()


@pytest.fixture(params=[1 << 20, 0], ids=["kept", "on demand"])
def engine(request, monkeypatch):
    """An engine that keeps tables, or works them out when needed."""
    monkeypatch.setattr(numpy_pauli, "MAX_SIGN_ENTRIES", request.param)
    monkeypatch.setattr(numpy_pauli, "MAX_WEIGHT_ENTRIES", request.param)
    forget()
    yield NumpyEngine()
    forget()


@st.composite
def sums(draw, nb_qubits: int, max_terms: int = 8):
    letters = st.text("IXYZ", min_size=nb_qubits, max_size=nb_qubits)
    terms = [
        (draw(st.floats(-2, 2)), text, list(range(nb_qubits))) for text in draw(st.lists(letters, max_size=max_terms))
    ]
    return terms, draw(st.sampled_from([0.0, 0.7]))


sized_sums = st.integers(1, 4).flatmap(lambda n: st.tuples(st.just(n), sums(n)))


def dense(nb_qubits, content):
    terms, constant = content
    return oracle.observable(terms, nb_qubits, constant)


def paulis(nb_qubits, content):
    terms, constant = content
    return PauliSum.from_terms(nb_qubits, terms, constant=constant)


@given(sized_sums, st.integers(0, 99))
def test_expectation(problem, seed):
    nb_qubits, content = problem
    state = haar(nb_qubits, seed)[:, 0]
    expected = np.vdot(state, dense(nb_qubits, content) @ state)
    assert np.isclose(NumpyEngine().expectation(state, paulis(nb_qubits, content)), expected)


def test_many_terms_on_one_mask(engine):
    state = haar(4, 1)[:, 0]
    texts = ["".join(letters) for letters in np.array(list("IZXY"))[np.indices((4,) * 4).reshape(4, -1).T]]
    terms = [(0.1 * k - 3, text, [0, 1, 2, 3]) for k, text in enumerate(texts)]
    total = PauliSum.from_terms(4, terms, constant=0.5)
    assert np.isclose(engine.expectation(state, total), np.vdot(state, dense(4, (terms, 0.5)) @ state))
    expected = [np.vdot(state, oracle.pauli(text, range(4), 4) @ state).real for text in texts]
    assert np.allclose(engine.term_expectations(state, total), expected)
    assert np.allclose(numpy_pauli.applied(state, total), dense(4, (terms, 0.5)) @ state)


def test_sum_on_fewer_qubits_than_the_state(engine):
    state = haar(3, 2)[:, 0]
    small = PauliSum.from_terms(2, [(1.5, "YZ", [0, 1])])
    assert np.isclose(engine.expectation(state, small), 1.5 * np.vdot(state, oracle.pauli("YZ", [0, 1], 3) @ state))


def test_complex_coefficients_and_no_terms(engine):
    state = haar(2, 2)[:, 0]
    assert np.isclose(engine.expectation(state, PauliSum.from_terms(2, [], constant=2j)), 2j)
    assert engine.term_expectations(state, PauliSum.from_terms(2, [])).shape == (0,)
    assert np.isclose(engine.expectation(np.eye(4)[0], PauliSum.from_terms(2, [(1j, "Z", [0])])), 1j)


def test_coefficients_and_sizes_are_told_apart():
    state = haar(2, 2)[:, 0]
    z = np.vdot(state, oracle.pauli("Z", [0], 2) @ state)
    for factor in (1.0, 2.0, 1j):
        assert np.isclose(NumpyEngine().expectation(state, PauliSum.from_terms(2, [(factor, "Z", [0])])), factor * z)
        assert np.isclose(NumpyEngine().expectation(state, PauliSum.from_terms(1, [(factor, "Z", [0])])), factor * z)


def test_observable_larger_than_the_state():
    with pytest.raises(ValueError, match="on 3 qubits does not fit a state of 2"):
        NumpyEngine().expectation(haar(2, 2)[:, 0], PauliSum.from_terms(3, [(1.0, "Z", [0])]))


def test_variance_is_that_of_single_shots():
    state = haar(2, 7)[:, 0]
    terms = [(1.5, "XZ", [0, 1]), (-0.3j, "Y", [0])]
    means = [np.vdot(state, oracle.pauli(letters, qubits, 2) @ state).real for _, letters, qubits in terms]
    expected = 2.25 * (1 - means[0] ** 2) + 0.09 * (1 - means[1] ** 2)
    assert np.isclose(NumpyEngine().variance(state, PauliSum.from_terms(2, terms)), expected)
    assert NumpyEngine().variance(np.eye(4)[0], PauliSum.from_terms(2, [(1.0, "ZZ", [0, 1])])) == 0
